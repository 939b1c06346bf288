import json
from pathlib import Path

import numpy as np
import pytest

from rltn_cli.data.pairs import Pair
from rltn_cli.engine.evaluation.aggregation import Tally, tabulate
from rltn_cli.engine.evaluation.evaluator import Evaluation, EvaluationConfig
from rltn_cli.engine.evaluation.frechet import frechet_distance
from rltn_cli.engine.evaluation.metrics import Metrics
from rltn_cli.engine.evaluation.protocols import EvaluationSample
from rltn_cli.engine.evaluation.report import to_json, to_markdown

SOURCES = ["x", "x", "y"]


def metrics(error: float, right: int, regions: int, lpips: float | None = 0.5) -> Metrics:
    return Metrics(error, regions, right, psnr=10.0, ssim=0.5, lpips_reference=lpips)


@pytest.fixture
def evaluation() -> Evaluation:
    rng = np.random.default_rng(0)
    tallies = {
        "net": Tally([metrics(2, 1, 1, 0.2), metrics(4, 0, 3, 0.4), metrics(12, 0, 0, 0.6)]),
        "white page": Tally([metrics(8, 0, 1), metrics(8, 1, 3), metrics(16, 0, 0)]),
    }
    for tally in tallies.values():
        tally.features["vgg16"] = list(rng.normal(size=(3, 8)).astype(np.float32))
    references = {"vgg16": list(rng.normal(size=(3, 8)).astype(np.float32))}
    rows = tabulate(tallies, references, {"net": "model", "white page": "untrained"}, SOURCES)
    pairs = [Pair(name, Path(name), None, source=source) for name, source in zip("abc", SOURCES, strict=True)]
    return Evaluation(
        EvaluationConfig("folder/drawings", models=("net",), protocol="group", split="val"),
        [EvaluationSample(pair, pairs[0]) for pair in pairs],
        rows,
        {name: tally.metrics for name, tally in tallies.items()},
        {"fid": "no weights", "kid": "no weights", "lpips_truth": "no truth"},
        ["three pictures are few"],
    )


def test_scores_overall_by_source_and_their_average(evaluation: Evaluation) -> None:
    net, white = evaluation.rows
    error = net.scores["color_error"]
    assert (error.overall, error.average, dict(error.by_source)) == (6, 7.5, {"x": 3, "y": 12})
    share = net.scores["region_accuracy"]
    assert (share.overall, share.average, dict(share.by_source)) == (0.25, 0.25, {"x": 0.25, "y": None})
    assert net.scores["lpips_reference"].average == pytest.approx(0.45)
    assert net.scores["lpips_truth"].overall is None
    assert net.scores["fid"].overall is None
    ratio = net.ratios["white page"]
    assert ratio.average == pytest.approx(7.5 / 12)
    assert dict(ratio.by_source) == {"x": 0.375, "y": 0.75}
    assert (net.kind, white.kind, white.ratios) == ("model", "untrained", {})


def test_distances_compare_outputs_with_references() -> None:
    rng = np.random.default_rng(1)
    outputs, real = rng.normal(size=(2, 3, 8)).astype(np.float32)
    tally = Tally([metrics(1, 0, 0)] * 3, {"vgg16": list(outputs)})
    (row,) = tabulate({"net": tally}, {"vgg16": list(real)}, {"net": "model"}, SOURCES)
    score = row.scores["fd_vgg16"]
    assert score.overall == frechet_distance(outputs, real)
    assert dict(score.by_source) == {"x": frechet_distance(outputs[:2], real[:2]), "y": None}
    assert score.average == score.by_source["x"]


def test_json_holds_every_figure_and_picture(evaluation: Evaluation) -> None:
    report = json.loads(to_json(evaluation))
    assert report["settings"]["protocol"] == "group"
    net = report["methods"][0]
    assert (net["name"], net["kind"], net["fid"]) == ("net", "model", None)
    assert net["color_error"]["by_source"] == {"x": 3, "y": 12}
    assert net["color_error_ratio"]["white page"]["by_source"]["x"] == 0.375
    assert report["missing"]["fid"] == "no weights"
    assert [sample["id"] for sample in report["trials"]] == ["a", "b", "c"]
    assert report["trials"][1]["reference"] == "a"
    assert report["trials"][1]["figures"]["net"]["color_error"] == 4


def test_markdown_tables(evaluation: Evaluation) -> None:
    text = to_markdown(evaluation)
    assert text.startswith("# drawings, split val, protocol group: 3 pictures at 256x256")
    assert (
        "| method | FD-VGG16 | LPIPS reference | SSIM | PSNR | colour error | region accuracy | blotchiness |"
        in text
    )
    assert "| 0.450 (0.400) | 0.500 (0.500) | 10.00 (10.00) | 7.50 (6.00) | 0.250 (0.250) |" in text
    assert "| net | 0.62 (0.56) |" in text
    assert "| y | 12.00 | 16.00 |" in text
    assert "| y | - | - |" in text
    assert "Note: three pictures are few." in text
    assert "Without FID, KID: no weights." in text
