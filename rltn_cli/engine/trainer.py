"""The training loop: one discriminator and one generator step a batch, EMA, TTUR, resume."""

import contextlib
import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader, Dataset

from rltn_cli.config import PERCEPTUAL_TERMS, ModelConfig, TrainConfig, to_json
from rltn_cli.data.batches import Batch, Draw, PairStore, Sampler, make_batch
from rltn_cli.engine.checkpoint import save_model
from rltn_cli.engine.losses import adversarial_discriminator
from rltn_cli.engine.objective import GeneratorSide, Objective, Phase
from rltn_cli.engine.schedule import averaging, rate_factor, set_rate
from rltn_cli.engine.state import (
    optimizer_tensors,
    read_state,
    remove_state,
    restore_optimizer,
    write_state,
)
from rltn_cli.errors import NonFiniteLossError, RltnError, TrainingError
from rltn_cli.models.discriminator import MultiscaleDiscriminator
from rltn_cli.models.frozen import VGG
from rltn_cli.models.rltn import RLTN

log = logging.getLogger(__name__)


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


class Trainer:
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
            accelerator: device, precision and processes; otherwise one for `config.precision`.
            workers: processes that draw samples ahead.
            compile_networks: use torch.compile.

        Raises:
            TrainingError: a perceptual term has a weight and there is no trunk, or a batch that the processes
                cannot share evenly.
        """
        if trunk is None and any(getattr(config.losses, term) for term in PERCEPTUAL_TERMS):
            raise TrainingError("fm, perc, ctx and scl need a frozen trunk, or weights of 0")
        self.config = config
        self.store = store
        self.accelerator = accelerator or Accelerator(
            mixed_precision="no" if config.precision == "fp32" else config.precision
        )
        self.device = self.accelerator.device
        self.rank, self.world = self.accelerator.process_index, self.accelerator.num_processes
        if config.batch % self.world:
            raise TrainingError(f"a batch of {config.batch} is not a multiple of the {self.world} processes")
        torch.manual_seed(config.seed)
        self.model = model or RLTN(model_config or config.fresh_model())
        self.model.requires_grad_(True)
        for part in config.freeze:
            getattr(self.model, part).requires_grad_(False)
        self.discriminator = MultiscaleDiscriminator(8 if config.preset == "tiny" else 32)
        for network in (self.model, self.discriminator):
            network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.ema = AveragedModel(self.model, multi_avg_fn=averaging(config.ema))
        betas = (config.beta1, config.beta2)
        self.trained = [value for value in self.model.parameters() if value.requires_grad]
        self.generator_optimizer = torch.optim.Adam(self.trained, config.generator_lr, betas)
        self.discriminator_optimizer = torch.optim.Adam(
            self.discriminator.parameters(), config.discriminator_lr, betas
        )
        # The optimisers stay PyTorch's own: Accelerate would update the fp16 scale after each of the two.
        prepare: Callable[..., Any] = self.accelerator.prepare
        self.generator_side: Any = prepare(GeneratorSide(self.model))
        self.judge: Any = prepare(self.discriminator)
        if compile_networks:
            self.generator_side, self.judge = torch.compile(self.generator_side), torch.compile(self.judge)
        if trunk is not None:
            trunk.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.objective = Objective(config.losses, trunk, self.model.config.temperature)
        self.sampler = Sampler(store.pairs, config.data, config.seed)
        self.workers = workers
        self.step = 0
        self.seconds = 0.0
        """Of training, also before it was resumed."""
        self.spent = 0.0
        """Share of the time limit that is used up, the same in all processes."""
        self.parts = config.accumulate
        """Parts that a process's share of a batch is computed in; grows when memory is short."""

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

    def train_step(self, batch: Batch) -> dict[str, float]:
        """Do one step of the discriminator and one of the generator side on a batch, and return the terms."""
        phase = Phase(
            adversarial=self.config.losses.adv > 0 and self.step >= self.config.adversarial_from,
            perceptual=self.step >= self.config.perceptual_from,
        )
        factor = rate_factor(self.config, self.step, self.spent)
        set_rate(self.generator_optimizer, self.config.generator_lr * factor)
        set_rate(self.discriminator_optimizer, self.config.discriminator_lr * factor)
        self.model.train()
        values = self._gradients_in_memory(batch, phase)
        self._update(phase)
        return {f"loss/{name}": value for name, value in values.items()}

    def _gradients_in_memory(self, batch: Batch, phase: Phase) -> dict[str, float]:
        """Compute the gradients in as many parts as the memory asks for."""
        tried = self.parts
        while True:
            try:
                values = self._gradients(batch, phase)
            except RuntimeError as error:  # OutOfMemoryError is one
                if not _is_out_of_memory(error):
                    raise
                self.generator_optimizer.zero_grad()
                self.discriminator_optimizer.zero_grad()
                if self.world > 1 or self.parts >= len(batch.sketch):
                    count = math.ceil(len(batch.sketch) / self.parts)
                    raise TrainingError(
                        f"step {self.step}: not enough memory for {count} samples at a time; lower --batch "
                        "or --size, or raise --grad-accum"
                    ) from error
                self.parts = min(2 * self.parts, len(batch.sketch))
                continue
            if self.parts != tried:
                log.warning(
                    "not enough memory for %d samples at a time: each batch is now computed in %d parts",
                    math.ceil(len(batch.sketch) / tried), self.parts,
                )  # fmt: skip
            return values

    def _gradients(self, batch: Batch, phase: Phase) -> dict[str, float]:
        """Leave the gradients of a batch in the networks, and return the terms."""
        self.generator_optimizer.zero_grad()
        self.discriminator_optimizer.zero_grad()
        sums, total = dict[str, Tensor](), len(batch.sketch)
        count = math.ceil(total / self.parts)
        for start in range(0, total, count):
            part = batch.part(slice(start, start + count))
            share = len(part.sketch) / total
            with self._together(last=start + count >= total), self.accelerator.autocast():
                produced = self.generator_side(part.sketch, part.reference, part.truth)
                # discriminator: truth against what was painted, both in one forward pass
                if phase.adversarial:
                    self.discriminator.train(start == 0)  # its spectral norms move once a step
                    fake = produced[0].detach().to(part.truth.dtype)
                    scores = self.judge(torch.cat([part.sketch] * 2), torch.cat([part.truth, fake]))
                    loss = _hinge(scores, len(fake)) * share
                    self.accelerator.backward(loss)
                    _add(sums, {"adv_discriminator": loss})
                    self.discriminator.eval()
                # generator side
                terms = self.objective.generator_terms(produced, part, self.discriminator, phase)
                loss = self.objective.total(terms)
                if self.world > 1:  # every parameter must take part where gradients are averaged
                    loss = loss + 0 * produced[0].sum()
                self.accelerator.backward(loss * share)
            _add(sums, {name: value * share for name, value in terms.items()})
        return self._finite(sums)

    @contextlib.contextmanager
    def _together(self, *, last: bool) -> Iterator[None]:
        """Average gradients over the processes in the last part of a batch only."""
        with contextlib.ExitStack() as stack:
            if not last:
                for network in (self.generator_side, self.judge):
                    stack.enter_context(self.accelerator.no_sync(network))
            yield

    def _update(self, phase: Phase) -> None:
        """Move the weights by the gradients."""
        scaler = self.accelerator.scaler
        if scaler is not None:
            scaler.unscale_(self.generator_optimizer)
        norm = torch.nn.utils.clip_grad_norm_(self.trained, self.config.clip or math.inf)
        if scaler is None and not math.isfinite(norm):
            raise NonFiniteLossError(
                f"step {self.step}: the gradient is {float(norm)}; lower the learning rate and resume from "
                "the last checkpoint"
            )
        optimizers = [self.discriminator_optimizer] if phase.adversarial else []
        for optimizer in [*optimizers, self.generator_optimizer]:
            if scaler is None:
                optimizer.step()
            else:
                scaler.step(optimizer)
        if scaler is not None:
            scaler.update()
        self.ema.update_parameters(self.model)

    def _finite(self, sums: dict[str, Tensor]) -> dict[str, float]:
        """Return the terms as numbers, means over the processes, or stop at the first that is not finite."""
        together = torch.stack([value.detach().float() for value in sums.values()])
        if self.world > 1:
            together = self.accelerator.gather(together[None]).mean(dim=0)
        values = dict(zip(sums, together.tolist(), strict=True))
        for name, value in values.items():
            if not math.isfinite(value):
                raise NonFiniteLossError(
                    f"step {self.step}: the loss term {name} is {value}; lower the learning rate or the "
                    "term's weight and resume from the last checkpoint"
                )
        return values

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


def _is_out_of_memory(error: RuntimeError) -> bool:
    """Tell whether a device ran out of memory; on a CPU PyTorch says so in words only."""
    return isinstance(error, torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


def _hinge(scores: Sequence[Tensor], count: int) -> Tensor:
    return adversarial_discriminator([s[:count] for s in scores], [s[count:] for s in scores])


def _add(sums: dict[str, Tensor], terms: dict[str, Tensor]) -> None:
    for name, value in terms.items():
        sums[name] = sums[name] + value.detach() if name in sums else value.detach()


def _as_is(item: list[Draw]) -> list[Draw]:
    return item
