"""RLTN's objective: what the generator side and the discriminator are trained for."""

from collections.abc import Iterator

import torch
from torch import Tensor

from rltn_cli.data.batches import Batch
from rltn_cli.engine.training.frozen_networks import FrozenNetworks
from rltn_cli.engine.training.game import Loss, Moment, Phase
from rltn_cli.engine.training.generator_side import GeneratorOutput
from rltn_cli.engine.training.losses import TERM_FUNCTIONS, TermInputs, adversarial_discriminator
from rltn_cli.engine.training.rltn_networks import RLTNNetworks
from rltn_cli.models.discriminator import MultiscaleDiscriminator
from rltn_cli.training_config import LossConfig


class Objective:
    """Computes the terms of a batch; a term of weight 0 is not computed."""

    def __init__(self, config: LossConfig, frozen: FrozenNetworks, temperature: float) -> None:
        """Keep what the terms need.

        Args:
            config: weights of the terms.
            frozen: networks that the terms look through.
            temperature: tau of the correspondence, for the terms cycle and match.

        Raises:
            TrainingError: a term has a weight, but not its frozen network.
        """
        frozen.check(config)
        self.config = config
        self.weights = config.active
        self.frozen = frozen
        self.temperature = temperature

    def generator_terms(
        self,
        output: GeneratorOutput,
        batch: Batch,
        discriminator: MultiscaleDiscriminator,
        phase: Phase,
    ) -> dict[str, Tensor]:
        """Return the terms of the generator side, not yet weighted.

        Args:
            output: of GeneratorSide for the batch.
            batch: the samples.
            discriminator: of the adversarial term; its parameters get no gradient from here.
            phase: which late terms run.
        """
        inputs = TermInputs(output, batch, discriminator, self.config, self.frozen, self.temperature)
        return {
            name: compute(inputs)
            for name, compute in TERM_FUNCTIONS.items()
            if name in self.weights and phase.has(name)
        }

    def total(self, terms: dict[str, Tensor]) -> Tensor:
        """Return the weighted sum of the terms."""
        return torch.stack([self.weights[name] * value for name, value in terms.items()]).sum()


class RLTNObjective(Objective):
    """The losses of both players, computed with the networks in training."""

    def __init__(self, networks: RLTNNetworks, config: LossConfig, frozen: FrozenNetworks) -> None:
        """Keep the networks; arguments and errors otherwise as in `Objective`."""
        super().__init__(config, frozen, networks.rltn.config.temperature)
        self.networks = networks

    def losses(self, part: Batch, moment: Moment) -> Iterator[Loss]:
        """Yield the discriminator's loss, once it takes part, and then the generator side's."""
        networks, phase = self.networks, moment.phase
        output = networks.generator_side(part.sketch, part.reference, part.target, part.labels)
        if phase.adversarial:
            # the discriminator's spectral norms move once per step, in its first forward pass
            networks.discriminator.train(moment.first)
            loss = self._discriminator_loss(part, output.colors.detach())
            yield Loss(loss, {"adv_discriminator": loss})
            networks.discriminator.eval()
        terms = self.generator_terms(output, part, networks.judge, phase)
        total = self.total(terms)
        if networks.shared:
            # every parameter must take part where gradients are averaged over processes
            total = total + 0 * output.colors.sum()
        yield Loss(total, terms)

    def _discriminator_loss(self, part: Batch, fake: Tensor) -> Tensor:
        """Return the discriminator's hinge loss; targets and painted pictures go through it together."""
        scores = self.networks.prepared_discriminator(
            torch.cat([part.sketch] * 2), torch.cat([part.target, fake])
        )
        count = len(fake)
        return adversarial_discriminator([s[:count] for s in scores], [s[count:] for s in scores])
