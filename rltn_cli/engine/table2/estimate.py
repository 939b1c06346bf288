"""What a table will cost: the memory and the time of each row, before it is trained."""

import dataclasses
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rltn_cli.choices import EvaluationProtocol
from rltn_cli.data.recipes import read_data
from rltn_cli.data.splits import VAL
from rltn_cli.engine import evaluation
from rltn_cli.engine.checkpoints.weights import save_model
from rltn_cli.engine.evaluation.evaluator import EvaluationConfig, Evaluator
from rltn_cli.engine.evaluation.protocols import plan
from rltn_cli.engine.runtime.quiet_logging import without_warnings
from rltn_cli.engine.table2.jobs import PROTOCOLS, Job, evaluation_config
from rltn_cli.engine.table2.sheet import DRAWINGS
from rltn_cli.engine.training.accelerator import make_accelerator
from rltn_cli.engine.training.frozen_networks import load_frozen_networks
from rltn_cli.engine.training.memory_estimate import estimate_memory
from rltn_cli.engine.training.run_data import TrainingData, prepare_data
from rltn_cli.engine.training.trainer import Trainer
from rltn_cli.models.architectures import PaintingNetwork
from rltn_cli.training_config import TrainConfig

_WARM, _TIMED = 1, 2
"""Steps, or drawings, before those that are timed, and of those."""


@dataclass(frozen=True, slots=True)
class RowEstimate:
    """What a row will cost."""

    job: Job
    parameters: int
    memory: int
    """Bytes."""
    training: float
    """Seconds of the steps that are left."""
    evaluation: float
    """Seconds of the evaluations that are left, and of the row's pictures on the contact sheet."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The drawings of an evaluation on a set of data."""

    drawings: int
    seconds: float
    """For choosing them and their references."""


@dataclass(frozen=True, slots=True)
class RowTimes:
    """What was measured of a row on the first set of data."""

    parameters: int
    memory: int
    """Bytes."""
    first_step: float
    """Seconds of a training step before the late terms begin."""
    step: float
    """Seconds of a training step with all terms."""
    begin: float
    """Seconds in which an evaluation loads its networks and puts the figures together."""
    drawing: float
    """Seconds for painting a drawing and measuring the picture."""


def estimate_rows(jobs: Sequence[Job]) -> Iterator[RowEstimate]:
    """Estimate each row by a few of its own training steps and of its pictures, of which nothing is kept.

    Raises:
        RltnError: data or networks cannot be used.
    """
    timed: dict[str, RowTimes] = {}
    prepared: dict[str, TrainingData] = {}
    plans: dict[str, dict[EvaluationProtocol, Plan]] = {}
    for job in jobs:
        if job.data not in prepared:
            prepared = {job.data: prepare_data(job.config)}
            plans = {job.data: {protocol: time_plan(job, protocol) for protocol in PROTOCOLS}}
        if job.row not in timed:
            timed[job.row] = time_row(job, prepared[job.data])
        times = timed[job.row]
        yield RowEstimate(
            job,
            times.parameters,
            times.memory,
            _training(job, times),
            _evaluation(job, times, plans[job.data]),
        )


def _training(job: Job, times: RowTimes) -> float:
    """Return the seconds of the steps that a row still lacks."""
    if job.trained:
        return 0.0
    first = max(0, job.config.adversarial_from - job.steps_done)
    return first * times.first_step + (job.config.steps - job.steps_done - first) * times.step


def _evaluation(job: Job, times: RowTimes, plans: Mapping[EvaluationProtocol, Plan]) -> float:
    """Return the seconds of the evaluations that a row still lacks, and of its column on the sheet."""
    left = [plans[protocol] for protocol in PROTOCOLS if job.evaluation(protocol) is None]
    shown = DRAWINGS if job.seed == 0 else 0
    return sum(times.begin + own.seconds + own.drawings * times.drawing for own in left) + (
        shown * times.drawing
    )


def time_plan(job: Job, protocol: EvaluationProtocol) -> Plan:
    """Return how many drawings a row is evaluated on by a protocol, and what it takes to choose them."""
    begun = time.perf_counter()
    limit = job.measurement.limit
    samples = plan(read_data([job.data]), protocol, split=VAL, limit=limit, seed=job.seed)
    return Plan(len(samples), time.perf_counter() - begun)


def time_row(job: Job, data: TrainingData) -> RowTimes:
    """Measure a row: some training steps, and an evaluation of a few drawings by the weights they give."""
    config = job.config
    first_step = time_steps(config, data)[1] if config.adversarial_from else 0.0
    model, seconds = time_steps(dataclasses.replace(config, adversarial_from=0, perceptual_from=0), data)
    parameters, memory = sum(value.numel() for value in model.parameters()), estimate_memory(config, model)
    with tempfile.TemporaryDirectory() as folder:
        drawn = evaluation_config(job, "self", save_model(model, Path(folder) / "model"))
        begin, drawing = time_evaluation(drawn, offline=job.measurement.offline)
    return RowTimes(parameters, memory.total, first_step, seconds, begin, drawing)


def time_steps(config: TrainConfig, data: TrainingData) -> tuple[PaintingNetwork, float]:
    """Return what a few steps have trained, on the CPU, and the seconds a step."""
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
    return trainer.networks.model.cpu(), seconds


def time_evaluation(config: EvaluationConfig, *, offline: bool) -> tuple[float, float]:
    """Return the seconds around the drawings of an evaluation, and those a drawing.

    Args:
        config: of the evaluation; a few of its drawings are painted and measured, one at a time.
        offline: leave out metrics whose networks would have to be downloaded.
    """
    few = min(_WARM + _TIMED, config.limit or _WARM + _TIMED)
    begun = time.perf_counter()
    moments: list[float] = []
    with without_warnings(evaluation.__name__):
        evaluator = Evaluator(dataclasses.replace(config, limit=few, batch=1), offline=offline)
        loaded = time.perf_counter()
        evaluator.run(lambda _: moments.append(time.perf_counter()))
    ended = time.perf_counter()
    drawing = (moments[-1] - moments[0]) / (len(moments) - 1)
    return loaded - begun + ended - moments[-1], drawing
