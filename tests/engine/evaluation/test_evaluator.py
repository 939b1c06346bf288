import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from rltn_cli.config import PRESETS
from rltn_cli.engine.checkpoints.weights import save_model
from rltn_cli.engine.evaluation.baselines import BASELINES
from rltn_cli.engine.evaluation.evaluator import EvaluationConfig, Evaluator
from rltn_cli.engine.evaluation.report import to_json, to_markdown
from rltn_cli.errors import DataError, ModelError, UsageError
from rltn_cli.models.rltn import RLTN


@pytest.fixture
def tiny(tmp_path: Path) -> str:
    torch.manual_seed(0)
    return str(save_model(RLTN(PRESETS["tiny"]), tmp_path / "tiny"))


@pytest.fixture
def quick(pairs_folder: Path) -> EvaluationConfig:
    return EvaluationConfig(data=str(pairs_folder), protocol="group", quick=True, device="cpu")


def test_the_truth_has_no_error_and_the_baselines_have(quick: EvaluationConfig) -> None:
    config = replace(quick, outputs={"truth": f"{quick.data}/color"}, batch=4)
    done: list[int] = []
    result = Evaluator(config).run(done.append)
    assert done == [4, 2]
    assert all(f.color_error == 0 and f.regions_right == f.regions == 2 for f in result.figures["truth"])
    for name in BASELINES:
        assert all(f.color_error > 5 and f.regions == 2 for f in result.figures[name])
    assert [row.name for row in result.rows] == ["truth", *BASELINES]


def test_a_model_is_measured_on_what_it_would_paint(quick: EvaluationConfig, tiny: str) -> None:
    from rltn_cli.data.pairs import load_pair
    from rltn_cli.engine.evaluation.metrics import Truth, measure
    from rltn_cli.engine.inference.colorizer import Colorizer

    evaluator = Evaluator(replace(quick, models=(tiny,), limit=2))
    result = evaluator.run()
    trial = evaluator.trials[1]
    color, line = load_pair(trial.pair, 256)
    colorizer = Colorizer.from_pretrained(tiny, device="cpu")
    painted = colorizer(line, load_pair(trial.reference, 256)[0], finish="paint")
    assert measure(np.asarray(painted.image), Truth.of(color, line)) == result.figures[tiny][1]
    assert result.rows[0].kind == "model"
    assert set(result.rows[0].ratios) == set(BASELINES)


def test_twice_the_same_report(quick: EvaluationConfig, tiny: str) -> None:
    config = replace(quick, models=(tiny,), protocol="self", limit=2)
    first, second = (to_json(Evaluator(config).run()) for _ in range(2))
    assert first == second


def test_figures_do_not_depend_on_the_batch(quick: EvaluationConfig) -> None:
    config = replace(quick, protocol="self", limit=3)
    one, eight = (Evaluator(replace(config, batch=batch)).run().figures for batch in (1, 8))
    assert one == eight


def test_what_quick_leaves_out_has_its_reason(quick: EvaluationConfig) -> None:
    result = Evaluator(quick).run()
    report = json.loads(to_json(result))
    assert report["methods"][0]["fid"] is None
    assert report["missing"]["fid"] == "left out by --quick"
    assert "LPIPS truth: left out by --quick." in to_markdown(result)


def test_a_folder_of_outputs_must_have_every_picture(quick: EvaluationConfig, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(f"{quick.data}/color", other)
    (other / "fox-1.png").rename(other / "fox-one.png")
    with pytest.raises(DataError, match=r"fox-1\..*1 of 6"):
        Evaluator(replace(quick, outputs={"other": str(other)}))
    with pytest.raises(DataError, match="no such folder"):
        Evaluator(replace(quick, outputs={"other": str(tmp_path / "nowhere")}))


def test_outputs_of_other_proportions_are_refused(quick: EvaluationConfig, tmp_path: Path) -> None:
    import cv2

    other = tmp_path / "other"
    shutil.copytree(f"{quick.data}/color", other)
    cv2.imwrite(str(other / "fox-1.png"), np.zeros((256, 200, 3), np.uint8))
    with pytest.raises(DataError, match="same proportions"):
        Evaluator(replace(quick, outputs={"other": str(other)})).run()


def test_two_methods_cannot_share_a_name(quick: EvaluationConfig) -> None:
    with pytest.raises(UsageError, match="white page"):
        Evaluator(replace(quick, outputs={"white page": f"{quick.data}/color"}))


def test_a_trunk_that_was_asked_for_must_be_there(quick: EvaluationConfig, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"alexnet_features\.safetensors.*torchvision"):
        Evaluator(replace(quick, quick=False, frozen=str(tmp_path)), offline=True)


def test_without_weights_the_figures_are_missing_not_wrong(
    quick: EvaluationConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RLTN_FROZEN", raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    result = Evaluator(replace(quick, quick=False, limit=2), offline=True).run()
    assert set(result.missing) == {"fid", "kid", "fd_vgg16", "lpips_reference", "lpips_truth"}
    assert "--inception" in result.missing["fid"]
    assert result.warnings == []


def test_an_inception_file_that_is_another_is_refused(quick: EvaluationConfig, tmp_path: Path) -> None:
    file = tmp_path / "inception.pth"
    file.write_bytes(b"not those weights")
    with pytest.raises(ModelError, match="not the Inception weights"):
        Evaluator(replace(quick, quick=False, inception=str(file)), offline=True)
