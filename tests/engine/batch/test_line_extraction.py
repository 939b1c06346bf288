from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rltn_cli.engine.batch.line_extraction import ExtractionTask, OutputStyle, check_outputs, plan_extraction
from rltn_cli.errors import OutputError, UsageError


@pytest.fixture(autouse=True)
def desk(tmp_path, monkeypatch):
    """A working folder with two pictures, and a folder of three with another inside it."""
    monkeypatch.chdir(tmp_path)
    Path("pages/deep").mkdir(parents=True)
    for name in ("a.png", "b.jpg", "pages/one.png", "pages/two.webp", "pages/deep/three.png"):
        Image.new("RGB", (8, 6), "red").save(name)
    Path("pages/notes.txt").write_text("no picture", encoding="utf-8")
    return tmp_path


def plan(*sources, output="out", **options):
    return {task.picture: task.output for task in plan_extraction(sources, output, **options)}


def test_one_picture_becomes_the_file_that_is_named():
    assert plan("a.png", output="lines.webp") == {"a.png": "lines.webp"}
    assert plan("a.png", output="-") == {"a.png": "-"}
    assert plan("-", output="lines.png") == {"-": "lines.png"}
    assert plan("missing.png", output="lines.png") == {"missing.png": "lines.png"}


def test_pictures_become_files_of_their_names_in_a_folder():
    assert plan("a.png") == {"a.png": "out/a.png"}
    assert plan("a.png", output="pages") == {"a.png": "pages/a.png"}
    assert plan("a.png", "b.jpg", ending="webp") == {"a.png": "out/a.webp", "b.jpg": "out/b.webp"}
    assert plan("pages") == {"pages/one.png": "out/one.png", "pages/two.webp": "out/two.png"}
    assert plan("pages", recursive=True)["pages/deep/three.png"] == "out/deep/three.png"
    assert plan("*.png") == {"a.png": "out/a.png"}
    assert plan("a.png", "a.png") == {"a.png": "out/a.png"}


def test_part_masks_become_one_picture_a_face():
    Path("anno/1").mkdir(parents=True)
    for name in ("00012_hair", "00012_skin", "00013_skin"):
        Image.new("L", (8, 6), 255).save(f"anno/1/{name}.png")
    Image.new("L", (8, 6)).save("anno/1/other.png")
    tasks = plan_extraction(["anno"], "out", faces=True, recursive=True)
    assert {task.picture: task.output for task in tasks} == {
        "anno/1/00012": "out/1/00012.png",
        "anno/1/00013": "out/1/00013.png",
        "anno/1/other.png": "out/1/other.png",
    }
    assert len(plan("anno", faces=False, recursive=True)) == 4
    face = tasks[0].read()
    assert face.size == (6, 8)
    assert (face.pixels == 13).all()  # hair covers skin


@pytest.mark.parametrize(
    ("sources", "output", "message"),
    [
        (("-", "a.png"), "out", "name - alone"),
        (("-",), "out", "has no name: name a file"),
        (("a.png", "b.jpg"), "-", "standard output holds one picture"),
        (("a.png", "b.jpg"), "out.png", "several pictures need a folder"),
        (("pages",), "b.jpg", "several pictures need a folder"),
        (("pages/deep/*.jpg",), "out", "no file matches this pattern"),
        (("empty",), "out", "no pictures found; --recursive"),
        (("a.png", "pages/a.jpg"), "out", "would both become out/a.png: rename one"),
        (("pages",), "pages", "is also an input"),
        (("a.png",), "a.png", "a.png is also an input"),
        (("a.png",), "link.png", "link.png is also an input"),
    ],
    ids=str,
)
def test_what_cannot_work_is_refused(sources, output, message):
    Path("empty").mkdir()
    Path("link.png").symlink_to("a.png")
    Image.new("L", (4, 4)).save("pages/a.jpg")
    with pytest.raises(UsageError, match=message):
        plan_extraction(sources, output)


@pytest.mark.parametrize(
    ("output", "look", "kind", "message"),
    [
        ("out.txt", OutputStyle(), OutputError, "unknown picture format"),
        ("none/out.png", OutputStyle(), OutputError, "no such folder"),
        ("b.jpg", OutputStyle(), OutputError, "exists already"),
        ("new.jpg", OutputStyle(alpha=True), UsageError, "JPEG has no transparency"),
        ("a.png/out", OutputStyle(), OutputError, "a.png is a file; no folder can be made in it"),
    ],
)
def test_outputs_that_cannot_be_written_are_known_before(output, look, kind, message):
    tasks = plan_extraction(["pages/one.png"], output)
    with pytest.raises(kind, match=message):
        check_outputs(tasks, look, overwrite=False)


def test_a_check_makes_no_folder():
    check_outputs(plan_extraction(["a.png"], "new/folder"), OutputStyle(), overwrite=False)
    assert not Path("new").exists()


def test_a_task_is_known_by_its_files():
    (task,) = plan_extraction(["a.png"], "out")
    before = task.sha256()
    assert task.sha256() == before
    Image.new("RGB", (8, 6), "blue").save("a.png")
    assert task.sha256() != before
    faces = [ExtractionTask("00012", "x.png", None, {part: Path("a.png")}) for part in ("hair", "skin")]
    assert len({before, *(face.sha256() for face in faces)}) == 3


@pytest.mark.parametrize("invert", [False, True])
def test_looks(invert):
    lines = np.array([[0, 100, 255]], np.uint8)
    assert OutputStyle(invert=invert).render(lines).tolist() == [[255, 155, 0] if invert else [0, 100, 255]]
    see_through = OutputStyle(invert=invert, alpha=True).render(lines)
    assert see_through[0, :, 3].tolist() == [255, 155, 0]
    assert (see_through[..., :3] == (255 if invert else 0)).all()


def test_a_task_knows_its_files():
    assert ExtractionTask("-", "out.png").files == ()
    assert ExtractionTask("a.png", "out.png").files == (Path("a.png"),)
