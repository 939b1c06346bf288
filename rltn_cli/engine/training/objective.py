"""The objective: what the generator side is trained for."""

from dataclasses import dataclass

import torch
from torch import Tensor

from rltn_cli.data.batches import Batch
from rltn_cli.engine.training.frozen_networks import FrozenNetworks
from rltn_cli.engine.training.generator_side import GeneratorOutput
from rltn_cli.engine.training.losses import TERM_FUNCTIONS, TermInputs
from rltn_cli.models.discriminator import MultiscaleDiscriminator
from rltn_cli.training_config import PERCEPTUAL_TERMS, LossConfig


@dataclass(frozen=True, slots=True)
class Phase:
    """Which of the terms that begin late run."""

    adversarial: bool = True
    perceptual: bool = True

    def has(self, term: str) -> bool:
        """Return whether a term runs."""
        if term == "adv":
            return self.adversarial
        return self.perceptual or term not in (*PERCEPTUAL_TERMS, "lpips")


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
