"""AdaIN's objective: Huang and Belongie, 2017, section 5.1; the equations' numbers are that paper's.

`L = L_c + lambda L_s`, equation (11). Sketches are the content images, references the style images; targets
count for nothing.
"""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from rltn_cli.baseline_config import TERM_WEIGHTS
from rltn_cli.data.batches import Batch
from rltn_cli.engine.training.baselines.shared import weighted
from rltn_cli.engine.training.game import Loss, Moment
from rltn_cli.models.baselines.adain import CONTENT_LAYER, STYLE_LAYERS, AdaIN
from rltn_cli.models.baselines.layers import channel_statistics


class AdaINObjective:
    """Trains the decoder alone."""

    def __init__(self, model: AdaIN) -> None:
        self.model = model

    def losses(self, part: Batch, moment: Moment) -> Iterator[Loss]:
        """Yield the generator's loss."""
        model = self.model
        with torch.no_grad():
            target = model.target_features(part.sketch, model.encode_references([part.reference]))
            style = model.encoder(part.reference, STYLE_LAYERS)
        painted = model.encoder(model.decoder(target), STYLE_LAYERS)
        terms = {
            "content": content_loss(painted[CONTENT_LAYER], target),
            "style": style_loss(painted, style),
        }
        yield weighted(terms, TERM_WEIGHTS["adain"])


def content_loss(painted: Tensor, target: Tensor) -> Tensor:
    """Return L_c, equation (12): the distance between f(g(t)) and t, as a mean square over (B, C, H, W)."""
    return (painted.float() - target.float()).square().mean()


def style_loss(painted: Mapping[str, Tensor], style: Mapping[str, Tensor]) -> Tensor:
    """Return L_s, equation (13): distances between means and standard deviations, as mean squares.

    `sum_i |mu(phi_i(g(t))) - mu(phi_i(s))| + sum_i |sigma(phi_i(g(t))) - sigma(phi_i(s))|`

    Args:
        painted: features of the painted picture by layer.
        style: the same of the reference.
    """
    total = torch.zeros(())
    for name in STYLE_LAYERS:
        for own, wanted in zip(
            channel_statistics(painted[name]), channel_statistics(style[name]), strict=True
        ):
            total = total.to(own.device) + (own - wanted).square().mean()
    return total
