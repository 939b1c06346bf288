"""The objective: what the generator side and the discriminator are trained for."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from rltn_cli.data.batches import Batch
from rltn_cli.data.matching import find_visible_places
from rltn_cli.engine.training import losses
from rltn_cli.engine.training.frozen_networks import FrozenNetworks
from rltn_cli.engine.training.match_loss import match
from rltn_cli.models.discriminator import MultiscaleDiscriminator
from rltn_cli.models.frozen import VGG
from rltn_cli.models.rltn import RLTN, ReferenceTokens
from rltn_cli.training_config import PERCEPTUAL_TERMS, LossConfig

OUTPUT_LAYERS = tuple(dict.fromkeys([*losses.FM_WEIGHTS, *losses.CTX_WEIGHTS, losses.PERC_LAYER]))
"""Layers of the frozen VGG that fm, ctx and perc look at."""


class GeneratorOutput(NamedTuple):
    """What the generator side makes of a batch; shapes as in RLTNOutput.

    It is a named tuple, since Accelerate turns the tensors of tuples, not those of dataclasses, back into
    float32 after a forward pass in mixed precision.
    """

    colors: Tensor
    warped: Tensor
    content: Tensor
    """Content features of the sketch, of unit length."""
    style: Tensor
    """Style features of the reference, of unit length."""
    target_style: Tensor | None
    """Style features of the target, if they were asked for."""


class GeneratorSide(nn.Module):
    """RLTN's forward pass of a training step, with the target's style features if a term needs them."""

    def __init__(self, model: RLTN, *, align: bool = True) -> None:
        """Wrap the network; `align` asks for the target's style features."""
        super().__init__()
        self.model = model
        self.align = align

    def forward(self, sketch: Tensor, reference: Tensor, target: Tensor, labels: Tensor) -> GeneratorOutput:
        """Run the network on a batch; arguments as in Batch."""
        # references and targets pass the style encoder together
        both = self.model.encode_references([torch.cat([reference, target]) if self.align else reference])
        count = len(sketch)
        tokens = ReferenceTokens(style=both.style[:count], patches=both.patches[:count])
        output = self.model.colorize(sketch, tokens, labels)
        return GeneratorOutput(
            colors=output.colors,
            warped=output.warped,
            content=output.content,
            style=tokens.style,
            target_style=both.style[count:] if self.align else None,
        )


@dataclass(frozen=True, slots=True)
class Phase:
    """Which of the terms that begin late run."""

    adversarial: bool = True
    perceptual: bool = True


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
        trusted = batch.pseudo + self.config.exemplar * batch.shared
        seen = self._find_seen(batch)
        terms: dict[str, Tensor] = {}
        if "rec" in self.weights:
            terms["rec"] = losses.reconstruction(output.colors, batch.target, trusted, seen)
        if "warp" in self.weights:
            terms["warp"] = losses.warping(output.warped, batch.target, trusted, seen)
        if output.target_style is not None:
            terms["align"] = losses.alignment(output.content, output.target_style)
        if "cycle" in self.weights:
            terms["cycle"] = losses.cycle(
                output.warped, output.content, output.style, batch.reference, self.temperature
            )
        if "match" in self.weights:
            terms["match"] = match(
                output.content, output.style, batch.matches, batch.pseudo, self.temperature,
                place=self.config.match_place,
            )  # fmt: skip
        if "adv" in self.weights and phase.adversarial:
            discriminator.requires_grad_(False)
            terms["adv"] = losses.adversarial_generator(discriminator(batch.sketch, output.colors))
            discriminator.requires_grad_(True)
        if phase.perceptual:
            terms |= self._perceptual_terms(output, batch)
            if "lpips" in self.weights and self.frozen.lpips is not None:
                distances = self.frozen.lpips.distances(output.colors, batch.target)
                terms["lpips"] = losses.lpips(distances, batch.pseudo + batch.shared)
        return terms

    def _find_seen(self, batch: Batch) -> Tensor | None:
        """Return where the reference shows the target's colour, (B, 1, H, W); None if all places count."""
        if not self.config.unseen or not {"rec", "warp"} & set(self.weights):
            return None
        return find_visible_places(batch.target, batch.reference, self.config.unseen)

    def _perceptual_terms(self, output: GeneratorOutput, batch: Batch) -> dict[str, Tensor]:
        """Return the terms that look through the frozen VGG."""
        wanted, vgg = set(PERCEPTUAL_TERMS) & set(self.weights), self.frozen.vgg
        if not wanted or vgg is None:
            return {}
        all_samples = torch.ones_like(batch.pseudo)
        terms: dict[str, Tensor] = {}
        if wanted - {"scl"}:
            with torch.no_grad():
                target = vgg(batch.target, OUTPUT_LAYERS)
            painted = vgg(output.colors, OUTPUT_LAYERS)
            if "fm" in wanted:
                terms["fm"] = losses.feature_matching(painted, target, batch.pseudo)
            if "perc" in wanted:
                terms["perc"] = losses.perceptual(painted, target, all_samples)
            if "ctx" in wanted:
                with torch.no_grad():
                    reference = vgg(batch.reference, tuple(losses.CTX_WEIGHTS))
                terms["ctx"] = losses.contextual(painted, reference, all_samples)
        if "scl" in wanted:
            terms["scl"] = _style_contrastive(vgg, output.warped, batch)
        return terms

    def total(self, terms: dict[str, Tensor]) -> Tensor:
        """Return the weighted sum of the terms."""
        return torch.stack([self.weights[name] * value for name, value in terms.items()]).sum()


def _style_contrastive(vgg: VGG, warped: Tensor, batch: Batch) -> Tensor:
    """Return `scl` of the samples whose reference has other colours, as a mean over the whole batch."""
    rows = torch.nonzero(1 - batch.pseudo - batch.shared).flatten()
    if not len(rows):
        return warped.sum() * 0  # a term without samples, which still has a graph
    with torch.no_grad():
        target = vgg(batch.target[rows], losses.SCL_LAYERS)
        reference = vgg(batch.reference[rows], losses.SCL_LAYERS)
    style = vgg(warped[rows], losses.SCL_LAYERS)
    share = torch.full((len(rows),), len(rows) / len(warped), device=warped.device)
    return losses.style_contrastive(style, reference, target, share)
