"""The batch itself: what fails on the way, and what never happens twice."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from rltn_cli.choices import PaintingPrecision
from rltn_cli.engine.batch import run
from rltn_cli.engine.batch.events import SketchEvent
from rltn_cli.engine.batch.journal import Record
from rltn_cli.engine.batch.plan import PaintingTask
from rltn_cli.engine.batch.run import BatchPainter, Options
from rltn_cli.engine.inference.colorizer import Colorizer
from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    torch.manual_seed(0)
    return Colorizer(RLTN(PRESETS["tiny"]), "cpu")


@pytest.fixture
def tasks(tmp_path: Path) -> list[PaintingTask]:
    """Five drawings, two references in turn."""
    (tmp_path / "out").mkdir()
    for number in range(2):
        picture = np.full((64, 64, 3), (40, 200 * number, 240), np.uint8)
        cv2.imwrite(str(tmp_path / f"ref{number}.png"), cv2.circle(picture, (30, 30), 15, (250, 20, 20), -1))
    found = []
    for number in range(5):
        drawing = np.full((70, 64), 255, np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.png"), cv2.circle(drawing, (32, 32), 12 + number, 0, 2))
        reference = tmp_path / f"ref{number % 2}.png"
        found.append(
            PaintingTask(tmp_path / f"{number}.png", (reference,), tmp_path / "out" / f"{number}.png")
        )
    return found


@pytest.fixture
def record(tmp_path: Path, tasks: list[PaintingTask]) -> Iterator[Record]:
    record = Record(tmp_path / "out")
    yield record
    record.close()


def make(colorizer: Colorizer, record: Record, jobs: int = 2) -> BatchPainter:
    return BatchPainter(colorizer, record, Options(size=64), model_sha256="m", jobs=jobs)


def ends(events: list[SketchEvent]) -> dict[str, str]:
    return {Path(event["sketch"]).name: event["event"] for event in events if event["event"] != "started"}


def test_each_reference_is_encoded_once(
    colorizer: Colorizer, record: Record, tasks: list[PaintingTask]
) -> None:
    batch = make(colorizer, record, jobs=4)
    events = list(batch.run(tasks, threading.Event()))
    assert set(ends(events).values()) == {"done"}
    assert len(events) == 10
    assert batch.cache.encodings == 2


def test_all_sketches_take_the_palette(
    colorizer: Colorizer, record: Record, tasks: list[PaintingTask]
) -> None:
    options = Options(size=64, finish="flat", gap=2, palette="0a141e,c8d2dc")
    painter = BatchPainter(colorizer, record, options, model_sha256="m", jobs=2)
    assert set(ends(list(painter.run(tasks, threading.Event()))).values()) == {"done"}
    for task in tasks:
        paper = cv2.imread(str(task.sketch), cv2.IMREAD_GRAYSCALE) == 255
        found = np.unique(cv2.imread(str(task.output))[paper], axis=0).tolist()
        assert all(color in ([30, 20, 10], [220, 210, 200]) for color in found)


def test_nothing_to_do_ends_at_once(colorizer: Colorizer, record: Record) -> None:
    assert list(make(colorizer, record).run([], threading.Event())) == []


def test_a_reference_that_disappears_on_the_way_fails_its_sketches_alone(
    colorizer: Colorizer, record: Record, tasks: list[PaintingTask]
) -> None:
    events = []
    for event in (running := make(colorizer, record, jobs=1).run(tasks, threading.Event())):
        events.append(event)
        if len(events) == 1:  # the first is at work with the other reference
            tasks[1].references[0].unlink()
    running.close()
    assert ends(events) == {
        "0.png": "done",
        "1.png": "failed",
        "2.png": "done",
        "3.png": "failed",
        "4.png": "done",
    }
    reasons = [event["reason"] for event in events if event["event"] == "failed"]
    assert all("ref1.png: there is no such file" in reason for reason in reasons)


def test_a_full_disk_fails_each_picture_and_leaves_no_half_file(
    colorizer: Colorizer, record: Record, tasks: list[PaintingTask], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.open

    def refuse(path: Path, mode: str = "r", *arguments: object, **options: object) -> object:
        return real(Path("/dev/full"), "wb") if mode == "wb" else real(path, mode, *arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    events = list(make(colorizer, record).run(tasks, threading.Event()))
    assert set(ends(events).values()) == {"failed"}
    assert all("No space left" in event["reason"] for event in events if event["event"] == "failed")
    monkeypatch.undo()
    assert [path.name for path in (tasks[0].output.parent).iterdir()] == [".rltn-journal-0.jsonl"]
    assert set(ends(list(make(colorizer, record).run(tasks, threading.Event()))).values()) == {"done"}


def test_our_own_mistake_ends_the_batch_and_is_not_hidden(
    colorizer: Colorizer, record: Record, tasks: list[PaintingTask], monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistake(*_: object) -> float:
        raise ZeroDivisionError

    monkeypatch.setattr(run, "match_score", mistake)
    with pytest.raises(ZeroDivisionError):
        list(make(colorizer, record).run(tasks, threading.Event()))


def test_once_stopped_no_other_sketch_is_begun(
    colorizer: Colorizer, record: Record, tasks: list[PaintingTask]
) -> None:
    stop = threading.Event()
    events = []
    for event in make(colorizer, record, jobs=1).run(tasks, stop):
        events.append(event)
        stop.set()
    assert 1 <= len(ends(events)) <= 2
    assert len(events) == 2 * len(ends(events))


def test_a_batch_that_nobody_listens_to_stops(
    colorizer: Colorizer, record: Record, tasks: list[PaintingTask]
) -> None:
    before = threading.active_count()
    running = make(colorizer, record, jobs=1).run(tasks, threading.Event())
    next(running)
    running.close()
    assert threading.active_count() == before
    assert len(list(tasks[0].output.parent.glob("*.png"))) < 5


def test_the_libraries_threads_are_as_before(
    colorizer: Colorizer, record: Record, tasks: list[PaintingTask]
) -> None:
    before = torch.get_num_threads(), cv2.getNumThreads()
    running = make(colorizer, record, jobs=3).run(tasks, threading.Event())
    next(running)
    time.sleep(0.01)
    running.close()
    assert (torch.get_num_threads(), cv2.getNumThreads()) == before


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_batch_paints_as_one_painting_does(
    precision: PaintingPrecision, record: Record, tasks: list[PaintingTask]
) -> None:
    torch.manual_seed(0)
    colorizer = Colorizer(RLTN(PRESETS["tiny"]), "cpu", precision)
    list(make(colorizer, record).run(tasks, threading.Event()))
    for task in tasks:
        alone = colorizer(task.sketch, list(task.references), size=64).image
        painted = cv2.imread(str(task.output))
        assert painted is not None
        assert np.array_equal(painted[..., ::-1], alone)


def test_another_precision_is_another_result(
    colorizer: Colorizer, record: Record, tasks: list[PaintingTask]
) -> None:
    half = Colorizer(colorizer.model, "cpu", "bf16")
    for painter, wanted in ((colorizer, "done"), (colorizer, "skipped"), (half, "done"), (half, "skipped")):
        found = ends(list(make(painter, record).run(tasks[:1], threading.Event())))
        assert found == {"0.png": wanted}
