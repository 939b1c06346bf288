"""The training loop: draws, steps, EMA, resume."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from rltn_cli.config_files import to_json
from rltn_cli.data.sampling import Batch, Draw, PairStore, Sampler, make_batch
from rltn_cli.engine.checkpoints.weights import save_model
from rltn_cli.engine.evaluation.lpips import Lpips
from rltn_cli.engine.training.state import (
    optimizer_tensors,
    read_state,
    remove_state,
    restore_optimizer,
    write_state,
)
from rltn_cli.engine.training.step import TrainingStep
from rltn_cli.errors import RltnError, TrainingError
from rltn_cli.model_config import ModelConfig
from rltn_cli.models.frozen import VGG
from rltn_cli.models.rltn import RLTN
from rltn_cli.training_config import TrainConfig


class _StepDraws(Dataset[list[Draw]]):
    """The draws of each step; what a process of several draws is its share."""

    def __init__(self, sampler: Sampler, batch: int, rank: int, world: int) -> None:
        self.sampler, self.batch, self.rank, self.world = sampler, batch, rank, world

    def __getitem__(self, step: int) -> list[Draw]:
        return [self.sampler.draw(step, i, self.batch) for i in range(self.rank, self.batch, self.world)]


@dataclass(frozen=True, slots=True)
class StepReport:
    """What one step gave."""

    step: int
    """Number of steps done."""
    losses: dict[str, float]
    """Unweighted terms by name, `loss/rec` and so on, and `loss/adv_discriminator`;
    means over all processes."""
    seconds: float
    """Of the whole step."""
    waited: float
    """Seconds of these in which the network waited for its pictures."""


class Trainer(TrainingStep):
    """Trains RLTN on a store of pairs.

    A step depends on the configuration, the weights before it and the step's number alone (and on `spent`,
    where a time limit is set), so that an interrupted run that is resumed equals one that was not.
    """

    def __init__(
        self,
        config: TrainConfig,
        store: PairStore,
        *,
        model: RLTN | None = None,
        model_config: ModelConfig | None = None,
        trunk: VGG | None = None,
        lpips: Lpips | None = None,
        accelerator: Accelerator | None = None,
        workers: int = 0,
        compile_networks: bool = False,
    ) -> None:
        """Prepare networks, optimisers and data.

        Args:
            config: of the run; a batch is shared by all processes.
            store: the training pairs.
            model: weights to start from; otherwise fresh ones from the seed.
            model_config: of fresh weights; otherwise the preset's.
            trunk: frozen VGG, needed when a perceptual term has a weight.
            lpips: needed when the term of that name has a weight.
            accelerator: device, precision and processes; otherwise one for `config.precision`.
            workers: processes that draw samples ahead.
            compile_networks: use torch.compile.

        Raises:
            TrainingError: a perceptual term has a weight and no frozen network, or a batch that the processes
                cannot share evenly.
        """
        super().__init__(
            config,
            model=model,
            model_config=model_config,
            trunk=trunk,
            lpips=lpips,
            accelerator=accelerator,
            compile_networks=compile_networks,
        )
        self.store = store
        self.sampler = Sampler(store.pairs, config.data, config.seed)
        self.workers = workers
        self.seconds = 0.0
        """Of training, also before it was resumed."""

    def run(self, until: int | None = None) -> Iterator[StepReport]:
        """Train up to step `until`, or to the configured end, yielding after every step.

        Raises:
            NonFiniteLossError: a term or a gradient is not finite; the weights are those of the step before.
            DataError: a picture that cannot be read.
            TrainingError: not enough memory for one sample, or another process failed.
        """
        end = self.config.steps if until is None else min(until, self.config.steps)
        draws = _StepDraws(self.sampler, self.config.batch, self.rank, self.world)
        ahead: Any = DataLoader(
            draws,
            batch_size=None,
            sampler=range(self.step, end),
            collate_fn=_as_is,
            num_workers=self.workers,
        )
        begun = time.perf_counter()
        for step_draws in ahead:
            batch = self._load(step_draws)
            loaded = time.perf_counter()
            losses = self.train_step(batch)
            self.step += 1
            seconds = time.perf_counter() - begun
            self.seconds += seconds
            yield StepReport(self.step, losses, seconds, loaded - begun)
            begun = time.perf_counter()

    def _load(self, draws: list[Draw]) -> Batch:
        """Load a batch; where one process cannot, all stop."""
        failure: RltnError | None = None
        batch: Batch | None = None
        try:
            batch = make_batch(self.store, draws, self.config.size_at(self.step), self.device)
        except RltnError as error:
            failure = error
        if self.agree([float(failure is not None)]) != [0.0] or batch is None:
            raise failure or TrainingError("stopped, since another process could not load its pictures")
        return batch

    def agree(self, values: list[float]) -> list[float]:
        """Return the largest of what the processes name, value by value; every process must ask."""
        if self.world == 1:
            return values
        mine = torch.tensor([values], dtype=torch.float32, device=self.device)
        gathered: Tensor = self.accelerator.gather(mine)
        largest: list[float] = gathered.amax(dim=0).tolist()
        return largest

    @property
    def averaged(self) -> RLTN:
        """The EMA of the model: what is evaluated and shipped."""
        model = self.ema.module
        assert isinstance(model, RLTN)
        return model

    def save(self, folder: Path) -> None:
        """Write everything that `resume` needs to `folder`, whole or not at all."""
        if not self.accelerator.is_main_process:
            return
        parts = {
            "model": self.model.state_dict(),
            "ema": self.ema.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "generator_optimizer": optimizer_tensors(self.generator_optimizer),
            "discriminator_optimizer": optimizer_tensors(self.discriminator_optimizer),
        }
        scaler = self.accelerator.scaler
        facts = {
            "step": self.step,
            "seconds": self.seconds,
            "parts": self.parts,
            "config": to_json(self.config),
        }
        write_state(folder, parts, facts | ({"scaler": scaler.state_dict()} if scaler else {}))

    def resume(self, folder: Path) -> None:
        """Go on from a state that `save` wrote.

        Raises:
            TrainingError: the state is broken, or of another network.
        """
        parts, facts = read_state(folder)
        try:
            self.model.load_state_dict(parts["model"])
            self.ema.load_state_dict(parts["ema"])
            self.discriminator.load_state_dict(parts["discriminator"])
            restore_optimizer(self.generator_optimizer, parts["generator_optimizer"])
            restore_optimizer(self.discriminator_optimizer, parts["discriminator_optimizer"])
            self.step = int(str(facts["step"]))
            self.seconds = float(str(facts.get("seconds", 0)))
            self.parts = int(str(facts.get("parts", self.parts)))
            if self.accelerator.scaler is not None and isinstance(facts.get("scaler"), dict):
                self.accelerator.scaler.load_state_dict(facts["scaler"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise TrainingError(
                f"{folder}: a training state of another network or version ({error})"
            ) from error

    def save_averaged(self, folder: Path) -> None:
        """Write the EMA weights in the layout of weights/, in half precision."""
        if self.accelerator.is_main_process:
            save_model(self.averaged, folder)


def rotate(folder: Path, keep: int) -> None:
    """Delete all but the newest `keep` training states `step-*` of a folder."""
    states = sorted(folder.glob("step-*"))
    for old in states[: max(len(states) - keep, 0)]:
        remove_state(old)


def _as_is(item: list[Draw]) -> list[Draw]:
    return item
