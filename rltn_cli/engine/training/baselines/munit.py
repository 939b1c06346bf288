"""MUNIT's objective: Huang et al., 2018, section 3; the equations' numbers are that paper's.

Domain 1 are the sketches, domain 2 the references: the two are not pairs, and targets count for nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from rltn_cli.baseline_config import TERM_WEIGHTS
from rltn_cli.data.batches import Batch
from rltn_cli.engine.training.baselines.shared import draw, held, l1, weighted
from rltn_cli.engine.training.game import Loss, Moment
from rltn_cli.models.baselines.munit import MUNIT, MUNITDiscriminator


@dataclass(frozen=True, slots=True)
class Translation:
    """One forward pass in both directions."""

    content_1: Tensor
    content_2: Tensor
    style_1: Tensor
    """E_1^s(x_1), (B, style)."""
    style_2: Tensor
    drawn_1: Tensor
    """s_1 from N(0, 1)."""
    drawn_2: Tensor
    fake_1: Tensor
    """x_21 = G_1(c_2, s_1): a line drawing."""
    fake_2: Tensor
    """x_12 = G_2(c_1, s_2): a colour picture."""


class MUNITObjective:
    """Bidirectional reconstruction and adversarial losses, equation (5)."""

    def __init__(self, model: MUNIT, discriminator: MUNITDiscriminator) -> None:
        self.model, self.discriminator = model, discriminator

    def losses(self, part: Batch, moment: Moment) -> Iterator[Loss]:
        """Yield the discriminators' loss, then the generators'."""
        made = self.translate(part, moment.noise)
        judge = self.discriminator
        adversarial = discriminator_loss(judge.line(part.sketch), judge.line(made.fake_1.detach()))
        adversarial = adversarial + discriminator_loss(
            judge.color(part.reference), judge.color(made.fake_2.detach())
        )
        yield Loss(adversarial, {"adv_discriminator": adversarial})
        with held(judge):
            fooled = generator_loss(judge.line(made.fake_1)) + generator_loss(judge.color(made.fake_2))
        terms = {
            "adv": fooled,
            "image": self.image_reconstruction(part, made),
            "content": self.content_reconstruction(made),
            "style": self.style_reconstruction(made),
        }
        yield weighted(terms, TERM_WEIGHTS["munit"])

    def translate(self, part: Batch, noise: torch.Generator) -> Translation:
        """Encode both pictures and translate each into the other domain with a drawn style."""
        line, color = self.model.line, self.model.color
        content_1, content_2 = line.encode_content(part.sketch), color.encode_content(part.reference)
        style_1, style_2 = line.encode_style(part.sketch), color.encode_style(part.reference)
        drawn_1, drawn_2 = (draw(noise, *style_1.shape, like=style_1) for _ in range(2))
        fake_1, fake_2 = line.decode(content_2, drawn_1), color.decode(content_1, drawn_2)
        return Translation(content_1, content_2, style_1, style_2, drawn_1, drawn_2, fake_1, fake_2)

    def image_reconstruction(self, part: Batch, made: Translation) -> Tensor:
        """Return L_recon^x of both domains, equation (1): L1 between x and G(E^c(x), E^s(x))."""
        line = self.model.line.decode(made.content_1, made.style_1)
        color = self.model.color.decode(made.content_2, made.style_2)
        return l1(line, part.sketch) + l1(color, part.reference)

    def content_reconstruction(self, made: Translation) -> Tensor:
        """Return L_recon^c of both, equation (2): L1 between c_1 and E_2^c(G_2(c_1, s_2))."""
        first = l1(self.model.color.encode_content(made.fake_2), made.content_1)
        return first + l1(self.model.line.encode_content(made.fake_1), made.content_2)

    def style_reconstruction(self, made: Translation) -> Tensor:
        """Return L_recon^s of both, equation (3): L1 between s_2 and E_2^s(G_2(c_1, s_2))."""
        first = l1(self.model.color.encode_style(made.fake_2), made.drawn_2)
        return first + l1(self.model.line.encode_style(made.fake_1), made.drawn_1)


def discriminator_loss(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Return the least-squares loss of a discriminator (Mao et al., 2017), summed over scales.

    `E[(D(x) - 1)^2] + E[D(G(c, s))^2]`; it stands for equation (4)'s logarithms, as in section 5.1.
    """
    terms = [
        (r.float() - 1).square().mean() + f.float().square().mean() for r, f in zip(real, fake, strict=True)
    ]
    return torch.stack(terms).sum()


def generator_loss(fake: Sequence[Tensor]) -> Tensor:
    """Return the least-squares loss of a generator, `E[(D(G(c, s)) - 1)^2]`, summed over scales."""
    return torch.stack([(score.float() - 1).square().mean() for score in fake]).sum()
