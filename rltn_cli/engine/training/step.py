"""One training step: gradients of the discriminator and the generator side, in the memory that there is."""

import contextlib
import logging
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from rltn_cli.data.sampling import Batch
from rltn_cli.engine.evaluation.lpips import Lpips
from rltn_cli.engine.runtime.out_of_memory import is_out_of_memory
from rltn_cli.engine.training.losses import adversarial_discriminator
from rltn_cli.engine.training.objective import GeneratorSide, Objective, Phase
from rltn_cli.engine.training.schedule import averaging, rate_factor, set_rate
from rltn_cli.errors import NonFiniteLossError, TrainingError
from rltn_cli.model_config import ModelConfig
from rltn_cli.models.discriminator import MultiscaleDiscriminator
from rltn_cli.models.frozen import VGG
from rltn_cli.models.rltn import RLTN
from rltn_cli.training_config import TrainConfig

log = logging.getLogger(__name__)


class TrainingStep:
    """The networks, their optimisers, and what a batch does to them."""

    def __init__(
        self,
        config: TrainConfig,
        *,
        model: RLTN | None = None,
        model_config: ModelConfig | None = None,
        trunk: VGG | None = None,
        lpips: Lpips | None = None,
        accelerator: Accelerator | None = None,
        compile_networks: bool = False,
    ) -> None:
        """Prepare networks and optimisers; see Trainer."""
        if trunk is None and config.losses.perceptual:
            raise TrainingError("fm, perc, ctx and scl need a frozen trunk, or weights of 0")
        if lpips is None and config.losses.lpips:
            raise TrainingError("lpips needs its network, or a weight of 0")
        self.config = config
        self.accelerator = accelerator or Accelerator(mixed_precision=config.mixed_precision)
        self.device = self.accelerator.device
        self.rank, self.world = self.accelerator.process_index, self.accelerator.num_processes
        if config.batch % self.world:
            raise TrainingError(f"a batch of {config.batch} is not a multiple of the {self.world} processes")
        torch.manual_seed(config.seed)
        self.model = model or RLTN(model_config or config.fresh_model())
        self.model.requires_grad_(True)
        for part in config.freeze:
            getattr(self.model, part).requires_grad_(False)
        self.discriminator = MultiscaleDiscriminator(config.discriminator_width)
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
        self.generator_side: Any = prepare(GeneratorSide(self.model, align=config.losses.align > 0))
        self.judge: Any = prepare(self.discriminator)
        if compile_networks:
            self.generator_side, self.judge = torch.compile(self.generator_side), torch.compile(self.judge)
        if trunk is not None:
            trunk.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        if lpips is not None:
            lpips.network.to(self.device)
        self.objective = Objective(config.losses, trunk, self.model.config.temperature, lpips)
        self.step = 0
        self.spent = 0.0
        """Share of the time limit that is used up, the same in all processes."""
        self.parts = config.accumulate
        """Parts that a process's share of a batch is computed in; grows when memory is short."""

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
            except (RuntimeError, MemoryError) as error:  # OutOfMemoryError is the first
                if not is_out_of_memory(error):
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
                produced = self.generator_side(part.sketch, part.reference, part.truth, part.labels)
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


def _hinge(scores: Sequence[Tensor], count: int) -> Tensor:
    return adversarial_discriminator([s[:count] for s in scores], [s[count:] for s in scores])


def _add(sums: dict[str, Tensor], terms: dict[str, Tensor]) -> None:
    for name, value in terms.items():
        sums[name] = sums[name] + value.detach() if name in sums else value.detach()
