"""`rltn batch`, from folders to folders, with a small network that was never trained."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from rltn_cli.cli import run
from rltn_cli.engine.checkpoints.weights import save_model
from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN

ROOT = Path(__file__).resolve().parent.parent.parent
PYTHON = [sys.executable, "-m", "rltn_cli"]
COLORS = {"warm": (240, 120, 40), "cold": (40, 90, 200), "green": (60, 170, 80)}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    return save_model(RLTN(PRESETS["tiny"]), tmp_path_factory.mktemp("models") / "tiny")


def draw(path: str, number: int, side: int = 80) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    drawing = Image.new("RGB", (side, side), "white")
    pen = ImageDraw.Draw(drawing)
    pen.rectangle((10, 10, side - 10 - 3 * number, side - 12), outline="black", width=3)
    pen.ellipse((25, 20 + 2 * number, side // 2, side // 2 + 10), outline="black", width=2)
    drawing.save(path)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with four drawings in in/ and three references in refs/."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for number in range(4):
        draw(f"in/{number}.png", number)
    Path("refs").mkdir()
    for name, color in COLORS.items():
        reference = Image.new("RGB", (64, 64), color)
        ImageDraw.Draw(reference).ellipse((16, 16, 50, 50), fill=color[::-1], outline="black", width=2)
        reference.save(f"refs/{name}.png")
    return tmp_path


WARM = ("-r", "refs/warm.png")


def arguments_of(model: Path, *arguments: str) -> list[str]:
    """Return a command at the smallest size into out/; `arguments` may override anything."""
    defaults = ["--model", str(model), "--size", "64", "--device", "cpu", "--output", "out"]
    return ["batch", *defaults, *arguments]


def paint(model: Path, *arguments: str) -> int:
    return run(arguments_of(model, *arguments))


def events_of(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def kinds(events: list[dict[str, object]]) -> dict[object, int]:
    return dict(Counter(event["event"] for event in events))


def manifest(folder: str = "out") -> dict[str, dict[str, object]]:
    lines = (Path(folder) / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    return {entry["output"]: entry for entry in map(json.loads, lines)}


def pictures(folder: str = "out") -> dict[str, bytes]:
    paths = sorted(path for path in Path(folder).rglob("*.png"))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_a_folder_is_painted_as_colorize_paints_each(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert paint(model, "in", *WARM) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.fullmatch(r"rltn: 4 done, in \d+\.\d s; out/manifest.jsonl\n", captured.err)
    assert sorted(path.name for path in Path("out").iterdir()) == [
        *(f"{n}.png" for n in range(4)),
        "manifest.jsonl",
    ]
    for number in range(4):
        shared = ["--model", str(model), "--size", "64", "--device", "cpu", "-q"]
        assert run(["colorize", f"in/{number}.png", *WARM, "-o", f"{number}.png", *shared]) == 0
        assert Path(f"{number}.png").read_bytes() == Path(f"out/{number}.png").read_bytes()


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_how_many_work_at_once_changes_no_picture(jobs: str, model: Path, desk: Path) -> None:
    assert paint(model, "in", *WARM) == 0
    assert paint(model, "in", *WARM, "-o", "other", "--jobs", jobs) == 0
    assert pictures("other") == pictures("out")


def test_events_are_json_lines_and_the_manifest_says_the_same(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert paint(model, "in", *WARM, "--json") == 0
    events = events_of(capsys)
    assert kinds(events) == {"plan": 1, "started": 4, "done": 4, "summary": 1}
    assert events[-1] | {"seconds": 0} == {
        "event": "summary", "done": 4, "skipped": 0, "failed": 0, "left": 0, "seconds": 0, "failures": [],
        "manifest": "out/manifest.jsonl", "interrupted": False,
    }  # fmt: skip
    told = {event["output"]: event for event in events if event["event"] == "done"}
    for name, entry in manifest().items():
        event = told[f"out/{name}"]
        assert entry["status"] == "done"
        assert {key: entry[key] for key in ("seconds", "score", "references", "sketch")} == {
            key: event[key] for key in ("seconds", "score", "references", "sketch")
        }
        assert event["seconds"] > 0  # type: ignore[operator]
        assert -1 <= event["score"] <= 1  # type: ignore[operator]


def test_a_second_run_skips_what_is_done_and_paints_what_changed(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert paint(model, "in", *WARM, "--json") == 0
    before = pictures()
    draw("in/1.png", 8)
    Path("out/2.png").unlink()
    events_of(capsys)
    assert paint(model, "in", *WARM, "--json") == 0
    events = events_of(capsys)
    assert kinds(events) == {"plan": 1, "skipped": 2, "started": 2, "done": 2, "summary": 1}
    after = pictures()
    assert [name for name in after if after[name] != before[name]] == ["1.png"]
    assert paint(model, "in", "-r", "refs/cold.png", "--json") == 0
    assert kinds(events_of(capsys))["done"] == 4
    assert paint(model, "in", "-r", "refs/cold.png", "--json", "--finish", "raw") == 0
    assert kinds(events_of(capsys))["done"] == 4
    assert paint(model, "in", "-r", "refs/cold.png", "--json", "--finish", "raw", "--overwrite") == 0
    assert kinds(events_of(capsys))["done"] == 4


def test_a_file_of_the_users_is_never_replaced_unasked(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("out").mkdir()
    Path("out/0.png").write_bytes(b"mine")
    assert paint(model, "in", *WARM, "-q") == 3
    assert "out/0.png exists already" in capsys.readouterr().err
    Path("out/1.png").write_bytes(b"retouched")
    assert paint(model, "in", *WARM, "-q") == 3  # 1.png counts as done: nothing that it was made from changed
    assert paint(model, "in", "-r", "refs/cold.png", "-q") == 3
    assert Path("out/0.png").read_bytes() == b"mine"
    assert Path("out/1.png").read_bytes() == b"retouched"
    assert paint(model, "in", "-r", "refs/cold.png", "-q", "--overwrite") == 0
    assert Path("out/1.png").read_bytes().startswith(b"\x89PNG")


def test_a_bad_file_is_named_and_the_others_go_on(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("in/1.png").write_bytes(b"no picture")
    Image.new("RGB", (80, 80), "white").save("in/2.png")
    assert paint(model, "in", "gone.png", *WARM) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "in/1.png: not a picture" in captured.err
    assert "in/2.png: the sketch is blank" in captured.err
    assert "gone.png: there is no such file" in captured.err
    assert captured.err.splitlines()[-1].startswith("rltn: failed: ")
    assert sorted(pictures()) == ["0.png", "3.png"]
    assert {name: entry["status"] for name, entry in manifest().items()} == {
        "0.png": "done", "1.png": "failed", "2.png": "failed", "3.png": "done", "gone.png": "failed",
    }  # fmt: skip
    draw("in/1.png", 5)
    draw("in/2.png", 6)
    assert paint(model, "in", *WARM, "-q") == 0
    assert manifest()["1.png"]["status"] == "done"


def test_when_all_fail_the_code_is_1(model: Path, desk: Path) -> None:
    Path("in/1.png").write_bytes(b"no picture")
    assert paint(model, "in/1.png", "gone.png", *WARM, "-q") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["empty", *WARM], "no pictures found"),
        (["in"], "no reference"),
        (["in", *WARM, "--ref-dir", "refs"], "cannot both"),
        (["in", *WARM, "--match", "auto"], "--match auto"),
        (["in/0.png", "in/0.jpg", *WARM], "would both become out/0.png"),
        (["bad.csv", *WARM], "bad.csv, line 3"),
        (["in", *WARM, "-o", "in"], "is also an input"),
        (["in", *WARM, "--jobs", "0"], "--jobs"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_code_2_and_nothing_runs(
    arguments: list[str], message: str, model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty").mkdir()
    Path("bad.csv").write_text("sketch,reference\nin/0.png,refs/warm.png\n,refs/warm.png\n", encoding="utf-8")
    assert paint(model, *arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert not Path("out").exists()


def test_an_output_folder_that_cannot_be_made_is_code_1(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("file").write_bytes(b"")
    assert paint(model, "in", *WARM, "-o", "file/out") == 1
    assert "file/out: the folder cannot be made" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_output_folder_without_permission_is_code_1(model: Path, desk: Path) -> None:
    Path("out").mkdir(mode=0o555)
    assert paint(model, "in", *WARM) == 1


def test_a_missing_reference_for_all_is_said_before_anything_runs(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert paint(model, "in", "-r", "refs/gone.png") == 1
    assert "refs/gone.png: there is no such file" in capsys.readouterr().err
    assert not Path("out").exists()


def test_references_of_the_same_name(model: Path, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy("refs/warm.png", "refs/0.png")
    shutil.copy("refs/cold.png", "refs/1.png")
    assert paint(model, "in", "--ref-dir", "refs") == 3
    assert "refs contains no picture named 2" in capsys.readouterr().err
    assert manifest()["0.png"]["references"] == ["refs/0.png"]
    assert manifest()["1.png"]["references"] == ["refs/1.png"]


def test_the_best_reference_is_found_and_scored(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("refs/broken.png").write_bytes(b"no picture")
    assert paint(model, "in", "--ref-dir", "refs", "--match", "auto", "--json") == 0
    captured = capsys.readouterr()
    assert "refs/broken.png: not a picture" in captured.err
    events = [json.loads(line) for line in captured.out.splitlines()]
    automatic = {event["sketch"]: event for event in events if event["event"] == "done"}
    for sketch, event in automatic.items():
        scores = {}
        for name in COLORS:
            arguments = arguments_of(model, sketch, "-r", f"refs/{name}.png", "-o", f"out-{name}", "--json")
            assert run(arguments) == 0
            (done,) = [event for event in events_of(capsys) if event["event"] == "done"]
            scores[f"refs/{name}.png"] = done["score"]
        assert event["score"] == max(scores.values())
        assert event["references"] == [max(scores, key=lambda path: scores[path])]
        assert 0 < event["cosine"] <= 1
    assert paint(model, "in", "--ref-dir", "refs", "--match", "auto", "--json") == 0
    assert kinds(events_of(capsys))["skipped"] == 4
    draw("refs/new.png", 1)
    assert paint(model, "in", "--ref-dir", "refs", "--match", "auto", "--json") == 0
    assert kinds(events_of(capsys))["done"] == 4


def test_a_manifest_says_what_with_what_and_where(model: Path, desk: Path) -> None:
    Path("book").mkdir()
    Path("book/pages.csv").write_text(
        "sketch,reference,output\n../in/0.png,../refs/warm.png;../refs/cold.png,deep/a.jpg\n../in/1.png,,\n",
        encoding="utf-8",
    )
    assert paint(model, "book/pages.csv", *WARM, "-q") == 0
    entries = manifest()
    assert sorted(entries) == ["1.png", "deep/a.jpg"]
    assert entries["deep/a.jpg"]["references"] == ["book/../refs/warm.png", "book/../refs/cold.png"]
    assert entries["1.png"]["references"] == ["refs/warm.png"]
    with Image.open("out/deep/a.jpg") as picture:
        assert picture.format == "JPEG"


def test_a_dry_run_shows_the_plan_and_writes_nothing(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(desk.rglob("*"))
    assert paint(model, "in", *WARM, "-n") == 0
    assert capsys.readouterr().out.splitlines()[0] == "in/0.png -> out/0.png  (refs/warm.png)"
    assert paint(model, "in", "--ref-dir", "refs", "-n", "--json") == 0
    events = events_of(capsys)
    assert kinds(events) == {"planned": 4}
    assert "contains no picture named 0" in str(events[0]["problem"])
    assert sorted(desk.rglob("*")) == before


def start(model: Path, *arguments: str) -> "subprocess.Popen[str]":
    command = [*PYTHON, *arguments_of(model, *arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(process: "subprocess.Popen[str]", kind: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["event"] == kind:
            return
    raise AssertionError(f"it ended before {kind}")


def many(count: int, side: int = 400) -> None:
    for number in range(count):
        draw(f"many/{number:03}.png", number % 20, side)


def test_an_interruption_finishes_the_pictures_at_work(model: Path, desk: Path) -> None:
    many(30)
    process = start(model, "many", *WARM, "--json", "--finish", "flat")
    wait_for(process, "done")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Ctrl-C again stops at once" in err
    summary = json.loads(out.splitlines()[-1])
    assert summary["interrupted"]
    assert summary["left"] > 0
    assert summary["done"] + summary["left"] == 30
    assert sorted(manifest()) == sorted(pictures())
    assert len(pictures()) == summary["done"]


def test_a_second_interruption_stops_at_once(model: Path, desk: Path) -> None:
    many(30)
    process = start(model, "many", *WARM, "--json", "--finish", "flat")
    wait_for(process, "started")
    process.send_signal(signal.SIGINT)
    time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert '"summary"' not in out or json.loads(out.splitlines()[-1])["left"] > 0


def test_killed_and_started_again_it_is_as_if_never_killed(model: Path, desk: Path) -> None:
    many(12, side=200)
    assert paint(model, "many", *WARM, "-o", "whole", "-q") == 0
    process = start(model, "many", *WARM, "--json")
    wait_for(process, "done")
    process.kill()
    process.communicate()
    recorded = {
        entry["output"]
        for path in Path("out").glob(".rltn-journal-*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.endswith('"status": "done"}') and (entry := json.loads(line))
    }
    stamps = {name: (Path("out") / name).stat().st_mtime_ns for name in recorded}
    assert recorded
    assert paint(model, "many", *WARM, "-q") == 0
    assert pictures() == pictures("whole")
    assert stamps == {name: (Path("out") / name).stat().st_mtime_ns for name in recorded}
    assert [path.name for path in Path("out").iterdir() if path.name.startswith(".")] == []


def test_a_bar_is_shown_on_a_terminal(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert paint(model, "in", *WARM) == 0
    err = capsys.readouterr().err
    assert "4/4" in err
    assert "per second" in err


def test_the_colours_come_from_the_reference(model: Path, desk: Path) -> None:
    means = []
    for name in ("warm", "cold"):
        assert paint(model, "in/0.png", "-r", f"refs/{name}.png", "-o", name, "-q", "--finish", "raw") == 0
        with Image.open(f"{name}/0.png") as picture:
            means.append(np.asarray(picture).mean(axis=(0, 1)))
    assert np.abs(means[0] - means[1]).max() > 1


def test_options_of_single_drawings_serve_batches_too(model, desk, capsys):
    options = ["--paper", "keep", "--drop-pencil", "blue", "--margins", "keep", "--page", "1", "--extract"]
    command = [
        "batch",
        "in",
        *WARM,
        "-o",
        "out",
        "-m",
        str(model),
        "--size",
        "64",
        "--device",
        "cpu",
        *options,
    ]
    assert run(command) == 0
    entry = json.loads(Path("out/manifest.jsonl").read_text(encoding="utf-8").splitlines()[0])
    chosen = {"paper": "keep", "drop_pencil": "blue", "margins": "keep", "page": 1, "extract": True}
    assert chosen.items() <= entry["options"].items()
    assert run(command) == 0
    assert "4 skipped" in capsys.readouterr().err


def test_a_picture_too_large_for_the_format_fails_before_it_is_painted(model, desk, capsys):
    Image.new("L", (16_400, 300), 255).save("in/wide.png")
    command = ["batch", "in/wide.png", *WARM, "-o", "out", "-m", str(model), "--format", "webp"]
    assert run(command) == 1
    assert "wide.webp: WebP holds at most 16,383 pixels per side" in capsys.readouterr().err
