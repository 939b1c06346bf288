"""One row of Table 2 on one set of data: trained, and evaluated by three protocols; each part once."""

import dataclasses
import json
import threading
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from rltn_cli.choices import EvaluationProtocol
from rltn_cli.config_files import from_mapping
from rltn_cli.engine import evaluation
from rltn_cli.engine.checkpoints.header import hash_weights
from rltn_cli.engine.checkpoints.hub_client import CARD
from rltn_cli.engine.evaluation.evaluator import EvaluationConfig, Evaluator
from rltn_cli.engine.evaluation.report import to_json as report_json
from rltn_cli.engine.runtime.quiet_logging import without_warnings
from rltn_cli.engine.table2.rows import Budget, row_config
from rltn_cli.engine.training.events import TrainingEvent
from rltn_cli.engine.training.run import Request, train
from rltn_cli.engine.training.run_data import TrainingData
from rltn_cli.engine.training.run_folder import find_newest_state, read_saved_config
from rltn_cli.engine.training.settings import used_settings
from rltn_cli.engine.training.state import STATE
from rltn_cli.errors import OutputError
from rltn_cli.output_files import make_folder, write_file
from rltn_cli.result_folders import MODEL, RUN_CONFIG
from rltn_cli.training_config import TrainConfig

PROTOCOLS: tuple[EvaluationProtocol, ...] = get_args(EvaluationProtocol)
LOSSES = "losses.jsonl"
"""File of a row: the loss terms of every step."""
_FREE = ("device", "frozen", "workers")
"""Settings that may change before a row is resumed."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """How rows are evaluated."""

    limit: int | None = 150
    """Largest number of drawings; None for all."""
    quick: bool = False
    """Leave out the metrics that need networks of their own."""
    inception: str | None = None
    """File of FID's Inception weights; otherwise they are downloaded."""
    offline: bool = False
    """Leave out metrics whose networks would have to be downloaded."""


@dataclass(frozen=True, slots=True)
class Job:
    """One row on one set of data by one seed, and its folder."""

    row: str
    data: str
    seed: int
    folder: Path
    budget: Budget
    measurement: Measurement

    @property
    def config(self) -> TrainConfig:
        """How it is trained."""
        return row_config(self.row, self.data, self.seed, self.budget)

    @property
    def model(self) -> Path:
        """Where its weights will be."""
        return self.folder / MODEL

    @property
    def trained(self) -> bool:
        """Whether its training is done: the card is written last."""
        return (self.model / CARD).is_file()

    def check(self) -> None:
        """Refuse a folder that holds a row of other settings.

        Raises:
            OutputError: as above.
            TrainingError: its configuration is broken.
        """
        if not (self.folder / RUN_CONFIG).is_file():
            return
        saved = used_settings(from_mapping(TrainConfig, read_saved_config(self.folder)))
        wanted = used_settings(self.config)
        for key in wanted:
            if key not in _FREE and saved.get(key) != wanted[key]:
                raise OutputError(
                    f"{self.folder} holds a row with another {key} ({saved.get(key)}, not {wanted[key]}): "
                    "choose another folder, or delete that one"
                )

    def evaluation_file(self, protocol: EvaluationProtocol) -> Path:
        """Return where its evaluation by a protocol is kept."""
        return self.folder / f"{protocol}.json"

    def evaluation(self, protocol: EvaluationProtocol) -> dict[str, Any] | None:
        """Return the evaluation by a protocol, or None while there is none of these weights and settings."""
        path = self.evaluation_file(protocol)
        if not (path.is_file() and self.trained):
            return None
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        current = (hash_weights(self.model), dataclasses.asdict(self.measurement))
        return found if (found["model_sha256"], found["measurement"]) == current else None

    def outdated(self, unavailable: Container[str]) -> list[Path]:
        """Return the files of its evaluations that lack a metric which can be measured now.

        Args:
            unavailable: keys of the metrics whose networks are missing.
        """
        kept = {protocol: self.evaluation(protocol) for protocol in PROTOCOLS}
        return [
            self.evaluation_file(protocol)
            for protocol, found in kept.items()
            if found and any(key not in unavailable for key in found["report"]["missing"])
        ]

    def losses(self) -> list[dict[str, Any]]:
        """Return the loss terms of the steps that were done and saved, in order."""
        path = self.folder / LOSSES
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        entries = [json.loads(line) for line in lines if line.endswith("}")]
        done = self.steps_done
        return list({entry["step"]: entry for entry in entries if entry["step"] <= done}.values())

    @property
    def steps_done(self) -> int:
        """Steps up to the newest state."""
        state = find_newest_state(self.folder)
        return int(state.name.removeprefix("step-")) if state else 0

    @property
    def seconds(self) -> float | None:
        """Seconds that training took, over all calls; None before its first state."""
        state = find_newest_state(self.folder)
        if state is None:
            return None
        return float(json.loads((state / STATE).read_text(encoding="utf-8"))["seconds"])


def run_training(job: Job, data: TrainingData, stop: threading.Event) -> Iterator[TrainingEvent]:
    """Train a row from where it stands, and yield training's events; nothing if it is done.

    Raises:
        RltnError: see `rltn_cli.engine.training.run.train`.
    """
    if job.trained:
        return
    state = find_newest_state(job.folder)
    kept = job.losses() if state else []
    request = Request(job.config, job.folder, state, overwrite=state is None)
    make_folder(job.folder)
    lines = "".join(json.dumps(entry) + "\n" for entry in kept)
    write_file(job.folder / LOSSES, lines.encode(), overwrite=True)
    with (job.folder / LOSSES).open("a", encoding="utf-8", buffering=1) as log:
        for event in train(request, data, stop):
            if event["event"] == "step":
                log.write(json.dumps({"step": event["step"], **event["losses"]}) + "\n")
            yield event


def evaluation_config(job: Job, protocol: EvaluationProtocol, model: Path) -> EvaluationConfig:
    """Return how weights of a row are evaluated by a protocol.

    As in the paper, the network's own picture is measured, with the lines that it drew, not what finishing
    makes of it.
    """
    measurement = job.measurement
    return EvaluationConfig(
        data=job.data, models=(str(model),), protocol=protocol, limit=measurement.limit, seed=job.seed,
        device=job.budget.device, quick=measurement.quick, frozen=job.budget.frozen or None,
        inception=measurement.inception, finish="raw", lines="network",
        untrained=False,
    )  # fmt: skip


def run_evaluation(job: Job, protocol: EvaluationProtocol) -> None:
    """Evaluate a trained row by a protocol, unless that is done, and keep the report.

    Raises:
        RltnError: data or networks cannot be used.
    """
    if job.evaluation(protocol) is not None:
        return
    measurement, config = job.measurement, evaluation_config(job, protocol, job.model)
    with without_warnings(evaluation.__name__):
        report = json.loads(report_json(Evaluator(config, offline=measurement.offline).run()))
    report.pop("trials")
    kept = {
        "model_sha256": hash_weights(job.model),
        "measurement": dataclasses.asdict(measurement),
        "report": report,
    }
    text = json.dumps(kept, indent=1) + "\n"
    write_file(job.evaluation_file(protocol), text.encode(), overwrite=True)
