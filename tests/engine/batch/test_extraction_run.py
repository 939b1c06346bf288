"""Lines of many pictures, drawn again only where something changed."""

import json
import logging
import threading
from pathlib import Path

import pytest
from PIL import Image

from rltn_cli.engine.batch.extraction_run import ExtractionOptions, extract_all
from rltn_cli.engine.batch.line_extraction import OutputStyle, plan_extraction
from rltn_cli.engine.inference.line_extractor import LineExtractor
from rltn_cli.errors import OutputError
from rltn_cli.result_folders import JOURNAL, MANIFEST

OUT = Path("out")


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder with a folder of three pictures."""
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    for number, name in enumerate(("a.png", "b.png", "c.png")):
        picture = Image.new("RGB", (40, 30), (200, 60 * number, 20))
        picture.paste((10, 90, 60 * number), (5, 5, 20, 25))
        picture.save(f"in/{name}")


def draw(
    *sources: str, output: str = "out", threshold: float | None = None, **options: object
) -> dict[str, list]:
    """Draw by xdog; return the pictures by what became of them, and the summary."""
    found: dict[str, list] = {"done": [], "skipped": [], "failed": []}
    tasks = plan_extraction(sources or ("in",), output)
    make = lambda: LineExtractor.of("xdog", threshold=threshold)  # noqa: E731
    for event in extract_all(tasks, make, ExtractionOptions(**options), threading.Event()):
        if event["event"] in found:
            found[event["event"]].append(Path(event["picture"]).name)
        elif event["event"] == "summary":
            found["summary"] = [event]
    return found


def test_what_is_done_is_skipped() -> None:
    first = draw()
    assert first["done"] == ["a.png", "b.png", "c.png"]
    assert first["summary"][0]["manifest"] == "out/manifest.jsonl"
    before = {path.name: path.read_bytes() for path in OUT.iterdir()}
    again = draw()
    assert (again["done"], again["skipped"]) == ([], ["a.png", "b.png", "c.png"])
    assert again["summary"][0]["skipped"] == 3
    assert {path.name: path.read_bytes() for path in OUT.iterdir()} == before
    assert draw(overwrite=True)["done"] == ["a.png", "b.png", "c.png"]


@pytest.mark.parametrize("change", ["picture", "result", "missing", "threshold", "invert"])
def test_what_changed_is_drawn_again(change: str) -> None:
    draw()
    options: dict[str, object] = {}
    if change == "picture":
        Image.new("RGB", (40, 30), "blue").save("in/b.png")
    elif change == "missing":
        (OUT / "b.png").unlink()
    elif change == "result":
        (OUT / "b.png").write_bytes(b"mine")
        Image.new("RGB", (40, 30), "blue").save("in/b.png")
    elif change == "threshold":
        options["threshold"] = 0.3
    else:
        options["style"] = OutputStyle(invert=True)
    found = draw(**options)
    if change == "result":
        assert (found["failed"], found["skipped"]) == (["b.png"], ["a.png", "c.png"])
        assert (OUT / "b.png").read_bytes() == b"mine"
        return
    everything = ["a.png", "b.png", "c.png"]
    assert found["done"] == (everything if change in ("threshold", "invert") else ["b.png"])


def test_a_killed_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = plan_extraction(("in",), "out")
    events = extract_all(tasks, lambda: LineExtractor.of("xdog"), ExtractionOptions(), threading.Event())
    while next(events)["event"] != "done":
        pass
    journal = (OUT / JOURNAL.format(0)).read_bytes()
    events.close()
    (OUT / MANIFEST).unlink()  # as if killed: the journal is all there is
    (OUT / JOURNAL.format(0)).write_bytes(journal)
    found = draw()
    assert (found["skipped"], found["done"]) == (["a.png"], ["b.png", "c.png"])
    assert not list(OUT.glob(".rltn-*"))
    assert len((OUT / MANIFEST).read_text().splitlines()) == 3


def test_files_of_others_are_kept() -> None:
    OUT.mkdir()
    (OUT / "b.png").write_bytes(b"mine")
    found = draw()
    assert (found["done"], found["failed"]) == (["a.png", "c.png"], ["b.png"])
    assert (OUT / "b.png").read_bytes() == b"mine"
    assert draw(overwrite=True)["done"] == ["a.png", "b.png", "c.png"]


def test_failures_are_in_the_manifest_and_tried_again() -> None:
    Path("in/b.png").write_bytes(b"no picture")
    assert draw()["failed"] == ["b.png"]
    entries = [json.loads(line) for line in (OUT / MANIFEST).read_text().splitlines()]
    assert {entry["output"]: entry["status"] for entry in entries} == {
        "a.png": "done", "b.png": "failed", "c.png": "done",
    }  # fmt: skip
    Image.new("RGB", (40, 30), "blue").save("in/b.png")
    assert draw()["done"] == ["b.png"]


def test_one_picture_into_one_file_is_not_recorded() -> None:
    assert draw("in/a.png", output="lines.png")["done"] == ["a.png"]
    assert "manifest" not in draw("in/a.png", output="lines.png", overwrite=True)["summary"][0]
    assert not Path(MANIFEST).exists()


def test_results_are_no_pictures_in_a_later_run(caplog: pytest.LogCaptureFixture) -> None:
    draw(output="in/lines")
    with caplog.at_level(logging.INFO, "rltn_cli"):
        tasks = plan_extraction(("in",), "out", recursive=True)
    assert [task.picture for task in tasks] == ["in/a.png", "in/b.png", "in/c.png"]
    assert "in/lines: left out the results of rltn in it" in caplog.text


def test_pages_are_chosen() -> None:
    pages = [Image.new("RGB", (40, 30), "white") for _ in range(2)]
    pages[1].paste((10, 90, 60), (5, 5, 20, 25))
    pages[0].save("in/pages.tif", save_all=True, append_images=pages[1:])
    assert draw("in/pages.tif")["done"] == ["pages.tif"]
    first = (OUT / "pages.png").read_bytes()
    assert draw("in/pages.tif", page=2)["done"] == ["pages.tif"]
    assert (OUT / "pages.png").read_bytes() != first
    assert draw("in/pages.tif", page=2)["skipped"] == ["pages.tif"]
    assert draw("in/pages.tif", page=3)["failed"] == ["pages.tif"]


def test_a_folder_that_another_run_writes_to_is_refused() -> None:
    tasks = plan_extraction(("in",), "out")
    events = extract_all(tasks, lambda: LineExtractor.of("xdog"), ExtractionOptions(), threading.Event())
    next(events)
    with pytest.raises(OutputError, match="another batch is writing there"):
        draw()
    events.close()
