"""DRIT's objective: Lee et al., 2018, section 3, and DRIT++, 2020; the terms' names are those papers'.

Domain X are the sketches x, domain Y the references y: the two are not pairs, and targets count for nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from rltn_cli.baseline_config import TERM_WEIGHTS
from rltn_cli.data.batches import Batch
from rltn_cli.engine.training.baselines.shared import draw, held, l1, weighted
from rltn_cli.engine.training.game import Loss, Moment
from rltn_cli.models.baselines.drit import DRIT, DRITDiscriminator, sample_attribute


@dataclass(frozen=True, slots=True)
class Encoded:
    """What the encoders make of a batch: contents, and attributes with their distributions."""

    content_x: Tensor
    content_y: Tensor
    attribute_x: Tensor
    """z_x, drawn from N(mean_x, exp(log_variance_x))."""
    attribute_y: Tensor
    mean_x: Tensor
    log_variance_x: Tensor
    mean_y: Tensor
    log_variance_y: Tensor
    drawn: Tensor
    """z from N(0, 1)."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """One picture of each domain."""

    x: Tensor
    y: Tensor


class DRITObjective:
    """Content and domain adversarial, cross-cycle, self-reconstruction, KL and latent regression losses."""

    def __init__(self, model: DRIT, discriminator: DRITDiscriminator) -> None:
        self.model, self.discriminator = model, discriminator

    def losses(self, part: Batch, moment: Moment) -> Iterator[Loss]:
        """Yield the three discriminators' loss, then the generators' and encoders'."""
        model, judge = self.model, self.discriminator
        found = self.encode(part, moment.noise)
        # u and v of the paper: contents have changed places
        swapped = Pictures(
            x=model.generate(model.line, found.content_y, found.attribute_x),
            y=model.generate(model.color, found.content_x, found.attribute_y),
        )
        drawn = Pictures(
            x=model.generate(model.line, found.content_y, found.drawn),
            y=model.generate(model.color, found.content_x, found.drawn),
        )
        yield self.discriminator_loss(part, found, [swapped, drawn])
        with held(judge):
            terms = {
                "content_adv": content_confusion(
                    judge.content(found.content_x), judge.content(found.content_y)
                ),
                "domain_adv": self.domain_adversarial([swapped, drawn]),
            }
        terms |= {
            "self": self.self_reconstruction(part, found),
            "cycle": self.cross_cycle(part, swapped),
            "kl": kl_divergence(found.mean_x, found.log_variance_x)
            + kl_divergence(found.mean_y, found.log_variance_y),
            "latent": self.latent_regression(found, drawn),
        }
        yield weighted(terms, TERM_WEIGHTS["drit"])

    def encode(self, part: Batch, noise: torch.Generator) -> Encoded:
        """Encode both pictures."""
        line, color = self.model.line, self.model.color
        mean_x, log_variance_x = line.encode_attribute(part.sketch)
        mean_y, log_variance_y = color.encode_attribute(part.reference)
        noise_x, noise_y, drawn = (draw(noise, *mean_x.shape, like=mean_x) for _ in range(3))
        return Encoded(
            content_x=self.model.encode_content(line, part.sketch),
            content_y=self.model.encode_content(color, part.reference),
            attribute_x=sample_attribute(mean_x, log_variance_x, noise_x),
            attribute_y=sample_attribute(mean_y, log_variance_y, noise_y),
            mean_x=mean_x,
            log_variance_x=log_variance_x,
            mean_y=mean_y,
            log_variance_y=log_variance_y,
            drawn=drawn,
        )

    def discriminator_loss(self, part: Batch, found: Encoded, fakes: list[Pictures]) -> Loss:
        """Return what D^c, D_X and D_Y minimise; nothing comes back to encoders and generators."""
        judge = self.discriminator
        content = content_discrimination(
            judge.content(found.content_x.detach()), judge.content(found.content_y.detach())
        )
        domain = domain_discrimination(
            [judge.line(part.sketch), judge.color(part.reference)],
            [
                score
                for fake in fakes
                for score in (judge.line(fake.x.detach()), judge.color(fake.y.detach()))
            ],
        )
        return Loss(
            content + domain, {"content_adv_discriminator": content, "domain_adv_discriminator": domain}
        )

    def domain_adversarial(self, fakes: list[Pictures]) -> Tensor:
        """Return L_adv^domain for the generators, `-log D(G(...))` in both domains."""
        judge = self.discriminator
        scores = [score for fake in fakes for score in (judge.line(fake.x), judge.color(fake.y))]
        return torch.stack([cross_entropy(score, 1.0) for score in scores]).sum()

    def self_reconstruction(self, part: Batch, found: Encoded) -> Tensor:
        """Return L^recon: L1 between x and G_X(E_X^c(x), E_X^a(x)), and the same of y."""
        x = self.model.generate(self.model.line, found.content_x, found.attribute_x)
        y = self.model.generate(self.model.color, found.content_y, found.attribute_y)
        return l1(x, part.sketch) + l1(y, part.reference)

    def cross_cycle(self, part: Batch, swapped: Pictures) -> Tensor:
        """Return L^cc, equation (2): a second exchange of contents is to give the first pictures back.

        `|G_X(E_Y^c(v), E_X^a(u)) - x|_1 + |G_Y(E_X^c(u), E_Y^a(v)) - y|_1`
        """
        line, color = self.model.line, self.model.color
        attribute_u, _ = line.encode_attribute(swapped.x)
        attribute_v, _ = color.encode_attribute(swapped.y)
        x = self.model.generate(line, self.model.encode_content(color, swapped.y), attribute_u)
        y = self.model.generate(color, self.model.encode_content(line, swapped.x), attribute_v)
        return l1(x, part.sketch) + l1(y, part.reference)

    def latent_regression(self, found: Encoded, drawn: Pictures) -> Tensor:
        """Return L^latent: L1 between z and E^a(G(E^c, z)) in both domains."""
        x, _ = self.model.line.encode_attribute(drawn.x)
        y, _ = self.model.color.encode_attribute(drawn.y)
        return l1(x, found.drawn) + l1(y, found.drawn)


def cross_entropy(scores: Tensor, wanted: float) -> Tensor:
    """Return the mean cross entropy of scores, before the sigmoid, with one wanted probability."""
    values = scores.float()
    return F.binary_cross_entropy_with_logits(values, torch.full_like(values, wanted))


def content_discrimination(x: Tensor, y: Tensor) -> Tensor:
    """Return what D^c minimises: scores of lines' contents are to be 1, those of colour pictures 0."""
    return cross_entropy(x, 1.0) + cross_entropy(y, 0.0)


def content_confusion(x: Tensor, y: Tensor) -> Tensor:
    """Return L_adv^content, equation (1), for the encoders: D^c is to give both domains one half.

    `E[-1/2 log D^c(E_X^c(x)) - 1/2 log(1 - D^c(E_X^c(x)))]`, and the same of y.
    """
    return cross_entropy(x, 0.5) + cross_entropy(y, 0.5)


def domain_discrimination(real: list[Tensor], fake: list[Tensor]) -> Tensor:
    """Return what D_X and D_Y minimise, `-log D(x) - log(1 - D(G))`; fakes count as much as real ones."""
    right = torch.stack([cross_entropy(score, 1.0) for score in real]).sum()
    wrong = torch.stack([cross_entropy(score, 0.0) for score in fake]).sum()
    return right + wrong * (len(real) / len(fake))


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return L_KL, `E[KL(N(mean, variance) | N(0, 1))]`: summed over the code (B, d), a mean over the batch.

    `1/2 sum(mean^2 + variance - 1 - log variance)`
    """
    per_number = mean.float().square() + log_variance.float().exp() - 1 - log_variance.float()
    return per_number.sum(dim=1).mean() / 2
