"""Extracts the lines of many pictures, one after the other; finished ones are skipped."""

import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rltn_cli.engine.batch.events import (
    ExtractionEvent,
    ExtractionSummary,
    PictureBegun,
    PictureDone,
    PictureFailed,
)
from rltn_cli.engine.batch.journal import Record
from rltn_cli.engine.batch.line_extraction import ExtractionTask, OutputStyle
from rltn_cli.engine.inference.line_extractor import LineExtractor
from rltn_cli.errors import RltnError
from rltn_cli.imaging.files.encoding import check_output, check_size, encode_picture, write_picture
from rltn_cli.imaging.files.formats import format_of_output
from rltn_cli.imaging.files.pictures import Picture
from rltn_cli.output_files import make_folder
from rltn_cli.result_folders import MANIFEST

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ExtractionOptions:
    """Options that apply to all pictures of an extraction."""

    style: OutputStyle = OutputStyle()  # noqa: RUF009 (it is frozen)
    page: int = 1
    """Of files that have several."""
    overwrite: bool = False
    """Whether existing files may be replaced, and finished pictures drawn again."""


def extract_all(
    tasks: Sequence[ExtractionTask],
    make: Callable[[], LineExtractor],
    options: ExtractionOptions,
    stop: threading.Event,
) -> Iterator[ExtractionEvent]:
    """Draw the lines of many pictures; one that cannot be drawn is reported, and the others go on.

    Results in a folder are recorded as those of a batch are, so that a later run can continue.

    Args:
        tasks: what to do.
        make: makes the extractor; called once, after the first picture was read.
        options: see there.
        stop: ends the work after the current picture.

    Yields:
        `plan` with the number of pictures; `started`, then `done` or `failed`, or else `skipped`, for each;
        `summary` with the counts of done, skipped, failed and left, the pictures that failed, seconds, the
        manifest, and whether it was interrupted.

    Raises:
        RltnError: the extractor cannot be made, or the folder cannot be written.
    """
    started = time.monotonic()
    folder = tasks[0].folder
    record = None if folder is None else _open_record(folder)
    counts: Counter[str] = Counter()
    failures = []
    try:
        run = _Run(make, options, record)
        yield {"event": "plan", "pictures": len(tasks)}
        for task in tasks:
            if stop.is_set():
                break
            for event in run.handle(task):
                counts[event["event"]] += 1
                if event["event"] == "failed":
                    failures.append(task.picture)
                yield event
    finally:
        if record is not None:
            record.write_manifest([record.news])
            record.close()
    summary: ExtractionSummary = {
        "event": "summary",
        "done": counts["done"],
        "skipped": counts["skipped"],
        "failed": len(failures),
        "left": len(tasks) - counts["done"] - counts["skipped"] - len(failures),
        "failures": failures,
        "seconds": round(time.monotonic() - started, 2),
        "interrupted": stop.is_set(),
    }
    if folder is not None:
        summary["manifest"] = str(folder / MANIFEST)
    yield summary


def _open_record(folder: Path) -> Record:
    """Make the folder of the results, and return its record."""
    make_folder(folder)
    return Record(folder)


class _Run:
    """State that the pictures of an extraction share."""

    def __init__(
        self, make: Callable[[], LineExtractor], options: ExtractionOptions, record: Record | None
    ) -> None:
        self._make, self._options, self._record = make, options, record
        self._extractor: LineExtractor | None = None

    def handle(self, task: ExtractionTask) -> Iterator[PictureBegun | PictureDone | PictureFailed]:
        """Draw one picture's lines, and yield what happens."""
        begun = time.monotonic()
        try:
            picture, digest = self._look_at(task)
        except (RltnError, OSError, MemoryError) as error:
            yield _event(task, "started")
            yield self._record_failure(task, error)
            return
        self._extractor = self._extractor or self._make()
        key = self._key(digest, self._extractor)
        if self._record and not self._options.overwrite and self._record.is_done(Path(task.output), key):
            yield _event(task, "skipped")
            return
        yield _event(task, "started")
        try:
            picture = picture or task.read(self._options.page)
            self._draw(task, picture, self._extractor, key)
        except (RltnError, OSError, MemoryError) as error:
            yield self._record_failure(task, error)
            return
        for notice in picture.notices:
            _log.warning("%s", notice)
        height, width = picture.size
        yield {
            "event": "done",
            "picture": task.picture,
            "output": task.output,
            "width": width,
            "height": height,
            "seconds": round(time.monotonic() - begun, 3),
            "notices": list(picture.notices),
        }

    def _look_at(self, task: ExtractionTask) -> tuple[Picture | None, str]:
        """Return the picture where there is no record, else the hash of its files."""
        if self._record is not None:
            return None, task.sha256()
        check_output(task.output, self._options.overwrite)
        return task.read(self._options.page), ""

    def _key(self, digest: str, extractor: LineExtractor) -> dict[str, Any]:
        """Return what makes a result what it is, as a record keeps it."""
        settings = json.loads(extractor.settings)
        style = self._options.style
        return {
            "input_sha256": digest,
            "reference_sha256": [],
            "model_sha256": settings.pop("weights_sha256"),
            "options": {
                **settings, "page": self._options.page, "invert": style.invert, "alpha": style.alpha,
            },
        }  # fmt: skip

    def _draw(
        self, task: ExtractionTask, picture: Picture, extractor: LineExtractor, key: dict[str, Any]
    ) -> None:
        """Draw and write one picture's lines."""
        output, picture_format = Path(task.output), format_of_output(task.output)
        check_size(picture.size, picture_format, task.output)
        exists = self._record is not None and self._record.may_replace(output, self._options.overwrite)
        lines = self._options.style.render(extractor(picture.flatten()))
        if self._record is None:
            write_picture(task.output, lines, dpi=picture.dpi, overwrite=self._options.overwrite)
            return
        encoded = encode_picture(lines, picture_format, picture.dpi, name=task.output)
        self._record.write(output, encoded, {"picture": task.picture, **key}, overwrite=exists)

    def _record_failure(self, task: ExtractionTask, error: BaseException) -> PictureFailed:
        """Return why a picture failed, and record it."""
        reason = str(error) or "not enough memory"
        if self._record is not None:
            self._record.fail(Path(task.output), {"picture": task.picture, "reason": reason})
        return {"event": "failed", "picture": task.picture, "output": task.output, "reason": reason}


def _event(task: ExtractionTask, name: Literal["started", "skipped"]) -> PictureBegun:
    return {"event": name, "picture": task.picture, "output": task.output}
