"""A batch, from the search for its sketches to its manifest, in one process or shared by several."""

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from rltn_cli.choices import LayersFormat, PaintingPrecision
from rltn_cli.config_files import to_json
from rltn_cli.engine.batch.companions import Companions
from rltn_cli.engine.batch.events import BatchEvent, BatchPlan, SketchEvent
from rltn_cli.engine.batch.journal import Entry, Record
from rltn_cli.engine.batch.plan import Guide, PaintingTask, plan_batch
from rltn_cli.engine.batch.run import BatchPainter, Options
from rltn_cli.engine.checkpoints.header import read_model_files
from rltn_cli.engine.checkpoints.hub_client import commit_of
from rltn_cli.engine.inference.colorizer import Colorizer
from rltn_cli.engine.runtime.device import choose_device
from rltn_cli.engine.runtime.processes import Processes, device_name
from rltn_cli.errors import RltnError
from rltn_cli.imaging.colors.palette_files import parse_palette
from rltn_cli.imaging.files.pictures import read_picture
from rltn_cli.model_config import ModelConfig
from rltn_cli.output_files import make_folder
from rltn_cli.painting.finish import FinishOptions, no_correspondence
from rltn_cli.result_folders import MANIFEST

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """What a user asks of a batch."""

    sources: tuple[str, ...]
    output: Path
    guide: Guide
    model: Path
    """A folder or file, as `find_model` returns it."""
    options: Options = field(default_factory=Options)
    ending: str = "png"
    recursive: bool = False
    null: bool = False
    """Whether names on standard input end in NUL bytes."""
    overwrite: bool = False
    device: str = "auto"
    jobs: int | None = None
    save: Path | None = None
    """A folder for saved paintings."""
    layers: Path | None = None
    """A folder for layers."""
    layers_format: LayersFormat = "ora"
    precision: PaintingPrecision = "auto"

    @property
    def companions(self) -> Companions:
        """What is written in addition to the pictures."""
        return Companions(self.output, self.save, self.layers, self.layers_format)

    def plan(self) -> list[PaintingTask]:
        """Find out what there is to do; see `plan_batch`, `Companions.check` and `FinishOptions.check`."""
        tasks = plan_batch(
            self.sources, self.output, self.guide,
            ending=self.ending, recursive=self.recursive, null=self.null,
        )  # fmt: skip
        self.companions.check(tasks)
        for task in tasks:
            FinishOptions(self.options.finish, fixes=task.fixes).check()
        return tasks


@dataclass(frozen=True, slots=True)
class _Part:
    """What one process has to tell the others."""

    rank: int
    counts: Mapping[str, int]
    left: int
    news: Mapping[str, Entry]
    interrupted: bool
    error: str | None


def paint_all(request: BatchRequest, stop: threading.Event) -> Iterator[BatchEvent]:
    """Paint a batch and write its manifest; under `torchrun` or `accelerate launch` each process its share.

    Yields:
        First `plan`, with the number of sketches of this process; then the events of `BatchPainter.run` as
        they happen; last, in the first process alone, `summary`: counts of done, skipped, failed and left,
        the sketches that failed, seconds, the manifest's path, and whether it was interrupted.

    Raises:
        UsageError: see `plan_batch`; nothing was painted.
        RltnError: the output folder, a reference for all sketches, the model or a process failed.
    """
    started = time.monotonic()
    processes = Processes.join(choose_device(device_name(request.device)))
    record, error = None, None
    try:
        tasks = _from_first(processes, lambda: _prepare(request))
        if tasks is None:
            return
        share = processes.share(tasks)
        counts: Counter[str] = Counter()
        try:
            record = Record(request.output, processes.rank)
            batch = _batch(request, record)
            yield _by_process({"event": "plan", "sketches": len(share)}, processes)
            for event in batch.run(share, stop):
                counts[event["event"]] += 1
                yield _by_process(event, processes)
        except RltnError as caught:
            error = str(caught)
        left = len(share) - sum(counts[name] for name in ("done", "skipped", "failed"))
        news = record.news if record else {}
        parts = processes.gather([_Part(processes.rank, counts, left, news, stop.is_set(), error)])
        if processes.is_main:
            yield from _end(request, record, parts, time.monotonic() - started)
    finally:
        if record is not None:
            record.close()
        processes.leave()


def _from_first(processes: Processes, work: Callable[[], T]) -> T | None:
    """Let the first process work and share the result; where it fails, it raises and the others get None."""
    result, error = None, None
    if processes.is_main:
        try:
            result = work()
        except RltnError as caught:
            error = caught
    (shared,) = processes.gather([result] if processes.is_main else [])
    if error is not None:
        raise error
    return shared


def _prepare(request: BatchRequest) -> list[PaintingTask]:
    """Find out what there is to do, and check what all sketches share before anything runs."""
    tasks = request.plan()
    _check_votes(request)
    for reference in request.guide.references:
        read_picture(reference)
    make_folder(request.output)
    return tasks


def _check_votes(request: BatchRequest) -> None:
    """Refuse what the model cannot give for want of correspondence."""
    config = read_model_files(request.model).config
    if isinstance(config, ModelConfig):
        return
    for name, value in (("--save", request.save), ("--layers", request.layers)):
        if value is not None:
            raise no_correspondence(config.network, name)
    options = request.options
    palette = parse_palette(options.palette) if options.palette else None
    FinishOptions(options.finish, palette=palette, transparent_paper=options.transparent_paper).without_votes(
        config.network
    )


def _batch(request: BatchRequest, record: Record) -> BatchPainter:
    """Load the model."""
    colorizer = Colorizer.from_pretrained(
        request.model, device=device_name(request.device), precision=request.precision
    )
    files = read_model_files(request.model)
    stored = b"".join(part.read_bytes() for part in files.parts)
    digest = hashlib.sha256(stored + to_json(files.config).encode())
    return BatchPainter(
        colorizer, record, request.options, model_sha256=digest.hexdigest(),
        model_revision=commit_of(request.model), overwrite=request.overwrite,
        companions=request.companions, jobs=request.jobs,
    )  # fmt: skip


def _end(
    request: BatchRequest, record: Record | None, parts: list[_Part], seconds: float
) -> Iterator[BatchEvent]:
    """Write the manifest and yield the summary; raise what stopped a process."""
    if record is not None:
        record.write_manifest(part.news for part in parts)
    for part in parts:
        if part.error is not None:
            process = f"process {part.rank}: " if len(parts) > 1 else ""
            raise RltnError(f"{process}{part.error}")
    total = sum((Counter(part.counts) for part in parts), Counter[str]())
    yield {
        "event": "summary",
        "done": total["done"],
        "skipped": total["skipped"],
        "failed": total["failed"],
        "left": sum(part.left for part in parts),
        "failures": [
            entry["sketch"] for part in parts for entry in part.news.values() if entry["status"] == "failed"
        ],
        "seconds": round(seconds, 2),
        "manifest": str(request.output / MANIFEST),
        "interrupted": any(part.interrupted for part in parts),
    }


def _by_process(event: BatchPlan | SketchEvent, processes: Processes) -> BatchEvent:
    """Add the process's number to its event, if there are several."""
    if processes.count > 1:
        event["process"] = processes.rank
    return event
