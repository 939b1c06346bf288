"""What a table will cost: the memory and the time of each row, before it is trained."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rltn_cli.engine.table2.jobs import Job
from rltn_cli.engine.training.accelerator import make_accelerator
from rltn_cli.engine.training.frozen_networks import load_frozen_networks
from rltn_cli.engine.training.memory_estimate import estimate_memory
from rltn_cli.engine.training.run_data import TrainingData, prepare_data
from rltn_cli.engine.training.trainer import Trainer
from rltn_cli.training_config import TrainConfig

_WARM, _TIMED = 1, 2
"""Steps before those that are timed, and of those."""


@dataclass(frozen=True, slots=True)
class RowEstimate:
    """What a row will cost."""

    job: Job
    parameters: int
    memory: int
    """Bytes."""
    seconds: float
    """Of the training that is left; evaluation not included."""


def estimate_rows(jobs: Sequence[Job]) -> Iterator[RowEstimate]:
    """Estimate each row by a few of its own training steps, of which nothing is kept.

    Raises:
        RltnError: data or networks cannot be used.
    """
    timed: dict[str, tuple[int, int, float]] = {}
    prepared: dict[str, TrainingData] = {}
    for job in jobs:
        config = job.config
        if job.data not in prepared:
            prepared = {job.data: prepare_data(config)}
        if job.row not in timed:
            timed[job.row] = time_row(config, prepared[job.data])
        parameters, memory, seconds = timed[job.row]
        left = 0 if job.trained else config.steps - job.steps_done
        yield RowEstimate(job, parameters, memory, left * seconds)


def time_row(config: TrainConfig, data: TrainingData) -> tuple[int, int, float]:
    """Return the parameters, the bytes and the seconds a step of a configuration."""
    trainer = Trainer(
        config, data.store(data.train, config.largest_size),
        frozen=load_frozen_networks(config), accelerator=make_accelerator(config),
    )  # fmt: skip
    steps = min(_WARM + _TIMED, config.steps)
    begun, seconds = time.perf_counter(), 0.0
    for report in trainer.run(until=steps):
        seconds = (
            report.seconds if report.step <= _WARM else (time.perf_counter() - begun) / (report.step - _WARM)
        )
        if report.step == _WARM:
            begun = time.perf_counter()
    model = trainer.networks.model.cpu()
    return trainer.networks.count_parameters(), estimate_memory(config, model).total, seconds
