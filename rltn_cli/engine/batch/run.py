"""A batch: many sketches through one Colorizer; reading, network, finishing and writing overlap in threads.

Every thread takes one sketch at a time from its file to its output. Each sketch goes through the network by
itself: in a batch of several the network's arithmetic, and so the picture, would depend on the neighbours.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from rltn_cli.choices import Finish, Lines
from rltn_cli.engine.batch.companions import Companions
from rltn_cli.engine.batch.events import MatchFacts, PaintingFacts, SketchEvent
from rltn_cli.engine.batch.journal import Record
from rltn_cli.engine.batch.plan import PaintingTask
from rltn_cli.engine.batch.references import ReferenceCache, match_score
from rltn_cli.engine.batch.threads import networks_at_once, pool_of, shared_processor
from rltn_cli.engine.inference.colorizer import Colorizer
from rltn_cli.engine.inference.drawings import Drawing, DrawingOptions
from rltn_cli.engine.inference.references import References
from rltn_cli.engine.runtime.threads import cores
from rltn_cli.errors import PictureError, RltnError
from rltn_cli.imaging.colors.palette_files import parse_palette
from rltn_cli.imaging.files.encoding import check_size, encode_picture
from rltn_cli.imaging.files.formats import format_of_output
from rltn_cli.imaging.files.pictures import read_bytes, read_picture
from rltn_cli.imaging.pixels import to_eight_bit
from rltn_cli.models.painted import Painted
from rltn_cli.painting.finish import FinishOptions

CANDIDATES = 4
"""How many of the most similar references the network compares."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options(DrawingOptions):
    """How to paint; the same for all sketches of a batch, and part of what counts as done."""

    size: int = 256
    finish: Finish = "auto"
    lines: Lines = "keep"
    gap: float | None = None
    """Pixels of each drawing; None is a share of its shorter side."""
    palette: str | None = None
    """The palette as hex values separated by commas."""
    fix_alike: bool = False
    transparent_paper: bool = False


@dataclass(frozen=True, slots=True)
class _Match:
    """Encoded references of a sketch, and what the network gave with them."""

    paths: tuple[Path, ...]
    references: References
    outputs: tuple[Painted, ...]
    facts: MatchFacts


class BatchPainter:
    """Paints many sketches."""

    def __init__(
        self,
        colorizer: Colorizer,
        record: Record,
        options: Options,
        *,
        model_sha256: str,
        model_revision: str | None = None,
        overwrite: bool = False,
        companions: Companions | None = None,
        jobs: int | None = None,
    ) -> None:
        """Take everything that the sketches share.

        Args:
            colorizer: paints.
            record: of the output folder.
            options: how to paint.
            model_sha256: tells the model from others.
            model_revision: the model's commit on the Hub, for the manifest.
            overwrite: paint again what is done, and replace files that a batch did not write.
            companions: what is written in addition to the pictures.
            jobs: how many sketches to work on at once; if None, one more than there are processor cores, so
                that none of them waits while a sketch is read or written.
        """
        self._colorizer, self._record, self._options = colorizer, record, options
        self._companions = companions or Companions(Path())
        self._model_sha256, self._overwrite = model_sha256, overwrite
        self._source = {"model_revision": model_revision} if model_revision else {}
        self.jobs = jobs or cores() + 1
        self._networks = networks_at_once(colorizer.device, options.size, min(self.jobs, cores()))
        self._slots = threading.BoundedSemaphore(self._networks)
        self.cache = ReferenceCache(
            colorizer, options.size, margins=options.margins, slot=lambda: self._slots
        )
        self._events: SimpleQueue[SketchEvent | Future[None]] = SimpleQueue()

    def run(self, tasks: Sequence[PaintingTask], stop: threading.Event) -> Iterator[SketchEvent]:
        """Paint, and yield what happens as it happens.

        A sketch that fails is reported as an event; the others go on.

        Args:
            tasks: what to do.
            stop: once it is set, the sketches at work are finished and no other is begun.
        """
        if tasks:
            side = self._options.size
            self._colorizer.duration.announce(side * side, side * side, size=side)
        left, lock = iter(tasks), threading.Lock()
        halt = threading.Event()

        def work() -> None:
            while not (stop.is_set() or halt.is_set()):
                with lock:
                    task = next(left, None)
                if task is None:
                    return
                self._events.put(self._handle(task))

        jobs = max(1, min(self.jobs, len(tasks)))
        with shared_processor(self._colorizer.device, self.jobs, self._networks), pool_of(jobs) as pool:
            try:
                for _ in range(jobs):
                    pool.submit(work).add_done_callback(self._events.put)
                while jobs:
                    event = self._events.get()
                    if isinstance(event, Future):
                        event.result()  # raises programming errors
                        jobs -= 1
                    else:
                        yield event
            finally:
                halt.set()

    def _handle(self, task: PaintingTask) -> SketchEvent:
        """Paint one sketch and return how it ended."""
        started = time.monotonic()
        sketch, output = str(task.sketch), str(task.output)
        try:
            data, key = self._key(task)
            companions = self._companions.paths(task.output)
            if not self._overwrite and self._record.is_done(task.output, key, companions):
                return {"event": "skipped", "sketch": sketch, "output": output}
            self._events.put({"event": "started", "sketch": sketch, "output": output})
            facts = self._paint(task, data, key, started)
        except (RltnError, OSError, MemoryError) as error:
            reason = str(error) or "not enough memory"
            self._record.fail(task.output, {"sketch": sketch, "reason": reason})
            return {"event": "failed", "sketch": sketch, "output": output, "reason": reason}
        return {"event": "done", "sketch": sketch, "output": output, **facts}

    def _key(self, task: PaintingTask) -> tuple[bytes, dict[str, Any]]:
        """Read a sketch, and return its bytes and what makes its result what it is."""
        if task.problem:
            raise PictureError(task.problem)
        data = read_bytes(task.sketch)
        named = not task.choose
        references = self.cache.hashes(task.references) if named else [self.cache.set_hash(task.references)]
        options: dict[str, Any] = {
            **asdict(self._options),
            "match": "named" if named else "auto",
            "palette": task.palette or self._options.palette,
            "fixes": [str(fix) for fix in task.fixes],
            "ref_weights": list(task.weights) if task.weights else None,
        }
        if self._colorizer.precision != "fp32":  # which those of earlier versions were
            options["precision"] = self._colorizer.precision
        return data, {
            "input_sha256": hashlib.sha256(data).hexdigest(),
            "reference_sha256": references,
            "model_sha256": self._model_sha256,
            "options": options,
        }

    def _paint(
        self, task: PaintingTask, data: bytes, key: Mapping[str, Any], started: float
    ) -> PaintingFacts:
        """Take a sketch from its bytes to its output, and return what there is to say about it."""
        options, record = self._options, self._record
        companions = self._companions.paths(task.output)
        exists = record.may_replace(task.output, self._overwrite, companions)
        picture = read_picture(data, name=str(task.sketch), page=options.page)
        check_size(picture.size, format_of_output(task.output), str(task.output))
        self._companions.check_one(task, picture.size, record, self._overwrite)
        drawing = self._colorizer.prepare(picture, size=options.size, options=options)
        for fix in task.fixes:
            fix.check(drawing.grey)
        match = (
            self._choose(task, drawing)
            if task.choose
            else self._match(task.references, drawing, task.weights)
        )
        result = self._colorizer.finish(drawing, match.references, match.outputs, self._finishing(task))
        encoded = encode_picture(
            result.image, format_of_output(task.output), result.dpi, name=str(task.output)
        )
        facts: PaintingFacts = {
            "references": [str(path) for path in match.paths],
            "seconds": round(time.monotonic() - started, 3),
            **match.facts,
            "notices": list(result.notices),
        }
        entry = {"sketch": str(task.sketch), **facts, **key, **self._source}
        record.write(
            task.output, encoded, entry, overwrite=exists, companions=companions,
            write_companions=lambda: self._companions.write(result, task.output),
        )  # fmt: skip
        return facts

    def _finishing(self, task: PaintingTask) -> FinishOptions:
        """Return how a sketch is finished."""
        options = self._options
        palette = task.palette or options.palette
        return FinishOptions(
            options.finish, options.lines, options.gap, parse_palette(palette) if palette else None,
            task.fixes, options.fix_alike, options.transparent_paper,
        )  # fmt: skip

    def _match(
        self, paths: tuple[Path, ...], drawing: Drawing, weights: tuple[float, ...] | None = None
    ) -> _Match:
        """Run the network with the references that are named."""
        references = self.cache.encode(paths)
        if weights is not None:
            references = references.with_weights(weights)
        with self._slots:
            outputs = self._colorizer.paint(drawing, references)
            score = match_score(self._colorizer.model, outputs, references)
        return _Match(paths, references, outputs, {"score": score})

    def _choose(self, task: PaintingTask, drawing: Drawing) -> _Match:
        """Run the network with the reference that matches best.

        The most similar ones at 8x8 come first; of them the network's confidence chooses, where it has any.
        """
        candidates = CANDIDATES if self._colorizer.model.config.correspondence else 1
        near = self.cache.nearest(to_eight_bit(drawing.ink), task.references, candidates)
        first: _Match | None = None
        scores: dict[Path, float] = {}
        for path, _ in near:
            try:
                if first is None:
                    first = self._match((path,), drawing)
                    scores[path] = first.facts["score"] or 0.0
                    continue
                references = self.cache.encode((path,))
            except PictureError as error:  # it disappeared, or changed, on the way
                _log.warning("%s; it is left out", error)
                continue
            with self._slots:
                scores[path] = match_score(self._colorizer.model, first.outputs, references) or 0.0
        if first is None:
            raise PictureError(f"{task.sketch}: none of the most similar references can be read")
        chosen = max(scores, key=lambda path: scores[path])
        best = first if (chosen,) == first.paths else self._match((chosen,), drawing)
        facts: MatchFacts = {**best.facts, "cosine": round(dict(near)[chosen], 4)}
        return _Match(best.paths, best.references, best.outputs, facts)
