"""The whole table: which rows there are to do, who does them, and what is written when all are done."""

import os
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias, TypedDict

import torch

from rltn_cli.choices import Precision, TablePrecision
from rltn_cli.data.recipes import read_data
from rltn_cli.data.splits import TRAIN, VAL
from rltn_cli.engine.checkpoints.trunks import read_trunk
from rltn_cli.engine.evaluation.evaluator import load_metric_networks
from rltn_cli.engine.runtime.device import choose_device
from rltn_cli.engine.runtime.precision import choose_training_precision
from rltn_cli.engine.table2.jobs import (
    PROTOCOLS,
    Job,
    Measurement,
    evaluation_config,
    run_evaluation,
    run_training,
)
from rltn_cli.engine.table2.results import write_results
from rltn_cli.engine.table2.rows import Budget, choose_rows
from rltn_cli.engine.training.events import TrainingEvent
from rltn_cli.engine.training.run_data import TrainingData, prepare_data
from rltn_cli.engine.training.run_folder import read_saved_config
from rltn_cli.errors import DataError, OutputError, UsageError
from rltn_cli.output_files import hold, make_folder
from rltn_cli.result_folders import RUN_CONFIG

POLL = 2.0
"""Seconds between two looks at what the other processes have done."""
_LAUNCHED = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "GROUP_RANK", "ROLE_RANK")
"""What a launcher of several processes sets; each process trains alone here."""


@dataclass(frozen=True, slots=True)
class TableRequest:
    """What a user asks of a table."""

    data: tuple[str, ...]
    """Sets of data, each a column: folders of pairs or recipes, with the splits train and val."""
    output: Path
    rows: tuple[str, ...] = ()
    """Names of rows; all if empty."""
    seeds: int = 1
    """Number of seeds, from 0 on; their results are averaged."""
    budget: Budget = field(default_factory=Budget)
    measurement: Measurement = field(default_factory=Measurement)
    studies: tuple[Path, ...] = ()
    """Files of people's marks, for Table 3."""

    def jobs(self) -> list[Job]:
        """Return all rows to train, the seeds and sets of data one after another.

        Raises:
            UsageError: no data, two sets of one name, or no such row.
            ConfigError: a size, batch or preset that training does not take.
        """
        names = [name_of(data) for data in self.data]
        if not names:
            raise UsageError("no data: name folders of pairs, or recipes such as openlines:FOLDER")
        if len(set(names)) < len(names):
            raise UsageError("two sets of data have the same name: rename a folder")
        jobs = [
            Job(row, data, seed, self.output / name / f"seed-{seed}" / row, self.budget, self.measurement)
            for data, name in zip(self.data, names, strict=True)
            for seed in range(self.seeds)
            for row in choose_rows(self.rows)
        ]
        for job in jobs:
            job.config.fresh_network()
        return jobs


def name_of(data: str) -> str:
    """Return the name of a set of data: that of its folder."""
    return Path(data).resolve().name


def settle_precision(asked: TablePrecision | None, output: Path, device: str) -> Precision:
    """Return the precision of all rows, as `rltn train` chooses that of a run.

    Args:
        asked: what the user asked for; None is that of the rows already in the folder, or else `auto`.
        output: the table's folder.
        device: where rows are trained.

    Raises:
        UsageError: no such device.
        TrainingError: a row's configuration is broken.
    """
    if asked is None:
        for path in sorted(output.glob(f"*/seed-*/*/{RUN_CONFIG}")):
            saved: Precision = read_saved_config(path.parent)["precision"]
            return saved
    return choose_training_precision(asked or "auto", choose_device(device))


class RowBegun(TypedDict):
    """A row is being trained, evaluated, or is done."""

    event: Literal["row"]
    row: str
    data: str
    seed: int
    number: int
    """Its place in the table, from 1."""
    count: int
    what: str
    """`training`, or the protocol of the evaluation."""


class TableDone(TypedDict):
    """The table was written, or training was interrupted; always the last event of the first process."""

    event: Literal["table", "stopped"]
    path: str


TableEvent: TypeAlias = RowBegun | TableDone | TrainingEvent


def check_data(data: Sequence[str]) -> None:
    """Refuse data on which rows cannot be both trained and evaluated.

    Raises:
        DataError: a set lacks one of the splits train and val.
    """
    for name in data:
        splits = {pair.split for pair in read_data([name])}
        for wanted in (TRAIN, VAL):
            if wanted not in splits:
                raise DataError(
                    f"{name}: no pairs of split {wanted!r}: name the splits train and val in index.csv, so "
                    "that rows are evaluated on pictures they have not seen"
                )


def check_networks(jobs: Sequence[Job]) -> None:
    """Fail now, and not after hours, if a frozen network that rows or their evaluation need is unavailable.

    Metrics whose networks nobody named are left out: a warning says which. Evaluations that were made
    without a network which is available now are deleted, so that they are made again.

    Args:
        jobs: all rows of the table.

    Raises:
        RltnError: a network, or a package that loads it, is unavailable.
        OutputError: an evaluation cannot be deleted.
    """
    if any(not job.trained and job.config.needs_vgg for job in jobs):
        frozen = jobs[0].budget.frozen
        read_trunk("vgg16", Path(frozen) if frozen else None)
    if all(is_done(job) and not job.outdated(()) for job in jobs):
        return
    config = evaluation_config(jobs[0], PROTOCOLS[0], jobs[0].model)
    networks = load_metric_networks(config, torch.device("cpu"), offline=jobs[0].measurement.offline)
    for job in jobs:
        for path in job.outdated(networks.missing):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise OutputError(f"{path}: cannot be deleted ({error.strerror})") from error


def make_table(request: TableRequest, stop: threading.Event) -> Iterator[TableEvent]:
    """Train and evaluate every row that is not done, and write the table.

    Several processes share the rows: each takes the next one that no other is at work on. Of those that
    `torchrun` starts, the first waits for the others, and writes.

    Args:
        request: the table.
        stop: once set, the row at work saves its state, and the table is left for the next call.

    Raises:
        RltnError: data, a network, a folder or training fails.
    """
    rank = leave_launcher()
    jobs = request.jobs()
    for job in jobs:
        job.check()
    check_data(request.data)
    session = _Session(jobs, stop)
    if not rank:
        check_networks(jobs)
    while session.find_undone():
        worked = yield from session.take_rows()
        if stop.is_set():
            yield {"event": "stopped", "path": str(request.output)}
            return
        if rank:
            break
        if not worked:
            stop.wait(POLL)
    if rank:
        return
    report = write_results(request.output, jobs, request.studies)
    yield {"event": "table", "path": str(report)}


class _Session:
    """What one process does of a table."""

    def __init__(self, jobs: Sequence[Job], stop: threading.Event) -> None:
        self._jobs, self._stop = jobs, stop
        self._undone = list(jobs)
        self._prepared: dict[str, TrainingData] = {}

    def find_undone(self) -> list[Job]:
        """Return the rows that are not done yet, by this process or another."""
        self._undone = [job for job in self._undone if not is_done(job)]
        return self._undone

    def take_rows(self) -> Generator[TableEvent, None, bool]:
        """Do the undone rows, one after another, but for those that another process is at work on.

        Returns:
            Whether there was any to do.
        """
        worked = False
        for job in self._undone:
            if self._stop.is_set():
                break
            with claim(job) as claimed:
                if claimed and not is_done(job):
                    worked = True
                    yield from self._do(job)
        return worked

    def _do(self, job: Job) -> Iterator[TableEvent]:
        """Train and evaluate a row."""
        if not job.trained:
            yield self._row(job, "training")
            if job.data not in self._prepared:
                self._prepared = {job.data: prepare_data(job.config)}
            yield from run_training(job, self._prepared[job.data], self._stop)
        for protocol in PROTOCOLS:
            if self._stop.is_set():
                return
            if job.evaluation(protocol) is None:
                yield self._row(job, protocol)
                run_evaluation(job, protocol)

    def _row(self, job: Job, what: str) -> RowBegun:
        return {
            "event": "row", "row": job.row, "data": name_of(job.data), "seed": job.seed,
            "number": self._jobs.index(job) + 1, "count": len(self._jobs), "what": what,
        }  # fmt: skip


def is_done(job: Job) -> bool:
    """Return whether a row is trained and evaluated."""
    return job.trained and all(job.evaluation(protocol) is not None for protocol in PROTOCOLS)


@contextmanager
def claim(job: Job) -> Iterator[bool]:
    """Keep a row for this process while a block runs; yield False where another is at work on it.

    Raises:
        OutputError: the table's folder cannot be written.
    """
    make_folder(job.folder.parent)
    with hold(job.folder.with_name(f".rltn-lock-{job.row}")) as held:
        yield held


def leave_launcher() -> int:
    """Return this process's number, and forget the launcher: each process trains alone."""
    rank = int(os.environ.get("RANK", "0"))
    for name in _LAUNCHED:
        os.environ.pop(name, None)
    return rank
