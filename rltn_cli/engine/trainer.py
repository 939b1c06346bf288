"""The training loop: one discriminator and one generator step a batch, EMA, TTUR, resume."""

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset

from rltn_cli.config import PERCEPTUAL_TERMS, PRESETS, ModelConfig, TrainConfig, to_json
from rltn_cli.data.batches import Batch, Draw, PairStore, Sampler, make_batch
from rltn_cli.engine.checkpoint import save_model
from rltn_cli.engine.losses import adversarial_discriminator
from rltn_cli.engine.objective import GeneratorSide, Objective, Phase
from rltn_cli.engine.state import (
    optimizer_tensors,
    read_state,
    remove_state,
    restore_optimizer,
    write_state,
)
from rltn_cli.errors import NonFiniteLossError, TrainingError
from rltn_cli.models.discriminator import MultiscaleDiscriminator
from rltn_cli.models.frozen import VGG
from rltn_cli.models.rltn import RLTN

log = logging.getLogger(__name__)
FINAL_RATE = 0.05
"""Share of the learning rate that is left at the last step."""


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
    """Unweighted terms by name, `loss/rec` and so on, and `loss/adv_discriminator`."""


class Trainer:
    """Trains RLTN on a store of pairs.

    A step depends on the configuration, the weights before it and the step's number alone, so that an
    interrupted run that is resumed equals one that was not.
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
            config: of the run.
            store: the training pairs.
            model: weights to start from; otherwise fresh ones from the seed.
            model_config: of fresh weights; otherwise the preset's.
            trunk: frozen VGG, needed when a perceptual term has a weight.
            accelerator: device, precision and processes; otherwise one for `config.precision`.
            workers: processes that draw samples ahead.
            compile_networks: use torch.compile.

        Raises:
            TrainingError: a perceptual term has a weight and there is no trunk.
        """
        if trunk is None and any(getattr(config.losses, term) for term in PERCEPTUAL_TERMS):
            raise TrainingError("fm, perc, ctx and scl need a frozen trunk, or weights of 0")
        self.config = config
        self.store = store
        self.accelerator = accelerator or Accelerator(
            mixed_precision="no" if config.precision == "fp32" else config.precision
        )
        self.device = self.accelerator.device
        torch.manual_seed(config.seed)
        self.model = model or RLTN(model_config or PRESETS[config.preset])
        self.discriminator = MultiscaleDiscriminator(8 if config.preset == "tiny" else 32)
        for network in (self.model, self.discriminator):
            network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.ema = AveragedModel(self.model, multi_avg_fn=get_ema_multi_avg_fn(config.ema))
        betas = (config.beta1, config.beta2)
        self.generator_optimizer = torch.optim.Adam(self.model.parameters(), config.generator_lr, betas)
        self.discriminator_optimizer = torch.optim.Adam(
            self.discriminator.parameters(), config.discriminator_lr, betas
        )
        prepare: Callable[..., Any] = self.accelerator.prepare
        self.generator_side: Any = prepare(GeneratorSide(self.model))
        self.judge: Any = prepare(self.discriminator)
        if compile_networks:
            self.generator_side, self.judge = torch.compile(self.generator_side), torch.compile(self.judge)
        self.generator_optimizer = prepare(self.generator_optimizer)
        self.discriminator_optimizer = prepare(self.discriminator_optimizer)
        if trunk is not None:
            trunk.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.objective = Objective(config.losses, trunk, self.model.config.temperature)
        self.sampler = Sampler(store.pairs, config.data, config.seed)
        self.workers = workers
        self.step = 0

    def run(self, until: int | None = None) -> Iterator[StepReport]:
        """Train up to step `until`, or to the configured end, yielding after every step.

        Raises:
            NonFiniteLossError: a term is not finite; the weights are still those of the step before.
        """
        end = self.config.steps if until is None else min(until, self.config.steps)
        draws = _StepDraws(
            self.sampler, self.config.batch, self.accelerator.process_index, self.accelerator.num_processes
        )
        ahead: Any = DataLoader(
            draws,
            batch_size=None,
            sampler=range(self.step, end),
            collate_fn=_as_is,
            num_workers=self.workers,
        )
        for step_draws in ahead:
            batch = make_batch(self.store, step_draws, self.config.size_at(self.step), self.device)
            losses = self.train_step(batch)
            self.step += 1
            yield StepReport(self.step, losses)

    def train_step(self, batch: Batch) -> dict[str, float]:
        """Do one step of the discriminator and one of the generator side on a batch, and return the terms."""
        phase = Phase(
            adversarial=self.config.losses.adv > 0 and self.step >= self.config.adversarial_from,
            perceptual=self.step >= self.config.perceptual_from,
        )
        self._set_rates()
        self.model.train()
        self.generator_optimizer.zero_grad()
        self.discriminator_optimizer.zero_grad()
        parts, sums = self.config.accumulate, dict[str, Tensor]()
        share = len(batch.sketch) // parts
        for i in range(parts):
            part = batch.part(slice(i * share, (i + 1) * share))
            with self.accelerator.autocast():
                produced = self.generator_side(part.sketch, part.reference, part.truth)
                # discriminator: truth against what was painted, both in one forward pass
                if phase.adversarial:
                    fake = produced[0].detach().to(part.truth.dtype)
                    scores = self.judge(torch.cat([part.sketch] * 2), torch.cat([part.truth, fake]))
                    loss = _hinge(scores, share)
                    self.accelerator.backward(loss / parts)
                    _add(sums, {"adv_discriminator": loss / parts})
                # generator side
                terms = self.objective.generator_terms(produced, part, self.discriminator, phase)
            self.accelerator.backward(self.objective.total(terms) / parts)
            _add(sums, {name: value / parts for name, value in terms.items()})
        values = self._finite(sums)
        if self.config.clip:
            self.accelerator.clip_grad_norm_(self.model.parameters(), self.config.clip)
        if phase.adversarial:
            self.discriminator_optimizer.step()
        self.generator_optimizer.step()
        self.ema.update_parameters(self.model)
        return {f"loss/{name}": value for name, value in values.items()}

    def _finite(self, sums: dict[str, Tensor]) -> dict[str, float]:
        """Return the terms as numbers, or stop at the first that is not finite."""
        values = dict(
            zip(sums, torch.stack([v.detach().float() for v in sums.values()]).tolist(), strict=True)
        )
        for name, value in values.items():
            if not math.isfinite(value):
                raise NonFiniteLossError(
                    f"step {self.step}: the loss term {name} is {value}; lower the learning rate or the "
                    "term's weight and resume from the last checkpoint"
                )
        return values

    def _set_rates(self) -> None:
        """Set the learning rates of this step: warm-up, constant, linear decay."""
        config = self.config
        factor = min(1.0, (self.step + 1) / max(config.warmup, 1))
        start = config.decay_from * config.steps
        if self.step > start:
            done = (self.step - start) / max(config.steps - start, 1)
            factor *= 1 - (1 - FINAL_RATE) * done
        for optimizer, rate in (
            (self.generator_optimizer, config.generator_lr),
            (self.discriminator_optimizer, config.discriminator_lr),
        ):
            for group in optimizer.param_groups:
                group["lr"] = rate * factor

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
        write_state(folder, parts, {"step": self.step, "config": to_json(self.config)})

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


def _hinge(scores: Sequence[Tensor], count: int) -> Tensor:
    return adversarial_discriminator([s[:count] for s in scores], [s[count:] for s in scores])


def _add(sums: dict[str, Tensor], terms: dict[str, Tensor]) -> None:
    for name, value in terms.items():
        sums[name] = sums[name] + value.detach() if name in sums else value.detach()


def _as_is(item: list[Draw]) -> list[Draw]:
    return item
