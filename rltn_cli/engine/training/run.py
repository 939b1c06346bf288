"""A run of `rltn train` from its first step to its model, in one process or shared by several."""

import dataclasses
import math
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accelerate import Accelerator

from rltn_cli.config import TrainConfig
from rltn_cli.data.sampling import Batch
from rltn_cli.engine.checkpoints.model_names import find_model
from rltn_cli.engine.checkpoints.weights import load_model, with_region_pooling
from rltn_cli.engine.runtime.device import describe_hardware
from rltn_cli.engine.training.accelerator import make_accelerator
from rltn_cli.engine.training.frozen_networks import make_lpips, make_trunk
from rltn_cli.engine.training.run_card import RunFacts, write_card
from rltn_cli.engine.training.run_data import TrainingData
from rltn_cli.engine.training.run_folder import Entry, RunFolder
from rltn_cli.engine.training.sample_grids import sample_batch
from rltn_cli.engine.training.schedule import rate_factor
from rltn_cli.engine.training.tensorboard_log import RunLog
from rltn_cli.engine.training.time_limit import Clock
from rltn_cli.engine.training.trainer import StepReport, Trainer
from rltn_cli.engine.training.validation import Validation
from rltn_cli.errors import DataError, TrainingError
from rltn_cli.models.rltn import RLTN

SHOWN = 8
"""Drawings in a sample grid."""

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """What a user asks of a run."""

    config: TrainConfig
    output: Path
    resume: Path | None = None
    """The state to go on from."""
    overwrite: bool = False
    offline: bool = False
    begun: float | None = None
    """When the call began, on the monotonic clock; its minutes count from there."""


def resolve_steps(config: TrainConfig, pairs: int) -> TrainConfig:
    """Return the configuration with its epochs as steps."""
    if not config.epochs:
        return config
    return dataclasses.replace(config, steps=max(1, math.ceil(config.epochs * pairs / config.batch)))


def train(request: Request, data: TrainingData, stop: threading.Event) -> Iterator[Event]:
    """Train, and leave in the run's folder what `RunFolder` lists.

    Under `torchrun` or `accelerate launch` the processes share every batch; only the first writes and yields.

    Args:
        request: its configuration's steps are what the learning rates are planned by.
        data: checked pairs.
        stop: once set, the step at work is finished, a state saved, and the run ends as interrupted.

    Yields:
        `lines` where some were extracted, `plan`, then `step` after every step, `validation`, `samples` and
        `checkpoint` as they come, and last `done` or `interrupted`.

    Raises:
        RltnError: the model, a picture, the folder, or training itself fails.
    """
    config = resolve_steps(request.config, len(data.train))
    begun = time.monotonic() if request.begun is None else request.begun
    accelerator = make_accelerator(config)
    try:
        yield from _Run(request, config, data, accelerator, Clock(begun, config.minutes)).events(stop)
        accelerator.wait_for_everyone()  # a process that leaves while another still works may abort
    except RuntimeError as error:
        if accelerator.num_processes == 1:
            raise
        reason = str(error).partition("\n")[0]
        raise TrainingError(
            f"process {accelerator.process_index}: stopped, since another process failed ({reason})"
        ) from error
    accelerator.free_memory()
    accelerator.end_training()


class _Run:
    """The parts of one call."""

    def __init__(
        self,
        request: Request,
        config: TrainConfig,
        data: TrainingData,
        accelerator: Accelerator,
        clock: Clock,
    ) -> None:
        self.request, self.config, self.data, self.clock = request, config, data, clock
        self.main = bool(accelerator.is_main_process)
        size = config.sizes[-1][1]
        model = start_model(config, offline=request.offline)
        self.trainer = Trainer(
            config,
            data.store(data.train, size),
            model=model,
            trunk=make_trunk(config),
            lpips=make_lpips(config, offline=request.offline),
            accelerator=accelerator,
            workers=config.workers,
        )
        if request.resume is not None:
            self.trainer.resume(request.resume)
        self.history: list[Entry] = []
        self.validation: Validation | None = None
        self.samples: Batch | None = None

    def events(self, stop: threading.Event) -> Iterator[Event]:
        """Train and yield the events; all but the first process only train."""
        extracted = self._extract(stop)
        if not self.main:
            for _ in self._steps(stop):
                pass
            return
        self.folder = RunFolder(self.request.output, overwrite=self.request.overwrite)
        self.folder.write_config(self.config)
        with RunLog(self.folder.path, self.trainer.step) as self.log:
            if extracted:
                yield {"event": "lines", "extracted": extracted, "method": self.config.lines}
            yield from self._prepare()
            self.clock.begin(sum(value.numel() for value in self.trainer.model.parameters()))
            begun = self.trainer.step
            try:
                for report in self._steps(stop):
                    yield self._step_event(report)
                    yield from self._late_events(report)
            except DataError:  # the weights are sound: keep them
                if self.trainer.step > begun:
                    self._checkpoint()
                raise
            step = self.trainer.step
            if step > begun:
                yield self._checkpoint()
            if self.interrupted:
                yield {"event": "interrupted", "step": step, "seconds": round(self.clock.elapsed(), 1)}
            else:
                yield from self._finish()

    def _extract(self, stop: threading.Event) -> int:
        """Extract the lines that are missing, each process its share; return how many this one did."""
        lines, trainer, extracted = self.data.lines, self.trainer, 0
        if lines is None:
            return 0
        pairs = [*self.data.train, *self.data.held]
        for pair in pairs[trainer.rank :: trainer.world]:
            if stop.is_set():
                break
            extracted += lines.fill([pair])
        trainer.accelerator.wait_for_everyone()
        return extracted

    def _prepare(self) -> Iterator[Event]:
        """Measure the weights that the run begins with."""
        config, data, trainer = self.config, self.data, self.trainer
        store = data.store([*data.held, *data.train], config.sizes[-1][1])
        self.history = self.folder.read_history(trainer.step)
        shown = data.store(data.held or data.train, config.sizes[-1][1])
        self.samples = sample_batch(shown, min(SHOWN, len(shown.pairs)), config.sizes[-1][1])
        if data.held:
            self.validation = Validation(store, config.val_pictures)
        terms = list(config.losses.active)
        yield {
            "event": "plan", "pairs": len(data.train), "held_back": len(data.held), "steps": config.steps,
            "step": trainer.step, "batch": config.batch, "terms": terms, "device": trainer.device.type,
            "processes": trainer.world, "parameters": sum(p.numel() for p in trainer.model.parameters()),
            "trained": sum(p.numel() for p in trainer.trained), "minutes": config.minutes,
        }  # fmt: skip
        if not self.history:
            yield from self._validate()
            yield self._draw()

    def _steps(self, stop: threading.Event) -> Iterator[StepReport]:
        """Do steps until the end, the end of the time, or a signal to any process."""
        trainer, clock = self.trainer, self.clock
        self.interrupted = False
        for report in trainer.run():
            yield report
            stopped, late, spent = trainer.agree(
                [float(stop.is_set()), float(clock.late(report.seconds)) if self.main else 0.0,
                 clock.spent() if self.main else 0.0]
            )  # fmt: skip
            trainer.spent = spent
            self.interrupted = bool(stopped)
            if stopped or late:
                break

    def _step_event(self, report: StepReport) -> Event:
        """Return what a step gave, and log it."""
        rate = self.config.batch / report.seconds
        factor = rate_factor(self.config, report.step - 1, self.trainer.spent)
        self.log.step(report, rate, self.config.generator_lr * factor)
        left = (self.config.steps - report.step) * (self.clock.step_seconds() or report.seconds)
        return {
            "event": "step", "step": report.step, "losses": report.losses,
            "images_per_second": round(rate, 3), "waited": round(report.waited / report.seconds, 4),
            "share": round(max(report.step / self.config.steps, self.trainer.spent), 4),
            "seconds_left": round(min(left, self.clock.left()), 1),
        }  # fmt: skip

    def _late_events(self, report: StepReport) -> Iterator[Event]:
        """Save, draw and measure when it is time to; the end of a run does so by itself."""
        config, last = self.config, report.step >= self.config.steps
        if report.step % config.checkpoint_every == 0 and not last:
            yield self._checkpoint()
        if report.step % config.sample_every == 0 and not last:
            yield self._draw()
        if config.val_every and report.step % config.val_every == 0 and not last:
            yield from self._validate()

    def _checkpoint(self) -> Event:
        with self.clock.saving():
            path = self.folder.save(self.trainer)
        return {"event": "checkpoint", "step": self.trainer.step, "path": str(path)}

    def _draw(self) -> Event:
        assert self.samples is not None
        with self.clock.drawing():
            path, grid = self.folder.write_samples(self.trainer, self.samples)
            self.log.picture(grid, self.trainer.step)
        return {"event": "samples", "step": self.trainer.step, "path": str(path)}

    def _validate(self) -> Iterator[Event]:
        """Measure the averaged weights, once a step."""
        if self.validation is None or not self.validation.ids:
            return
        trainer = self.trainer
        with self.clock.validating():
            values = self.validation.measure(trainer.averaged, trainer.device)
        entry = {"step": trainer.step, "pictures": len(self.validation.ids), **values}
        self.history = [old for old in self.history if old["step"] != trainer.step] + [entry]
        self.folder.write_history([*self.history])
        self.log.validation(values, trainer.step)
        yield {"event": "validation", **entry}

    def _finish(self) -> Iterator[Event]:
        """Measure the result and write the model."""
        yield self._draw()
        yield from self._validate()
        trainer = self.trainer
        facts = RunFacts(
            name=self.request.output.resolve().name, config=self.config, train=self.data.train,
            held=self.data.held, steps=trainer.step, seconds=trainer.seconds,
            hardware=describe_hardware(trainer.device, trainer.world),
            parameters=sum(value.numel() for value in trainer.model.parameters()), history=self.history,
        )  # fmt: skip
        model = self.folder.write_model(trainer, write_card(facts))
        yield {
            "event": "done", "step": trainer.step, "model": str(model),
            "seconds": round(self.clock.elapsed(), 1),
            "validation": self.history,
        }  # fmt: skip


def start_model(config: TrainConfig, *, offline: bool = False) -> RLTN | None:
    """Return the weights that a run begins with; None for fresh ones.

    Raises:
        ModelError: they cannot be found or loaded.
    """
    if not config.init:
        return None
    model = load_model(find_model(config.init, offline=offline))
    return with_region_pooling(model) if config.region_pooling else model
