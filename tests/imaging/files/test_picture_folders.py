import json
import logging
import os
from pathlib import Path

import pytest

from rltn_cli.config_files import to_json
from rltn_cli.imaging.files.picture_folders import list_pictures
from rltn_cli.result_folders import is_result_folder, listed_results, read_entries
from rltn_cli.training_config import TrainConfig


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        if path.name == "config.json":
            path.write_text(to_json(TrainConfig()))


def listed(folder: Path, **options: object) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in list_pictures(folder, **options)]


RESULTS = {
    "a run": ("config.json", "samples/step-00000000.png"),
    "a killed run": ("config.json", "step-00000002/state.json"),
    "a run for lines": ("config.json", "edges/a.png"),
    "a report": ("report.json", "report.html", "sheet-1-rltn-small.png"),
    "an explanation": ("warped.png", "confidence.png", "matches.png"),
}


@pytest.mark.parametrize("kind", RESULTS)
def test_results_are_no_pictures_to_work_on(kind: str, tmp_path: Path, caplog) -> None:
    touch(tmp_path / "a.png", tmp_path / "more" / "b.png")
    touch(*(tmp_path / "more" / "out" / name for name in RESULTS[kind]))
    with caplog.at_level(logging.INFO, "rltn_cli"):
        assert listed(tmp_path, recursive=True) == ["a.png", "more/b.png"]
    assert caplog.messages == [f"{tmp_path / 'more' / 'out'}: left out, as it holds results of rltn"]


@pytest.mark.parametrize("kind", RESULTS)
def test_the_folder_that_is_named_is_read(kind: str, tmp_path: Path) -> None:
    touch(*(tmp_path / name for name in RESULTS[kind]))
    pictures = sorted(name for name in RESULTS[kind] if name.endswith(".png"))
    assert listed(tmp_path, recursive=True) == pictures


def test_folders_of_other_programs_are_read(tmp_path: Path) -> None:
    touch(tmp_path / "x" / "a.png", tmp_path / "x" / "model" / "c.png", tmp_path / "y" / "report.json")
    (tmp_path / "x" / "config.json").write_text('{"seed": 1}')
    touch(tmp_path / "y" / "b.png", tmp_path / "z" / "warped.png")
    assert not any(is_result_folder(tmp_path / name) for name in "xyz")
    assert listed(tmp_path, recursive=True) == ["x/a.png", "x/model/c.png", "y/b.png", "z/warped.png"]


@pytest.mark.parametrize("name", ["manifest.jsonl", ".rltn-journal-0.jsonl"])
def test_what_a_manifest_lists_is_left_out_below(name: str, tmp_path: Path) -> None:
    touch(tmp_path / "a.png", tmp_path / "painted" / "a.png", tmp_path / "painted" / "ch" / "b.png")
    touch(tmp_path / "painted" / "mine.png")
    entries = [{"output": path, "status": "done", "output_sha256": "x"} for path in ("a.png", "ch/b.png")]
    lines = [json.dumps(entry) for entry in entries]
    (tmp_path / "painted" / name).write_text("\n".join([*lines, '{"output": 1}', "cut", ""]))
    assert listed(tmp_path, recursive=True) == ["a.png", "painted/mine.png"]
    assert listed(tmp_path / "painted", recursive=True) == ["a.png", "mine.png", "ch/b.png"]
    assert listed(tmp_path / "painted", recursive=True, output=tmp_path / "painted") == ["mine.png"]


def test_manifests_of_other_programs_list_no_results(tmp_path: Path) -> None:
    (tmp_path / "manifest.jsonl").write_text('{"output": "a.png", "status": "ok"}\n{"file": "b.png"}\n[]\n')
    assert listed_results(tmp_path) == set()
    assert read_entries(tmp_path / "none.jsonl") == []


def test_only_files_are_taken(tmp_path: Path) -> None:
    touch(tmp_path / "a.png", tmp_path / ".hidden.png", tmp_path / "notes.txt")
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "a.png")
    (tmp_path / "lost.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "device.png").symlink_to("/dev/null")
    assert listed(tmp_path) == ["a.png", "link.png", "lost.png"]  # a lost link is named later, as missing
