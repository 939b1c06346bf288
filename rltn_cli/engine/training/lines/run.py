"""A run that trains a network to draw lines, in a folder.

FOLDER/config.json   what the run was begun with
FOLDER/edges/        what HED sees on some paintings
FOLDER/log.jsonl     losses, one line per report
FOLDER/state/        the training state
FOLDER/model/        the network so far, in the layout of weights/
"""

import json
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rltn_cli.choices import LinePrecision
from rltn_cli.config_files import from_mapping, to_json
from rltn_cli.data.pairs import Pair, read_pairs
from rltn_cli.data.splits import select_split
from rltn_cli.engine.checkpoints.line_models import load_line_model, save_line_model
from rltn_cli.engine.checkpoints.model_names import find_model
from rltn_cli.engine.training.lines.batches import SIZE, Example, LineBatches, find_examples
from rltn_cli.engine.training.lines.edge_maps import missing_maps, write_edge_maps
from rltn_cli.engine.training.lines.trainer import LineTrainer, LineTraining
from rltn_cli.errors import ConfigError, OutputError, TrainingError, UsageError
from rltn_cli.output_files import hold_folder, put_back_folder, write_file
from rltn_cli.result_folders import EDGES, MODEL, RUN_CONFIG

LOG, STATE = "log.jsonl", "state"
Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LineRunConfig:
    """Options of a run."""

    data: str
    """Folder of pairs, as openlines has it."""
    teacher: str = ""
    """The original HED, by name; unset where the edge maps are there."""
    minutes: float = 60.0
    """Of computing, over all parts of the run."""
    batch: int = 12
    crop: int = 144
    """Sides of the crops in pixels."""
    lr: float = 2e-3
    precision: LinePrecision = "fp32"
    seed: int = 0
    save_minutes: float = 4.0
    """Between two saved states."""
    log_every: int = 25
    """Steps between two reports."""

    def __post_init__(self) -> None:
        if self.crop % 16 or not 32 <= self.crop <= SIZE:
            raise ConfigError(f"crop must be a multiple of 16 from 32 to {SIZE} pixels, not {self.crop}")
        for name in ("batch", "log_every"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be at least 1, not {getattr(self, name)}")
        for name in ("minutes", "lr", "save_minutes"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} must be above 0, not {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class LineRunRequest:
    """What a user asks of a run."""

    config: LineRunConfig
    output: Path
    resume: bool = False
    overwrite: bool = False
    offline: bool = False

    @property
    def edges(self) -> Path:
        """The folder of the edge maps."""
        return self.output / EDGES


@dataclass(frozen=True, slots=True)
class LinePlan:
    """What a run has to work with."""

    pairs: list[Pair]
    """Of the split `train`."""
    paintings: list[Pair]
    """Those that HED is to look at first."""


def resolve(output: Path, flags: Mapping[str, Any], *, resume: bool) -> LineRunConfig:
    """Return the configuration: defaults < the run that is resumed < flags.

    Raises:
        UsageError: no data, or nothing to resume.
        ConfigError: a value out of range.
        TrainingError: the saved configuration cannot be read.
    """
    before: dict[str, Any] = {}
    if resume:
        if not (output / RUN_CONFIG).is_file():
            raise UsageError(f"--resume: {output} holds no run; leave --resume out to begin one")
        before = _saved_config(output / RUN_CONFIG)
    values = {**before, **flags}
    if "data" not in values:
        raise UsageError("name a folder of pairs to learn from")
    return from_mapping(LineRunConfig, values, "options")


def _saved_config(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        from_mapping(LineRunConfig, values, str(path))
    except (OSError, ValueError, TypeError, ConfigError) as error:
        raise TrainingError(f"{path}: not the configuration of a run ({error})") from error
    return dict(values)


def prepare(request: LineRunRequest) -> LinePlan:
    """Check that the run can begin or continue, and return what it has to work with; nothing is written.

    Raises:
        OutputError: a run is there that may not be replaced, or a file is in the way.
        DataError: the pairs cannot be read, or a kind of lines has no example.
        UsageError: HED is needed, and not named.
    """
    output = request.output
    if output.exists() and not output.is_dir():
        raise OutputError(f"{output} is a file: name a folder for the run")
    begun = (output / RUN_CONFIG).exists()
    if begun and not (request.resume or request.overwrite):
        raise OutputError(
            f"{output} holds a run already: add --resume to continue it, or --overwrite to begin again"
        )
    pairs = select_split(read_pairs(Path(request.config.data)), "train")
    paintings = missing_maps(pairs, request.edges)
    if request.config.teacher:
        return LinePlan(pairs, paintings)
    if paintings and not request.edges.is_dir():
        raise UsageError(
            f"{len(paintings)} paintings need HED's edges: name its weights with --teacher "
            "(docs/extract-lines.md says what the file holds)"
        )
    find_examples(pairs, request.edges)
    return LinePlan(pairs, [])


def train_lines(request: LineRunRequest, plan: LinePlan, stop: threading.Event) -> Iterator[Event]:
    """Train until the minutes are over or `stop` is set, and yield what happens.

    Raises:
        RltnError: as `prepare`, a folder that another process writes to, a model that is unavailable, or a
            loss that is not finite.
    """
    with hold_folder(request.output):
        yield from _run(request, plan, stop)


def _run(request: LineRunRequest, plan: LinePlan, stop: threading.Event) -> Iterator[Event]:
    """Make the folder ready, train, and yield what happens."""
    config, output = request.config, request.output
    _make_ready(request)
    written = 0
    if plan.paintings:
        network = load_line_model(find_model(config.teacher, offline=request.offline))
        for _ in write_edge_maps(network, plan.paintings, request.edges, stop):
            written += 1
            yield {"event": "edges", "done": written, "of": len(plan.paintings)}
        if stop.is_set():
            yield {"event": "interrupted", "step": 0, "minutes": 0.0}
            return
    examples = find_examples(plan.pairs, request.edges)
    batches = LineBatches(examples, batch=config.batch, crop=config.crop, seed=config.seed)
    trainer = LineTrainer(batches, LineTraining(config.minutes, config.lr, precision=config.precision))
    if request.resume and (output / STATE).is_dir():  # a run may end before its first step
        trainer.resume(output / STATE)
    yield _plan_event(config, examples, trainer)
    yield from _steps(request, trainer, stop)


def _make_ready(request: LineRunRequest) -> None:
    """Empty the folder but for edge maps unless the run is resumed, and write the configuration."""
    output = request.output
    try:
        put_back_folder(output / STATE)
        if request.overwrite:
            if (output / STATE).is_dir():
                shutil.rmtree(output / STATE)
            shutil.rmtree(output / MODEL, ignore_errors=True)
            (output / LOG).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{output}: cannot be written ({error.strerror})") from error
    write_file(output / RUN_CONFIG, to_json(request.config).encode(), overwrite=True)


def _plan_event(config: LineRunConfig, examples: list[Example], trainer: LineTrainer) -> Event:
    kinds = Counter(example.lines.value for example in examples)
    return {
        "event": "plan", "examples": dict(kinds), "step": trainer.step, "minutes": config.minutes,
        "batch": config.batch, "parameters": sum(value.numel() for value in trainer.network.parameters()),
    }  # fmt: skip


def _steps(request: LineRunRequest, trainer: LineTrainer, stop: threading.Event) -> Iterator[Event]:
    """Do the steps, log and save now and then, and save at the end, also of a run that fails."""
    config, output = request.config, request.output
    saved, sums = time.monotonic(), Counter[str]()
    try:
        for losses in trainer.run():
            sums.update(losses)
            if trainer.step % config.log_every == 0:
                yield _log(output / LOG, trainer, {k: v / config.log_every for k, v in sums.items()})
                sums.clear()
            if stop.is_set():
                break
            if time.monotonic() - saved > 60 * config.save_minutes:
                _save(trainer, output)
                saved = time.monotonic()
                yield {"event": "checkpoint", **_place(trainer), "path": str(output / STATE)}
    finally:
        _save(trainer, output)
    ending = "done" if trainer.progress >= 1 else "interrupted"
    yield {"event": ending, **_place(trainer), "model": str(output / MODEL)}


def _place(trainer: LineTrainer) -> dict[str, float]:
    return {"step": trainer.step, "minutes": round(trainer.seconds / 60, 2)}


def _save(trainer: LineTrainer, folder: Path) -> None:
    """Write the state and the network so far."""
    trainer.save(folder / STATE)
    save_line_model(trainer.result(), folder / MODEL)


def _log(path: Path, trainer: LineTrainer, losses: Mapping[str, float]) -> Event:
    """Write one line of the log, and return it as an event."""
    facts = {**_place(trainer), "losses": {name: round(value, 5) for name, value in losses.items()}}
    with path.open("a", encoding="utf-8") as log:
        log.write(json.dumps(facts) + "\n")
    return {"event": "step", **facts}
