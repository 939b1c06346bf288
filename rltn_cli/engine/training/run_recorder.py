"""What a training run writes while it goes on: states, sample grids, measurements, and the model."""

from collections.abc import Iterator
from pathlib import Path

import torch

from rltn_cli.data.batches import Batch
from rltn_cli.engine.runtime.device import describe_hardware
from rltn_cli.engine.runtime.precision import is_bf16_native
from rltn_cli.engine.training.events import (
    CheckpointEvent,
    DoneEvent,
    PlanEvent,
    SamplesEvent,
    StepEvent,
    ValidationEntry,
    ValidationEvent,
)
from rltn_cli.engine.training.run_card import RunSummary, write_card
from rltn_cli.engine.training.run_data import TrainingData
from rltn_cli.engine.training.run_folder import RunFolder
from rltn_cli.engine.training.sample_grids import draw_grid_batch
from rltn_cli.engine.training.schedule import lr_multiplier
from rltn_cli.engine.training.tensorboard_log import RunLog
from rltn_cli.engine.training.time_limit import Clock
from rltn_cli.engine.training.trainer import StepReport, Trainer
from rltn_cli.engine.training.validation import Validation
from rltn_cli.training_config import TrainConfig

GRID_DRAWINGS = 8
"""Drawings in a sample grid."""


class RunRecorder:
    """Writes the folder of a run, and returns the events that report it; only in the main process."""

    def __init__(
        self,
        config: TrainConfig,
        data: TrainingData,
        trainer: Trainer,
        folder: RunFolder,
        log: RunLog,
        clock: Clock,
        *,
        samples: Batch,
        validation: Validation | None,
    ) -> None:
        """Keep what is recorded and where; see `open_recorder`."""
        self._config, self._data, self._trainer = config, data, trainer
        self._folder, self._log, self._clock = folder, log, clock
        self._samples, self._validation = samples, validation
        self._history: list[ValidationEntry] = []

    def begin(self) -> Iterator[PlanEvent | ValidationEvent | SamplesEvent]:
        """Report the plan, and measure the weights that the run begins with unless an earlier call did so."""
        config, data, trainer = self._config, self._data, self._trainer
        self._history = self._folder.read_history(trainer.step)
        yield {
            "event": "plan", "pairs": len(data.train), "held_back": len(data.held), "steps": config.steps,
            "step": trainer.step, "batch": config.batch, "terms": list(config.terms),
            "device": trainer.device.type, "precision": config.precision,
            "native_bf16": is_bf16_native(trainer.device),
            "processes": trainer.world_size, "threads": torch.get_num_threads(),
            "parameters": trainer.networks.count_parameters(),
            "trained": sum(value.numel() for value in trainer.networks.trained), "minutes": config.minutes,
        }  # fmt: skip
        if not self._history:
            yield from self.validate()
            yield self.draw_samples()

    def record_step(self, report: StepReport) -> StepEvent:
        """Log what a step gave."""
        config, clock, time_fraction = self._config, self._clock, self._trainer.time_fraction
        images_per_second = config.batch / report.seconds
        multiplier = lr_multiplier(config, report.step - 1, time_fraction)
        self._log.step(report, images_per_second, config.generator_lr * multiplier)
        left = (config.steps - report.step) * (clock.step_seconds() or report.seconds)
        return {
            "event": "step", "step": report.step, "losses": report.losses,
            "images_per_second": round(images_per_second, 3),
            "waited": round(report.waited / report.seconds, 4),
            "share": round(max(report.step / config.steps, time_fraction), 4),
            "seconds_left": round(min(left, clock.left()), 1),
        }  # fmt: skip

    def do_what_is_due(self, step: int) -> Iterator[CheckpointEvent | SamplesEvent | ValidationEvent]:
        """Save, draw and measure at the steps the configuration names; the end of a run does all three."""
        config = self._config
        if step >= config.steps:
            return
        if step % config.checkpoint_every == 0:
            yield self.save()
        if step % config.sample_every == 0:
            yield self.draw_samples()
        if config.val_every and step % config.val_every == 0:
            yield from self.validate()

    def save(self) -> CheckpointEvent:
        """Save a training state."""
        with self._clock.measure_saving():
            path = self._folder.save(self._trainer)
        return {"event": "checkpoint", "step": self._trainer.step, "path": str(path)}

    def draw_samples(self) -> SamplesEvent:
        """Write a sample grid."""
        with self._clock.measure_drawing():
            path, grid = self._folder.write_samples(self._trainer, self._samples)
            self._log.picture(grid, self._trainer.step)
        return {"event": "samples", "step": self._trainer.step, "path": str(path)}

    def validate(self) -> Iterator[ValidationEvent]:
        """Measure the averaged weights, where pictures were held back."""
        if self._validation is None or not self._validation.ids:
            return
        step = self._trainer.step
        with self._clock.measure_validation():
            metrics = self._validation.measure(self._trainer.networks.ema_model, self._trainer.device)
        entry: ValidationEntry = {"step": step, "pictures": len(self._validation.ids), **metrics}
        self._history = [old for old in self._history if old["step"] != step] + [entry]
        self._folder.write_history(self._history)
        self._log.validation(metrics, step)
        yield {"event": "validation", **entry}

    def finish(self, name: str) -> Iterator[SamplesEvent | ValidationEvent | DoneEvent]:
        """Measure the result and write the model with a card.

        Args:
            name: of the model.
        """
        yield self.draw_samples()
        yield from self.validate()
        trainer = self._trainer
        summary = RunSummary(
            name=name, config=self._config, train=self._data.train, held=self._data.held, steps=trainer.step,
            seconds=trainer.seconds, hardware=describe_hardware(trainer.device, trainer.world_size),
            parameters=trainer.networks.count_parameters(), history=self._history,
        )  # fmt: skip
        model: Path = self._folder.write_model(trainer, write_card(summary))
        yield {
            "event": "done", "step": trainer.step, "model": str(model),
            "seconds": round(self._clock.elapsed(), 1), "validation": self._history,
        }  # fmt: skip


def open_recorder(
    config: TrainConfig, data: TrainingData, trainer: Trainer, folder: RunFolder, log: RunLog, clock: Clock
) -> RunRecorder:
    """Return the recorder of a run, with the pictures that it shows and measures on.

    Raises:
        DataError: a picture cannot be read.
    """
    size = config.largest_size
    shown = data.store(data.held or data.train, size)
    samples = draw_grid_batch(shown, min(GRID_DRAWINGS, len(shown.pairs)), size)
    # held pairs first: training pairs may only be references
    store = data.store([*data.held, *data.train], size)
    validation = Validation(store, config.val_pictures) if data.held else None
    return RunRecorder(config, data, trainer, folder, log, clock, samples=samples, validation=validation)
