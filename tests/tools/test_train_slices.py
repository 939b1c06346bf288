"""The dry run of the slice trainer at tiny size on a CPU."""

import json
import os
import signal

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from slices.state_shards import read_shards, write_shards
from support.scripts import script

from rltn_cli.engine.checkpoints.weights import load_model
from rltn_cli.engine.training.objective import Objective
from rltn_cli.engine.training.state import read_state
from rltn_cli.errors import TrainingError

TOML = """
preset = "tiny"
steps = {steps}
batch = 2
sizes = [[0, 64]]
warmup = 1
[losses]
adv = 1
fm = 0
perc = 0
ctx = 0
scl = 0
"""


@pytest.fixture(scope="module")
def tool():
    with script("tools/train_slices.py") as module:
        yield module


@pytest.fixture
def packs(tool, tmp_path):
    for part in ("color", "line"):
        (tmp_path / "data" / part).mkdir(parents=True)
    for i in range(4):
        picture = np.full((64, 64, 3), 255, np.uint8)
        cv2.circle(picture, (20 + 6 * i, 32), 14, (40 * i, 90, 200), -1)
        cv2.imwrite(str(tmp_path / "data" / "color" / f"{i}.png"), picture)
        cv2.imwrite(str(tmp_path / "data" / "line" / f"{i}.png"), 255 - cv2.Canny(picture, 50, 100))
    (tmp_path / "data" / "index.csv").write_text("id,split\n0,train\n1,train\n2,train\n3,val\n")
    paths = [tmp_path / "color.safetensors", tmp_path / "line.safetensors"]
    assert tool.main(["pack", str(tmp_path / "data"), *map(str, paths), "--size", "64"]) == 0
    return list(map(str, paths))


def slice_of(tool, packs, folder, steps, *more, state="machine"):
    config = folder / f"{steps}.toml"
    config.write_text(TOML.format(steps=steps))
    out = folder / f"out-{steps}-{state}"
    places = ["--state", str(folder / state), "--out", str(out), "--config", str(config)]
    common = ["--device", "cpu", "--samples", "2", "--every", "1", *more]
    assert tool.main(["train", *packs, *places, *common]) == 0
    return out


def test_slices_go_on_from_the_machines_own_state(tool, packs, tmp_path):
    out = slice_of(tool, packs, tmp_path, 2)
    grid = cv2.imread(str(out / "grid.webp"))
    assert grid.shape == (5 * 64, 2 * 64, 3)
    log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in log] == [0, 1, 2, 2]
    assert "loss/adv_discriminator" in log[1]
    again = slice_of(tool, packs, tmp_path, 4)
    assert read_shards(again)[1] == {"step": 4}


def test_slices_go_on_from_carried_shards(tool, packs, tmp_path):
    out = slice_of(tool, packs, tmp_path, 2)
    other = slice_of(tool, packs, tmp_path, 2, "--resume", str(out), state="another")
    first, second = read_shards(out)[0], read_shards(other)[0]  # no step was left to do
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_the_average_stands_in_for_weights_that_were_not_carried(tool, packs, tmp_path):
    out = slice_of(tool, packs, tmp_path, 2)
    tensors, facts = read_shards(out)
    few = tmp_path / "few"
    few.mkdir()
    write_shards(few, {k: v for k, v in tensors.items() if k.startswith("model/")}, facts)
    other = read_shards(slice_of(tool, packs, tmp_path, 2, "--resume", str(few), state="other"))[0]
    name = "generator.last.weight"
    assert torch.equal(other[f"ema/module.{name}"], tensors[f"model/{name}"])


def test_a_slice_ends_in_time(tool, packs, tmp_path):
    out = slice_of(tool, packs, tmp_path, 1000, "--minutes", "0", "--reserve", "0")
    assert read_shards(out)[1] == {"step": 1}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_slice_after_the_step_with_everything_saved(number, tool, packs, tmp_path, capfd):
    plain, handler = Objective.generator_terms, signal.getsignal(number)
    calls = []

    def interrupting(self, *arguments):
        calls.append(1)
        if len(calls) == 2:
            os.kill(os.getpid(), number)
        return plain(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Objective, "generator_terms", interrupting)
        out = slice_of(tool, packs, tmp_path, 1000)
    assert "finishing the current step and saving" in capfd.readouterr().err
    assert read_shards(out)[1] == {"step": 2}
    assert read_state(tmp_path / "machine" / tool.STATE)[1]["step"] == 2
    averaged = load_model(out / "model").state_dict()["generator.last.weight"]
    kept = read_shards(out)[0]["ema/module.generator.last.weight"]
    assert torch.allclose(averaged, kept, atol=1e-3)
    assert (out / "grid.webp").is_file()
    assert signal.getsignal(number) is handler
    assert read_shards(slice_of(tool, packs, tmp_path, 3))[1] == {"step": 3}


def test_the_precision_is_settled_for_the_machine(tool, packs, tmp_path, monkeypatch):
    monkeypatch.setattr("rltn_cli.engine.runtime.precision.is_bf16_native", lambda device: False)
    monkeypatch.setitem(globals(), "TOML", 'precision = "auto"' + TOML)
    out = slice_of(tool, packs, tmp_path, 1)
    assert json.loads((out / "config.json").read_text())["precision"] == "fp32"


def test_timing_prints_a_line_a_setting(tool, packs, capsys):
    arguments = ["--device", "cpu", "--preset", "tiny", "--precision", "fp32", "--steps", "2", "--batch", "1"]
    assert tool.main(["time", *packs, "--sizes", "64", *arguments]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [entry["late_terms"] for entry in lines] == [False, True]
    assert all(entry["pictures_per_s"] > 0 for entry in lines)


def test_a_bad_configuration_is_one_line(tool, packs, tmp_path, capsys):
    (tmp_path / "bad.toml").write_text("stepz = 3")
    places = ["--state", str(tmp_path), "--out", str(tmp_path / "o"), "--config", str(tmp_path / "bad.toml")]
    assert tool.main(["train", *packs, *places]) == 1
    assert "unknown key 'stepz'" in capsys.readouterr().err


def test_shards_stay_below_their_limit(tmp_path):
    tensors = {f"t{i}": torch.randn(1000) for i in range(5)}  # 4,000 bytes each
    paths = write_shards(tmp_path, tensors, {"step": 7}, limit=9000)
    assert [len(load_file(path)) for path in paths] == [2, 2, 1]
    back, facts = read_shards(tmp_path)
    assert facts == {"step": 7}
    assert all(torch.equal(back[name], value) for name, value in tensors.items())
    paths[1].unlink()
    with pytest.raises(TrainingError, match="not a complete set of shards"):
        read_shards(tmp_path)
