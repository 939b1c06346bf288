"""The training loop: samples, steps, averaged weights, and states to resume from."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor

from rltn_cli.data.batches import Batch
from rltn_cli.data.stores import PairStore
from rltn_cli.engine.checkpoints.weights import save_model
from rltn_cli.engine.training.architectures import prepare_architecture
from rltn_cli.engine.training.batch_loader import BatchLoader
from rltn_cli.engine.training.frozen_networks import FrozenNetworks
from rltn_cli.engine.training.settings import settings_to_json
from rltn_cli.engine.training.state import read_state, write_state
from rltn_cli.engine.training.step import TrainingStep
from rltn_cli.errors import RltnError, TrainingError
from rltn_cli.models.architectures import PaintingNetwork
from rltn_cli.training_config import TrainConfig


@dataclass(frozen=True, slots=True)
class StepReport:
    """What one step gave."""

    step: int
    """Number of steps done."""
    losses: dict[str, float]
    """Unweighted terms by name, `loss/rec` and so on, and `loss/adv_discriminator`;
    means over all processes."""
    seconds: float
    """Duration of the whole step."""
    waited: float
    """Seconds of it in which the network waited for its pictures."""


class Trainer:
    """Trains a network, RLTN or another, on a store of pairs.

    A step depends on the configuration, the weights before it and the step's number alone (and on
    `time_fraction`, where there is a time limit), so that a run that was interrupted and resumed equals one
    that was not.
    """

    def __init__(
        self,
        config: TrainConfig,
        store: PairStore,
        *,
        model: PaintingNetwork | None = None,
        frozen: FrozenNetworks | None = None,
        accelerator: Accelerator | None = None,
        workers: int = 0,
        compile_networks: bool = False,
    ) -> None:
        """Prepare networks, optimisers and data.

        Args:
            config: of the run; a batch is shared by all processes.
            store: the training pairs.
            model: weights to start from; otherwise fresh ones from the seed.
            frozen: the networks that the loss terms need; none by default.
            accelerator: device, precision and processes; otherwise one for `config.precision`.
            workers: processes that make batches ahead.
            compile_networks: use torch.compile, for RLTN.

        Raises:
            TrainingError: a term has a weight, but not its frozen network, or the processes cannot share a
                batch evenly.
        """
        self.config = config
        self.accelerator = accelerator or Accelerator(mixed_precision=config.mixed_precision)
        self.device = self.accelerator.device
        self.rank, self.world_size = self.accelerator.process_index, self.accelerator.num_processes
        if config.batch % self.world_size:
            raise TrainingError(
                f"a batch of {config.batch} is not a multiple of the {self.world_size} processes"
            )
        self.networks, objective = prepare_architecture(
            config, self.accelerator, model, frozen or FrozenNetworks(), compile_networks=compile_networks
        )
        self.training_step = TrainingStep(config, self.networks, objective, self.accelerator)
        self.loader = BatchLoader(
            config, store, self.device, rank=self.rank, world_size=self.world_size, workers=workers
        )
        self.step = 0
        """Number of steps done."""
        self.time_fraction = 0.0
        """Share of the time limit that is used up, the same in all processes."""
        self.seconds = 0.0
        """Time trained so far, including that before the run was resumed."""

    def run(self, until: int | None = None) -> Iterator[StepReport]:
        """Train up to step `until`, or to the configured end, yielding after every step.

        Raises:
            NonFiniteLossError: a term or a gradient is not finite; the weights are those of the step before.
            DataError: a picture cannot be read.
            TrainingError: not enough memory for one sample, or another process failed.
        """
        end = self.config.steps if until is None else min(until, self.config.steps)
        begun = time.perf_counter()
        for made in self.loader.batches(self.step, end):
            batch = self._check_made(made)
            loaded = time.perf_counter()
            losses = self.train_step(batch)
            self.step += 1
            seconds = time.perf_counter() - begun
            self.seconds += seconds
            yield StepReport(self.step, losses, seconds, loaded - begun)
            begun = time.perf_counter()

    def train_step(self, batch: Batch) -> dict[str, float]:
        """Train on a batch and return the terms; does not count the step. See `TrainingStep.run`."""
        return self.training_step.run(batch, self.step, self.time_fraction)

    def _check_made(self, made: Batch | RltnError) -> Batch:
        """Return a batch; if one process could not make its own, all stop."""
        failure = made if isinstance(made, RltnError) else None
        if self.agree([float(failure is not None)]) != [0.0] or isinstance(made, RltnError):
            raise failure or TrainingError("stopped, since another process could not load its pictures")
        return made

    def agree(self, values: list[float]) -> list[float]:
        """Return the largest of each value over the processes; every process must call it."""
        if self.world_size == 1:
            return values
        own = torch.tensor([values], dtype=torch.float32, device=self.device)
        gathered: Tensor = self.accelerator.gather(own)
        largest: list[float] = gathered.amax(dim=0).tolist()
        return largest

    def save(self, folder: Path) -> None:
        """Write everything that `resume` needs to `folder`, whole or not at all."""
        if not self.accelerator.is_main_process:
            return
        scaler = self.accelerator.scaler
        values = {
            "step": self.step,
            "seconds": self.seconds,
            "parts": self.training_step.micro_batches,
            "config": settings_to_json(self.config),
        }
        values |= {"scaler": scaler.state_dict()} if scaler else {}
        write_state(folder, self.networks.state_tensors(), values)

    def resume(self, folder: Path) -> None:
        """Go on from a state that `save` wrote.

        Raises:
            TrainingError: the state is broken, or of another network.
        """
        tensors, values = read_state(folder)
        try:
            self.networks.restore(tensors)
            self.step = int(str(values["step"]))
            self.seconds = float(str(values.get("seconds", 0)))
            micro_batches = values.get("parts", self.training_step.micro_batches)
            self.training_step.micro_batches = int(str(micro_batches))
            if self.accelerator.scaler is not None and isinstance(values.get("scaler"), dict):
                self.accelerator.scaler.load_state_dict(values["scaler"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise TrainingError(
                f"{folder}: a training state of another network or version ({error})"
            ) from error

    def save_ema_model(self, folder: Path) -> None:
        """Write the averaged weights in the layout of weights/, in half precision."""
        if self.accelerator.is_main_process:
            save_model(self.networks.ema_model, folder)


def rotate(folder: Path, keep: int) -> None:
    """Delete all but the newest `keep` training states `step-*` of a folder."""
    states = sorted(folder.glob("step-*"))
    for old in states[: max(len(states) - keep, 0)]:
        shutil.rmtree(old)
