"""`rltn batch` in two processes of one machine."""

import json
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from support.processes import TORCHRUN, environment, run_in_two

from rltn_cli.cli import run
from rltn_cli.engine.checkpoints.weights import save_model
from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN

fcntl = pytest.importorskip("fcntl")
pytest.importorskip("accelerate")

OPTIONS = ["in", "-r", "ref.png", "-m", "tiny", "--size", "64", "--device", "cpu"]


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with five drawings, one of them broken, a reference and a model."""
    torch.manual_seed(0)
    save_model(RLTN(PRESETS["tiny"]), tmp_path / "tiny")
    (tmp_path / "in").mkdir()
    for number in range(4):
        page = np.full((70, 64), 255, np.uint8)
        cv2.imwrite(str(tmp_path / "in" / f"{number}.png"), cv2.circle(page, (32, 32), 12 + number, 0, 2))
    (tmp_path / "in" / "4.png").write_bytes(b"no picture")
    cv2.imwrite(str(tmp_path / "ref.png"), np.full((64, 64, 3), (40, 200, 240), np.uint8))
    return tmp_path


def paint(desk: Path, output: str) -> "subprocess.CompletedProcess[str]":
    """Paint in two processes under torchrun."""
    command = [*TORCHRUN, "-m", "rltn_cli", "batch", *OPTIONS, "-o", output, "--json"]
    return subprocess.run(
        command, cwd=desk, env=environment(), capture_output=True, text=True, timeout=300, check=False
    )


def events_of(result: "subprocess.CompletedProcess[str]") -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_two_processes_do_disjoint_work_and_give_the_files_and_the_manifest_of_one(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk)
    assert run(["batch", *OPTIONS, "-o", "one", "-q"]) == 3
    result = paint(desk, "two")
    assert result.returncode == 1  # the launcher's own, for any failure
    events = events_of(result)
    shares = [
        {
            event["sketch"]
            for event in events
            if event["event"] in ("done", "failed") and event["process"] == rank
        }
        for rank in (0, 1)
    ]
    assert sorted(map(len, shares)) == [2, 3]
    assert not shares[0] & shares[1]
    (summary,) = [event for event in events if event["event"] == "summary"]
    assert (summary["done"], summary["failed"], summary["left"]) == (4, 1, 0)
    assert sorted(path.name for path in (desk / "two").iterdir()) == sorted(
        path.name for path in (desk / "one").iterdir()
    )
    for path in (desk / "one").glob("*.png"):
        assert path.read_bytes() == (desk / "two" / path.name).read_bytes()
    entries = [
        [
            {key: value for key, value in json.loads(line).items() if key != "seconds"}
            for line in (desk / folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        for folder in ("one", "two")
    ]
    assert entries[0] == entries[1]


def test_what_stops_one_process_is_told_and_the_work_of_the_other_stays(desk: Path) -> None:
    (desk / "out").mkdir()
    with (desk / "out" / ".rltn-journal-1.jsonl").open("ab") as journal:
        fcntl.flock(journal, fcntl.LOCK_EX)
        results = run_in_two(["batch", *OPTIONS, "-o", "out", "--json"], desk)
    assert 1 in [result.returncode for result in results]
    assert "rltn: process 1: out: another batch is writing there" in "".join(r.stderr for r in results)
    names = [
        json.loads(line)["output"]
        for line in (desk / "out" / "manifest.jsonl").read_text("utf-8").splitlines()
    ]
    assert names == ["0.png", "2.png", "4.png"]


@pytest.mark.slow
def test_wrong_usage_is_said_once(desk: Path) -> None:
    (desk / "in" / "0.jpg").write_bytes(b"")
    result = paint(desk, "out")
    assert result.returncode == 1
    assert result.stderr.count("would both become") == 1
    assert not (desk / "out").exists()
