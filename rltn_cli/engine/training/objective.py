"""The objective: what the generator side and the discriminator are trained for."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from rltn_cli.data.matching import visible_places
from rltn_cli.data.sampling import Batch
from rltn_cli.engine.evaluation.lpips import Lpips
from rltn_cli.engine.training import losses
from rltn_cli.models.discriminator import MultiscaleDiscriminator
from rltn_cli.models.frozen import VGG
from rltn_cli.models.rltn import RLTN
from rltn_cli.training_config import PERCEPTUAL_TERMS, LossConfig

OUTPUT_LAYERS = tuple(dict.fromkeys([*losses.FM_WEIGHTS, *losses.CTX_WEIGHTS, losses.PERC_LAYER]))


class Produced(NamedTuple):
    """What the generator side makes of a batch; shapes as in RLTNOutput."""

    colors: Tensor
    warped: Tensor
    content: Tensor
    """Content features of the sketch, of unit length."""
    style: Tensor
    """Style features of the reference, of unit length."""
    truth_style: Tensor | None
    """Style features of the truth, where they are asked for."""


class GeneratorSide(nn.Module):
    """RLTN's one forward pass of a training step, with the truth's style features where a term needs them."""

    def __init__(self, model: RLTN, *, align: bool = True) -> None:
        """Take the network; `align` asks for the truth's style features."""
        super().__init__()
        self.model = model
        self.align = align

    def forward(self, sketch: Tensor, reference: Tensor, truth: Tensor, labels: Tensor) -> Produced:
        """Run the network on a batch; arguments as in Batch."""
        tokens = self.model.encode_references([torch.cat([reference, truth]) if self.align else reference])
        count = len(sketch)
        mine = type(tokens)(style=tokens.style[:count], patches=tokens.patches[:count])
        output = self.model.colorize(sketch, mine, labels)
        return Produced(
            output.colors, output.warped, output.content, mine.style,
            tokens.style[count:] if self.align else None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Phase:
    """Which of the late terms run."""

    adversarial: bool = True
    perceptual: bool = True


class Objective:
    """Computes the terms of a batch; a term of weight 0 is not computed."""

    def __init__(
        self, config: LossConfig, trunk: VGG | None, temperature: float, lpips: Lpips | None = None
    ) -> None:
        """Keep the parts.

        Args:
            config: weights of the terms.
            trunk: needed when a perceptual term has a weight.
            temperature: tau of the correspondence, for the cycle term.
            lpips: needed when the term of that name has a weight.
        """
        self.config = config
        self.weights = config.active
        self.trunk = trunk
        self.lpips = lpips
        self.temperature = temperature
        assert trunk is not None or not config.perceptual
        assert lpips is not None or not config.lpips

    def generator_terms(
        self,
        produced: Produced,
        batch: Batch,
        discriminator: MultiscaleDiscriminator,
        phase: Phase,
    ) -> dict[str, Tensor]:
        """Return the terms of the generator side, not yet weighted.

        Args:
            produced: what GeneratorSide gave for the batch.
            batch: the samples.
            discriminator: judge of the adversarial term; its parameters get no gradient from here.
            phase: which late terms run.
        """
        colors, warped, content, style, truth_style = produced
        trusted = batch.pseudo + self.config.exemplar * batch.shared
        seen = self._seen(batch)
        terms: dict[str, Tensor] = {}
        if "rec" in self.weights:
            terms["rec"] = losses.reconstruction(colors, batch.truth, trusted, seen)
        if "warp" in self.weights:
            terms["warp"] = losses.warping(warped, batch.truth, trusted, seen)
        if truth_style is not None:
            terms["align"] = losses.alignment(content, truth_style)
        if "cycle" in self.weights:
            terms["cycle"] = losses.cycle(warped, content, style, batch.reference, self.temperature)
        if "match" in self.weights:
            terms["match"] = losses.match(
                content, style, batch.matches, batch.pseudo, self.temperature, place=self.config.match_place
            )
        if "adv" in self.weights and phase.adversarial:
            discriminator.requires_grad_(False)
            terms["adv"] = losses.adversarial_generator(discriminator(batch.sketch, colors))
            discriminator.requires_grad_(True)
        if phase.perceptual:
            terms |= self._perceptual_terms(colors, warped, batch)
            if "lpips" in self.weights and self.lpips is not None:
                distances = self.lpips.distances(colors, batch.truth)
                terms["lpips"] = losses.lpips(distances, batch.pseudo + batch.shared)
        return terms

    def _seen(self, batch: Batch) -> Tensor | None:
        """Return where the reference shows the true colour, (B, 1, H, W); None where all places count."""
        if not self.config.unseen or not {"rec", "warp"} & set(self.weights):
            return None
        return visible_places(batch.truth, batch.reference, self.config.unseen)

    def _perceptual_terms(self, colors: Tensor, warped: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Return the terms that look through the frozen trunk."""
        wanted = set(PERCEPTUAL_TERMS) & set(self.weights)
        if not wanted or self.trunk is None:
            return {}
        everyone = torch.ones_like(batch.pseudo)
        terms: dict[str, Tensor] = {}
        if wanted - {"scl"}:
            with torch.no_grad():
                truth = self.trunk(batch.truth, OUTPUT_LAYERS)
            output = self.trunk(colors, OUTPUT_LAYERS)
            if "fm" in wanted:
                terms["fm"] = losses.feature_matching(output, truth, batch.pseudo)
            if "perc" in wanted:
                terms["perc"] = losses.perceptual(output, truth, everyone)
            if "ctx" in wanted:
                with torch.no_grad():
                    reference = self.trunk(batch.reference, tuple(losses.CTX_WEIGHTS))
                terms["ctx"] = losses.contextual(output, reference, everyone)
        if "scl" in wanted:
            terms["scl"] = self._style_contrastive(warped, batch)
        return terms

    def _style_contrastive(self, warped: Tensor, batch: Batch) -> Tensor:
        """Return `scl` of the samples whose reference has other colours, as a mean over the whole batch."""
        rows = torch.nonzero(1 - batch.pseudo - batch.shared).flatten()
        if not len(rows):
            return warped.sum() * 0
        assert self.trunk is not None
        with torch.no_grad():
            truth = self.trunk(batch.truth[rows], losses.SCL_LAYERS)
            reference = self.trunk(batch.reference[rows], losses.SCL_LAYERS)
        style = self.trunk(warped[rows], losses.SCL_LAYERS)
        share = torch.full((len(rows),), len(rows) / len(warped), device=warped.device)
        return losses.style_contrastive(style, reference, truth, share)

    def total(self, terms: dict[str, Tensor]) -> Tensor:
        """Return the weighted sum of the terms."""
        return torch.stack([self.weights[name] * value for name, value in terms.items()]).sum()
