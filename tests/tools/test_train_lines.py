"""The tool that teaches lines, at tiny size on a CPU: HED looks, a run is begun, and gone on with."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
import torch
from support.scripts import script

from rltn_cli.engine.checkpoints.line_models import load_line_model, save_line_model
from rltn_cli.models.hed import HED, HEDConfig


@pytest.fixture(scope="module")
def tool() -> Iterator[ModuleType]:
    with script("tools/train_lines.py") as module:
        yield module


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


def test_hed_looks_at_training_paintings_once(
    tool: ModuleType, data: Path, teacher: Path, tmp_path: Path
) -> None:
    command = ["teach", str(data), str(tmp_path / "edges"), "--hed", str(teacher)]
    assert tool.main(command) == 0
    seen = sorted((tmp_path / "edges").iterdir())
    assert [path.name for path in seen] == ["c.png", "d.png"]
    picture = cv2.imread(str(seen[0]), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (384, 384)
    before = [path.stat().st_mtime_ns for path in seen]
    assert tool.main(command) == 0
    assert [path.stat().st_mtime_ns for path in seen] == before


def test_a_run_is_begun_and_gone_on_with(tool: ModuleType, data: Path, teacher: Path, tmp_path: Path) -> None:
    edges, run = tmp_path / "edges", tmp_path / "run"
    tool.main(["teach", str(data), str(edges), "--hed", str(teacher)])
    command = ["train", str(data), str(edges), "-o", str(run), "--batch", "2", "--crop", "32", "--every", "1"]
    assert tool.main([*command, "--minutes", "1e-6"]) == 0
    assert load_line_model(run / "model").config == HEDConfig()
    assert json.loads((run / "state" / "state.json").read_text())["step"] == 1
    assert tool.main([*command, "--minutes", "1e-6"]) == 0, "a run that is over ends at once"
    assert json.loads((run / "state" / "state.json").read_text())["step"] == 1
    spent = json.loads((run / "state" / "state.json").read_text())["seconds"]
    assert tool.main([*command, "--minutes", str(spent / 60 + 1e-6)]) == 0
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in log] == [1, 2]
    assert set(log[0]) == {"step", "minutes", "loss/sides", "loss/bce", "loss/dice", "loss/l1"}


def test_no_edge_maps_is_one_line(
    tool: ModuleType, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tool.main(["train", str(data), str(tmp_path / "none"), "-o", str(tmp_path / "run")]) == 1
    assert capsys.readouterr().err.startswith("error: no taught lines among 4 pairs")
