"""`rltn train` by its command, with the tiny preset."""

import dataclasses
import json
import os
import signal
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from support.rounding import HALF
from support.training_set import draw_pair, make_pairs, write_toml

from rltn_cli.cli import run
from rltn_cli.commands.train_display import describe, format_duration
from rltn_cli.engine.checkpoints.weights import save_model
from rltn_cli.engine.training.objective import Objective
from rltn_cli.errors import DataError
from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN
from rltn_cli.output_files import hold_folder

pytest.importorskip("tensorboard")


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return make_pairs(tmp_path_factory.mktemp("data") / "pairs")


@pytest.fixture
def settings(tmp_path):
    return write_toml(tmp_path / "tiny.toml")


def events_of(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def train(pairs, settings, output, *more):
    return run(["train", str(pairs), "-o", str(output), "--config", str(settings), *map(str, more)])


def tensors(state: Path) -> dict[str, torch.Tensor]:
    return {
        f"{path.stem}/{name}": value
        for path in state.glob("*.safetensors")
        for name, value in load_file(path).items()
    }


def test_a_run_ends_with_a_model_that_paints(pairs, settings, tmp_path, capsys):
    output = tmp_path / "runs" / "mine"
    assert train(pairs, settings, output, "--steps", 3, "--json") == 0
    events = events_of(capsys)
    kinds = [event["event"] for event in events]
    assert kinds == [
        "plan", "validation", "samples", "step", "step", "checkpoint", "step", "checkpoint", "samples",
        "validation", "done",
    ]  # fmt: skip
    plan, step = events[0], events[3]
    assert (plan["pairs"], plan["held_back"], plan["steps"]) == (8, 2, 3)
    assert set(step["losses"]) >= {"loss/rec", "loss/adv", "loss/adv_discriminator"}
    assert step["images_per_second"] > 0
    assert [entry["step"] for entry in json.loads((output / "validation.json").read_text())] == [0, 3]
    assert list((output / "logs").glob("events.out.tfevents.*"))
    grid = cv2.imread(str(output / "samples" / "step-00000003.png"))
    assert grid.shape == (5 * 64, 2 * 64, 3)
    card = (output / "model" / "README.md").read_text()
    assert "# mine" in card
    assert "8 pairs" in card
    assert "2 more pairs were held back" in card
    assert f"| this model (step 3) | {events[-2]['color_error']:.2f} |" in card
    assert str(tmp_path) not in card
    painted = tmp_path / "painted.png"
    drawing, reference = pairs / "line" / "p00.png", pairs / "color" / "p01.png"
    arguments = [str(drawing), "-r", str(reference), "-o", str(painted), "-m", str(output / "model")]
    assert run(["colorize", *arguments, "--size", "64", "--device", "cpu", "-q"]) == 0
    assert cv2.imread(str(painted)).shape == (80, 80, 3)
    assert run(["models", "push", str(output / "model"), "me/mine", "--dry-run"]) == 0


def test_a_run_that_is_resumed_equals_one_that_was_not_interrupted(pairs, settings, tmp_path, capsys):
    assert train(pairs, settings, tmp_path / "whole", "--steps", 4, "-q") == 0
    assert train(pairs, settings, tmp_path / "parts", "--steps", 4, "--json", "--minutes", "0.0001") == 0
    assert events_of(capsys)[-1]["step"] == 1  # no minutes, and still one step
    assert run(["train", "-o", str(tmp_path / "parts"), "--resume", "auto", "--minutes", "0", "-q"]) == 0
    # time changed the rate of the short call's step: what must be equal begins at a state of the whole run
    state = tmp_path / "whole" / "step-00000002"
    other = tmp_path / "other"
    assert run(["train", "-o", str(other), "--resume", str(state), "-q"]) == 0
    first, second = (tensors(tmp_path / name / "step-00000004") for name in ("whole", "other"))
    assert first.keys() == second.keys()
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    weights = [(tmp_path / name / "model" / "model.safetensors").read_bytes() for name in ("whole", "other")]
    assert weights[0] == weights[1]
    assert (tmp_path / "parts" / "step-00000004").is_dir()


def test_a_run_is_neither_lost_nor_replaced_by_accident(pairs, settings, tmp_path, capsys):
    output = tmp_path / "run"
    assert train(pairs, settings, output, "--steps", 1, "-q") == 0
    before = (output / "model" / "model.safetensors").read_bytes()
    assert train(pairs, settings, output, "--steps", 1) == 1
    assert "holds a run already: add --resume auto to continue it, or --overwrite" in capsys.readouterr().err
    assert (output / "model" / "model.safetensors").read_bytes() == before
    assert train(pairs, settings, output, "--steps", 2, "--seed", 5, "--overwrite", "-q") == 0
    assert (output / "model" / "model.safetensors").read_bytes() != before
    assert train(pairs, settings, tmp_path / "none", "--resume", "auto") == 2
    assert "holds no training state" in capsys.readouterr().err


def test_a_run_that_another_process_is_at_work_on_is_left_alone(pairs, settings, tmp_path, capsys):
    output = tmp_path / "run"
    assert train(pairs, settings, output, "--steps", 1, "-q") == 0
    before = {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}
    with hold_folder(output):
        for more in (("--resume", "auto"), ("--overwrite",)):
            assert train(pairs, settings, output, "--steps", 2, *more, "-q") == 1
            said = capsys.readouterr().err
            assert f"{output}: another process is writing there; wait until it ends" in said
    assert {path: path.read_bytes() for path in output.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_finishes_the_step_saves_and_ends_with_130(number, pairs, settings, tmp_path, capfd):
    plain, handler = Objective.generator_terms, signal.getsignal(number)
    calls = []

    def interrupting(self, *arguments):
        calls.append(1)
        if len(calls) == 3:
            os.kill(os.getpid(), number)
        return plain(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Objective, "generator_terms", interrupting)
        assert train(pairs, settings, tmp_path / "run", "--steps", 50, "--json") == 130
    captured = capfd.readouterr()
    last = json.loads(captured.out.splitlines()[-1])
    assert (last["event"], last["step"]) == ("interrupted", 3)
    assert "finishing the current step; Ctrl-C again stops at once" in captured.err
    assert (tmp_path / "run" / "step-00000003").is_dir()
    assert not (tmp_path / "run" / "model").exists()
    assert signal.getsignal(number) is handler


def test_minutes_end_in_time_with_the_model(pairs, settings, tmp_path, capsys):
    assert train(pairs, settings, tmp_path / "run", "--minutes", 0.05, "--steps", 100_000, "--json") == 0
    done = events_of(capsys)[-1]
    assert done["event"] == "done"
    assert 1 <= done["step"] < 100_000
    assert (tmp_path / "run" / "model" / "model.safetensors").is_file()


def test_fine_tuning_begins_with_the_given_weights(pairs, settings, tmp_path, capsys):
    torch.manual_seed(3)
    model = RLTN(PRESETS["tiny"])
    save_model(model, tmp_path / "base", half=False)
    more = ("--init", tmp_path / "base", "--lr", "1e-9", "--freeze", "content_encoder", "--steps", 1)
    assert train(pairs, settings, tmp_path / "run", *more, "--val", "0", "--json") == 0
    plan = events_of(capsys)[0]
    assert plan["held_back"] == 0
    assert plan["trained"] < plan["parameters"]
    result = load_file(tmp_path / "run" / "model" / "model.safetensors")
    for name, value in model.state_dict().items():
        assert torch.allclose(result[name].float(), value, rtol=HALF, atol=1e-6), name
    card = (tmp_path / "run" / "model" / "README.md").read_text()
    assert "fine-tuned from `base`" in card
    assert "too few pairs to hold some back" in card


def test_a_size_wins_over_the_cycle_of_the_file(pairs, settings, tmp_path, capsys):
    settings.write_text("size_cycle = [64, 80]\n" + settings.read_text())
    for more, sizes in (((), [64, 80]), (("--size", 128), [])):
        assert train(pairs, settings, tmp_path / "run", *more, "--dry-run", "--json") == 0
        assert json.loads(capsys.readouterr().out)["config"]["size_cycle"] == sizes


def test_a_dry_run_shows_all_and_writes_nothing(pairs, settings, tmp_path, capsys):
    assert train(pairs, settings, tmp_path / "run", "--epochs", 2.5, "--dry-run", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["config"]["steps"] == 10  # 2.5 times 8 pairs, by 2
    assert facts["config"]["losses"]["fm"] == 0
    network = RLTN(dataclasses.replace(PRESETS["tiny"], region_pooling=True))
    assert facts["parameters"] == sum(value.numel() for value in network.parameters())
    assert facts["memory_mib"] > facts["memory_mib_weights"]
    assert not (tmp_path / "run").exists()
    assert train(pairs, settings, tmp_path / "run", "--dry-run", "-q") == 0
    assert "memory_mib_sample" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--steps", "3", "--epochs", "1"], 2, "--steps and --epochs both say how long"),
        (["--resume", "auto", "--overwrite"], 2, "pass one"),
        (["--size", "100"], 1, "a training size must be a multiple of 16 and at least 64, not 100"),
        (["--val", "0.7"], 1, "a share from 0 to 0.5, not 0.7"),
        (["--freeze", "generator"], 1, "freeze knows content_encoder"),
        (["--precision", "fp16"], 2, "--precision fp16 needs a GPU: use fp32 or bf16"),
        (["--device", "tpu"], 2, "--device must be auto, cpu"),
        (["--init", "nobody"], 1, "nobody: no such model"),
        (["--batch", "0"], 2, "--batch"),
    ],
)
def test_wrong_settings_are_one_line(arguments, code, message, pairs, settings, tmp_path, capsys):
    assert train(pairs, settings, tmp_path / "run", *arguments) == code
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert message in last
    assert not (tmp_path / "run" / "model").exists()


def test_a_batch_that_processes_cannot_share_is_refused_once(pairs, settings, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    for rank in ("0", "1"):
        monkeypatch.setenv("RANK", rank)
        assert train(pairs, settings, tmp_path / "run", "--batch", "3") == 2
    assert capsys.readouterr().err.count("a batch of 3 is not a multiple of the 2 processes") == 1


def test_no_data_is_one_line(tmp_path, capsys):
    assert run(["train", "-o", str(tmp_path / "run")]) == 2
    assert "no data: name a folder of pairs" in capsys.readouterr().err


def test_terms_that_need_a_frozen_network_say_how_to_get_it(pairs, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("RLTN_FROZEN", raising=False)
    more = ["--steps", "1", "--device", "cpu", "--precision", "fp32"]
    assert run(["train", str(pairs), "-o", str(tmp_path / "run"), *more]) == 1
    assert "the frozen network vgg16 is needed" in capsys.readouterr().err


def test_packages_that_are_missing_are_named(pairs, settings, tmp_path, capsys, monkeypatch):
    plain = __import__("importlib.util").util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "tensorboard" else plain(name)
    )
    assert train(pairs, settings, tmp_path / "run") == 2
    assert (
        "training needs tensorboard, which is not installed: pip install 'rltn[train]'"
        in capsys.readouterr().err
    )


def huge_picture() -> bytes:
    """Return a PNG of 200 megapixels, one bit each, in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 20_000, 10_000, 1, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(10_000 * (1 + 20_000 // 8)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_poisoned_pictures_are_left_out_by_name_and_the_weights_stay_finite(settings, tmp_path, capsys):
    folder = make_pairs(tmp_path / "pairs", 12)
    white = np.full((80, 80, 3), 255, np.uint8)
    for part in ("color", "line"):
        cv2.imwrite(str(folder / part / "white.png"), white)
        cv2.imwrite(str(folder / part / "dot.png"), white[:1, :1])
        (folder / part / "huge.png").write_bytes(huge_picture())
    draw_pair(folder, "named-line", 5)
    (folder / "line" / "named-line.png").write_bytes((folder / "color" / "named-line.png").read_bytes())
    assert train(folder, settings, tmp_path / "run", "--steps", 2, "--val", "0") == 0
    errors = capsys.readouterr().err
    for name in ("white.png", "dot.png", "huge.png", "named-line.png"):
        assert name in errors
    state = tensors(tmp_path / "run" / "step-00000002")
    assert all(torch.isfinite(value).all() for value in state.values())


def test_data_that_cannot_work_stop_before_anything_is_written(settings, tmp_path, capsys):
    folder = tmp_path / "pairs"
    draw_pair(folder, "blank", 1, colored=False)
    for part in ("color", "line"):
        cv2.imwrite(str(folder / part / "blank.png"), np.full((80, 80, 3), 255, np.uint8))
    assert train(folder, settings, tmp_path / "run", "--steps", 2) == 1
    assert "blank.png" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_picture_that_goes_missing_on_the_way_leaves_a_state(
    pairs, settings, tmp_path, capsys, monkeypatch
):
    from rltn_cli.engine.training.batch_loader import BatchLoader

    plain = BatchLoader.batches

    def batches(self, first, end):
        yield from plain(self, first, 1)
        yield DataError("p03.png: cannot be read (No such file or directory)")

    monkeypatch.setattr(BatchLoader, "batches", batches)
    assert train(pairs, settings, tmp_path / "run", "--steps", 5) == 1
    assert "p03.png: cannot be read" in capsys.readouterr().err
    assert (tmp_path / "run" / "step-00000001").is_dir()


def test_lines_on_a_terminal_and_elsewhere_say_the_same():
    assert describe({"event": "step"}) == []
    entry = {"event": "validation", "step": 4, "color_error": 7.255, "pictures": 3}
    assert describe(entry) == ["step 4: colour error 7.25 on 3 pictures"]
    assert format_duration(59.9) == "0:59"
    assert format_duration(3725) == "1:02:05"


def test_missing_lines_are_extracted_before_the_first_step(pairs, settings, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("RLTN_CACHE", str(tmp_path / "cache"))
    for number in range(3):
        next((pairs / "line").glob(f"*{number}.*")).unlink()
    assert train(pairs, settings, tmp_path / "run", "--steps", 1, "--lines", "xdog", "--json") == 0
    first = events_of(capsys)[0]
    assert first == {"event": "lines", "extracted": 3, "method": "xdog"}
    assert train(pairs, settings, tmp_path / "again", "--steps", 1, "--lines", "xdog", "--json") == 0
    assert events_of(capsys)[0]["event"] == "plan"
