"""One training step: gradients of the discriminator and the generator side, within the memory there is."""

import contextlib
import logging
import math
from collections.abc import Iterator

import torch
from accelerate import Accelerator
from torch import Tensor

from rltn_cli.data.batches import Batch
from rltn_cli.engine.runtime.out_of_memory import is_out_of_memory
from rltn_cli.engine.training.game import Moment, Phase, TrainingObjective, noise_of
from rltn_cli.engine.training.networks import TrainingNetworks
from rltn_cli.engine.training.schedule import lr_multiplier
from rltn_cli.errors import NonFiniteLossError, TrainingError
from rltn_cli.training_config import TrainConfig

log = logging.getLogger(__name__)


class TrainingStep:
    """What a batch does to the networks, whatever their architecture; see `rltn_cli.engine.training.game`."""

    def __init__(
        self,
        config: TrainConfig,
        networks: TrainingNetworks,
        objective: TrainingObjective,
        accelerator: Accelerator,
    ) -> None:
        self.config, self.networks, self.objective = config, networks, objective
        self.accelerator = accelerator
        self.micro_batches = config.accumulate
        """Number of pieces that a process's share of a batch is computed in; grows when memory is short."""

    def run(self, batch: Batch, step: int, time_fraction: float = 0.0) -> dict[str, float]:
        """Do one step of the discriminator, if there is one, and one of the generator.

        Args:
            batch: this process's share of the samples.
            step: number of steps done before, which decides learning rates and terms.
            time_fraction: share of the time limit that is used up; see `lr_multiplier`.

        Returns:
            The unweighted terms, `loss/rec` and so on.

        Raises:
            NonFiniteLossError: a term or a gradient is not finite; the weights are those of the step before.
            TrainingError: not enough memory for one sample.
        """
        phase = Phase(
            adversarial=self.config.losses.adv > 0 and step >= self.config.adversarial_from,
            perceptual=step >= self.config.perceptual_from,
        )
        self.networks.set_lr(lr_multiplier(self.config, step, time_fraction))
        self.networks.model.train()
        values = self._compute_in_memory(batch, phase, step)
        self._update_weights(step)
        return {f"loss/{name}": value for name, value in values.items()}

    def _compute_in_memory(self, batch: Batch, phase: Phase, step: int) -> dict[str, float]:
        """Compute the gradients in as many micro-batches as the memory calls for."""
        before = self.micro_batches
        while True:
            try:
                values = self._compute_gradients(batch, phase, step)
            except (RuntimeError, MemoryError) as error:  # OutOfMemoryError is a RuntimeError
                if not is_out_of_memory(error):
                    raise
                self.networks.zero_grad()
                if self.accelerator.num_processes > 1 or self.micro_batches >= len(batch.sketch):
                    count = math.ceil(len(batch.sketch) / self.micro_batches)
                    samples = "1 sample" if count == 1 else f"{count} samples"
                    raise TrainingError(
                        f"step {step}: not enough memory for {samples} at a time; lower --batch or --size, "
                        "or raise --grad-accum"
                    ) from error
                self.micro_batches = min(2 * self.micro_batches, len(batch.sketch))
                continue
            if self.micro_batches != before:
                log.warning(
                    "not enough memory for %d samples at a time: each batch is now computed in %d parts",
                    math.ceil(len(batch.sketch) / before), self.micro_batches,
                )  # fmt: skip
            return values

    def _compute_gradients(self, batch: Batch, phase: Phase, step: int) -> dict[str, float]:
        """Leave the gradients of a batch in the networks, and return the terms."""
        self.networks.zero_grad()
        sums, total = dict[str, Tensor](), len(batch.sketch)
        count = math.ceil(total / self.micro_batches)
        for start in range(0, total, count):
            part = batch.select(slice(start, start + count))
            share = len(part.sketch) / total
            noise = noise_of(self.config.seed, step, self.accelerator.process_index, start)
            moment = Moment(phase, noise, first=start == 0)
            with self._synchronize(last=start + count >= total), self.accelerator.autocast():
                for loss in self.objective.losses(part, moment):
                    self.accelerator.backward(loss.total * share)
                    _add(sums, {name: value * share for name, value in loss.terms.items()})
        return self._check_finite(sums, step)

    @contextlib.contextmanager
    def _synchronize(self, *, last: bool) -> Iterator[None]:
        """Average gradients over the processes in the last micro-batch only."""
        with contextlib.ExitStack() as stack:
            if not last:
                for network in self.networks.prepared:
                    stack.enter_context(self.accelerator.no_sync(network))
            yield

    def _update_weights(self, step: int) -> None:
        """Move the weights by the gradients; what has none, as a discriminator that waits, stays."""
        networks, scaler = self.networks, self.accelerator.scaler
        if self.accelerator.num_processes > 1 and not networks.prepared:
            networks.average_gradients(self.accelerator)
        if scaler is not None:
            scaler.unscale_(networks.generator_optimizer)
        norm = torch.nn.utils.clip_grad_norm_(networks.trained, self.config.clip or math.inf)
        if scaler is None and not math.isfinite(norm):
            raise NonFiniteLossError(
                f"step {step}: the gradient is {float(norm)}; lower the learning rate and resume from the "
                "last checkpoint"
            )
        for optimizer in networks.optimizers_with_gradients:
            if scaler is None:
                optimizer.step()
            else:
                scaler.step(optimizer)
        if scaler is not None:
            scaler.update()
        networks.ema.update_parameters(networks.model)

    def _check_finite(self, sums: dict[str, Tensor], step: int) -> dict[str, float]:
        """Return the terms as numbers, means over the processes; refuse the first that is not finite."""
        stacked = torch.stack([value.detach().float() for value in sums.values()])
        if self.accelerator.num_processes > 1:
            stacked = self.accelerator.gather(stacked[None]).mean(dim=0)
        values = dict(zip(sums, stacked.tolist(), strict=True))
        for name, value in values.items():
            if not math.isfinite(value):
                raise NonFiniteLossError(
                    f"step {step}: the loss term {name} is {value}; lower the learning rate or the term's "
                    "weight and resume from the last checkpoint"
                )
        return values


def _add(sums: dict[str, Tensor], terms: dict[str, Tensor]) -> None:
    for name, value in terms.items():
        sums[name] = sums[name] + value.detach() if name in sums else value.detach()
