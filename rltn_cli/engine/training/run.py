"""A run of `rltn train` from its first step to its model, in one process or shared by several."""

import dataclasses
import math
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator

from rltn_cli.engine.checkpoints.model_names import find_model
from rltn_cli.engine.checkpoints.weights import extend, load_model
from rltn_cli.engine.runtime.device import choose_device
from rltn_cli.engine.training.accelerator import make_accelerator, resolve_precision
from rltn_cli.engine.training.events import TrainingEvent
from rltn_cli.engine.training.frozen_networks import load_frozen_networks
from rltn_cli.engine.training.run_data import TrainingData
from rltn_cli.engine.training.run_folder import RunFolder
from rltn_cli.engine.training.run_recorder import open_recorder
from rltn_cli.engine.training.tensorboard_log import RunLog
from rltn_cli.engine.training.time_limit import Clock
from rltn_cli.engine.training.trainer import StepReport, Trainer
from rltn_cli.errors import DataError, TrainingError
from rltn_cli.models.architectures import PaintingNetwork
from rltn_cli.models.rltn import RLTN
from rltn_cli.output_files import hold_folder
from rltn_cli.training_config import TrainConfig


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


def resolve_config(config: TrainConfig, pairs: int) -> TrainConfig:
    """Return the configuration with its epochs as steps, and the precision that `auto` stands for here.

    Raises:
        UsageError: `auto`, and no such device here.
    """
    if config.precision == "auto":
        config = resolve_precision(config, choose_device(config.device))
    if not config.epochs:
        return config
    return dataclasses.replace(config, steps=max(1, math.ceil(config.epochs * pairs / config.batch)))


def train(request: Request, data: TrainingData, stop: threading.Event) -> Iterator[TrainingEvent]:
    """Train, and leave in the run's folder what `RunFolder` lists.

    Under `torchrun` or `accelerate launch` the processes share every batch; only the first writes and yields.

    Args:
        request: the learning rates are planned by the steps of its configuration.
        data: checked pairs.
        stop: once set, the current step is finished, a state is saved, and the run ends as interrupted.

    Yields:
        `lines` if some were extracted, `plan`, then `step` after every step, `validation`, `samples` and
        `checkpoint` as they come, and last `done` or `interrupted`.

    Raises:
        RltnError: the model, a picture, the folder, or training itself fails.
    """
    config = resolve_config(request.config, len(data.train))
    begun = time.monotonic() if request.begun is None else request.begun
    accelerator = make_accelerator(config)
    try:
        yield from _run(request, config, data, accelerator, Clock(begun, config.minutes), stop)
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


def _run(
    request: Request,
    config: TrainConfig,
    data: TrainingData,
    accelerator: Accelerator,
    clock: Clock,
    stop: threading.Event,
) -> Iterator[TrainingEvent]:
    """Train and yield the events; all but the main process only train."""
    trainer = _make_trainer(request, config, data, accelerator)
    steps = _Steps(trainer, clock, stop)
    extracted = _extract_lines(data, trainer, stop)
    if not accelerator.is_main_process:
        for _ in steps.run():
            pass
        return
    with hold_folder(request.output):
        if extracted:
            yield {"event": "lines", "extracted": extracted, "method": config.lines}
        yield from _record(request, config, data, trainer, steps)


def _record(
    request: Request, config: TrainConfig, data: TrainingData, trainer: Trainer, steps: "_Steps"
) -> Iterator[TrainingEvent]:
    """Do the steps, write what the run's folder is to hold, and yield the events."""
    folder, clock = RunFolder(request.output, overwrite=request.overwrite), steps.clock
    folder.write_config(config)
    with RunLog(folder.path, trainer.step) as log:
        recorder = open_recorder(config, data, trainer, folder, log, clock)
        yield from recorder.begin()
        clock.begin(trainer.networks.count_parameters())
        first = trainer.step
        try:
            for report in steps.run():
                yield recorder.record_step(report)
                yield from recorder.do_what_is_due(report.step)
        except DataError:  # the weights are sound: keep them
            if trainer.step > first:
                recorder.save()
            raise
        if trainer.step > first:
            yield recorder.save()
        if steps.interrupted:
            yield {"event": "interrupted", "step": trainer.step, "seconds": round(clock.elapsed(), 1)}
        else:
            yield from recorder.finish(request.output.resolve().name)


def _make_trainer(
    request: Request, config: TrainConfig, data: TrainingData, accelerator: Accelerator
) -> Trainer:
    """Return the trainer of a run, in the state that the run continues from."""
    trainer = Trainer(
        config,
        data.store(data.train, config.largest_size),
        model=start_model(config, offline=request.offline),
        frozen=load_frozen_networks(config, offline=request.offline),
        accelerator=accelerator,
        workers=config.workers,
    )
    if request.resume is not None:
        trainer.resume(request.resume)
    return trainer


class _Steps:
    """The steps of a call: until the end, until the time is over, or until any process gets a signal."""

    def __init__(self, trainer: Trainer, clock: Clock, stop: threading.Event) -> None:
        self._trainer, self.clock, self._stop = trainer, clock, stop
        self.interrupted = False
        """Whether a signal ended the steps."""

    def run(self) -> Iterator[StepReport]:
        """Do the steps; all processes stop after the same one."""
        trainer, clock = self._trainer, self.clock
        is_main = trainer.accelerator.is_main_process  # its clock counts for all
        for report in trainer.run():
            yield report
            stopped, late, time_fraction = trainer.agree(
                [
                    float(self._stop.is_set()),
                    float(clock.note_step(report.seconds)) if is_main else 0.0,
                    clock.time_fraction() if is_main else 0.0,
                ]
            )
            trainer.time_fraction = time_fraction
            self.interrupted = bool(stopped)
            if stopped or late:
                break


def _extract_lines(data: TrainingData, trainer: Trainer, stop: threading.Event) -> int:
    """Extract the lines that are missing, each process its share; return how many this one extracted."""
    if data.lines is None:
        return 0
    extracted, pairs = 0, [*data.train, *data.held]
    for pair in pairs[trainer.rank :: trainer.world_size]:
        if stop.is_set():
            break
        extracted += data.lines.fill([pair])
    trainer.accelerator.wait_for_everyone()
    return extracted


def start_model(config: TrainConfig, *, offline: bool = False) -> PaintingNetwork | None:
    """Return the weights that a run begins with; None for fresh ones.

    Raises:
        ModelError: they cannot be found or loaded.
    """
    if not config.init:
        return None
    model = load_model(find_model(config.init, offline=offline))
    if not isinstance(model, RLTN):
        return model
    torch.manual_seed(config.seed)  # for the modules that older weights get
    return extend(model, config.fresh_model())
