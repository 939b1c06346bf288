"""`rltn train-lines` at tiny size on a CPU: HED looks, a run is begun, and gone on with."""

import json
import os
import signal
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from rltn_cli.cli import run
from rltn_cli.engine.checkpoints.line_models import load_line_model, save_line_model
from rltn_cli.engine.training.lines.trainer import LineTrainer
from rltn_cli.models.hed import HED, HEDConfig
from rltn_cli.output_files import hold_folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A drawing, an outlined one, and three paintings, one of them for validation."""
    rows = ["id,split,source,native_line", "a,train,openmoji,1", "b,train,dicebear-micah,0"]
    rows += ["c,train,wesnoth,0", "d,train,duelyst,0", "e,val,wesnoth,0"]
    for part in ("color", "line"):
        (tmp_path / "data" / part).mkdir(parents=True)
        for number, name in enumerate("abcde"):
            picture = np.full((256, 256, 3), 255, np.uint8)
            cv2.circle(picture, (90 + 20 * number, 120), 70, (0, 0, 0), 3)
            cv2.imwrite(str(tmp_path / "data" / part / f"{name}.png"), picture)
    (tmp_path / "data" / "index.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "data"


@pytest.fixture
def teacher(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    return save_line_model(HED(HEDConfig(widths=(2, 2, 2, 2, 2), depths=(1,) * 5)), tmp_path / "teacher")


def train(output: Path, *more: object) -> int:
    small = ["--batch", "2", "--crop", "32", "--log-every", "1", "--minutes", "1e-6"]
    return run(["train-lines", "-o", str(output), *small, *map(str, more)])


def state_of(folder: Path) -> dict[str, float]:
    facts: dict[str, float] = json.loads((folder / "state" / "state.json").read_text())
    return facts


def test_hed_looks_at_training_paintings_once(data: Path, teacher: Path, tmp_path: Path) -> None:
    output = tmp_path / "run"
    assert train(output, data, "--teacher", teacher, "-q") == 0
    seen = sorted((output / "edges").iterdir())
    assert [path.name for path in seen] == ["c.png", "d.png"]
    picture = cv2.imread(str(seen[0]), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (384, 384)
    before = [path.stat().st_mtime_ns for path in seen]
    assert train(output, data, "--teacher", teacher, "--overwrite", "-q") == 0
    assert [path.stat().st_mtime_ns for path in seen] == before


def test_a_run_is_begun_and_gone_on_with(
    data: Path, teacher: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "run"
    assert train(output, data, "--teacher", teacher, "--json") == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["edges", "edges", "plan", "step", "done"]
    assert events[2]["examples"] == {"native": 1, "outlined": 1, "taught": 2}
    assert load_line_model(output / "model").config == HEDConfig()
    assert state_of(output)["step"] == 1
    assert train(output, "--resume", "-q") == 0, "a run that is over ends at once"
    assert state_of(output)["step"] == 1
    assert train(output, "--resume", "-q", "--minutes", state_of(output)["seconds"] / 60 + 1e-6) == 0
    log = [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in log] == [1, 2]
    assert set(log[0]["losses"]) == {"loss/sides", "loss/bce", "loss/dice", "loss/l1"}
    assert json.loads((output / "config.json").read_text())["crop"] == 32


def test_an_interruption_saves_and_ends_with_130(
    data: Path,
    teacher: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = LineTrainer._step

    def interrupting(self: LineTrainer) -> dict[str, float]:
        if self.step == 1:
            os.kill(os.getpid(), signal.SIGINT)
        return plain(self)

    monkeypatch.setattr(LineTrainer, "_step", interrupting)
    output = tmp_path / "run"
    assert train(output, data, "--teacher", teacher, "--minutes", "60") == 130
    said = capsys.readouterr().err
    assert "examples: 1 native, 1 outlined, 2 taught; from step 0" in said
    assert "stopped at step 2" in said and "continue with --resume" in said
    assert state_of(output)["step"] == 2
    assert load_line_model(output / "model").config == HEDConfig()


def test_a_dry_run_shows_the_settings_and_writes_nothing(
    data: Path, teacher: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "run"
    assert train(output, data, "--teacher", teacher, "-n", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["pairs"], facts["paintings_to_look_at"], facts["config"]["crop"]) == (4, 2, 32)
    assert train(output, data, "--teacher", teacher, "-n") == 0
    assert "paintings_to_look_at  2" in capsys.readouterr().out
    assert not output.exists()


def test_a_run_is_neither_lost_nor_replaced_by_accident(
    data: Path, teacher: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "run"
    assert train(output, data, "--teacher", teacher, "-q") == 0
    assert train(output, data, "--teacher", teacher) == 1
    assert "holds a run already: add --resume to continue it, or --overwrite" in capsys.readouterr().err
    assert train(output, data, "--resume", "--overwrite") == 2
    with hold_folder(output):
        assert train(output, data, "--teacher", teacher, "--overwrite") == 1
    assert f"{output}: another process is writing there" in capsys.readouterr().err
    assert train(output, data, "--teacher", teacher, "--overwrite", "--seed", 1, "-q") == 0
    assert len((output / "log.jsonl").read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        (("--crop", "40"), 1, "crop must be a multiple of 16 from 32 to 256 pixels, not 40"),
        (("--lr", "0"), 1, "lr must be above 0"),
        (("--precision", "fp16"), 2, "fp16"),
        (("--resume",), 2, "holds no run; leave --resume out"),
        ((), 2, "2 paintings need HED's edges: name its weights with --teacher"),
        (("--teacher", "nothing"), 1, "nothing: no such"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    assert train(tmp_path / "run", data, *more) == code
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    assert words in printed.err


def test_no_edge_maps_is_one_line(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "run" / "edges").mkdir(parents=True)
    assert train(tmp_path / "run", data) == 1
    assert capsys.readouterr().err.startswith("rltn: no taught lines among 4 pairs")


def test_without_data_there_is_nothing_to_learn_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path / "run") == 2
    assert "name a folder of pairs to learn from" in capsys.readouterr().err
