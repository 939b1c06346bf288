"""The Style-based Contrastive Loss `scl` (section 2.3)."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

Features = Mapping[str, Tensor]

SCL_LAYERS = ("relu2_1", "relu3_1", "relu4_1", "relu5_1")
SCL_MARGIN = 0.01
"""m of equation (4): keeps the quotient finite."""


def gram(features: Tensor) -> Tensor:
    """Return Gram matrices (B, C, C) of features (B, C, H, W), divided by C H W, in float32."""
    flat = features.float().flatten(2)
    return flat @ flat.transpose(1, 2) / flat[0].numel()


def style_contrastive(
    warped: Features, reference: Features, target: Features, weights: Tensor, margin: float = SCL_MARGIN
) -> Tensor:
    """Return `scl`, equation (4): the warped image is to have the reference's style, not the target's.

    `max(0, 1 - sum_i |g(x_n) - g(x_w)| / (m + sum_i |g(x_p) - g(x_w)|))` over relu2_1, relu3_1, relu4_1 and
    relu5_1, with the target x_n, the reference x_p and the warped image x_w; a mean over the batch.

    Args:
        warped: features of the warped image by layer, each (B, C, H, W).
        reference: the same of the reference.
        target: the same of the target.
        weights: (B,), how much each sample counts.
        margin: m.
    """
    with torch.autocast(weights.device.type, enabled=False):
        negative = positive = torch.zeros(len(weights), device=weights.device)
        for name in SCL_LAYERS:
            style = gram(warped[name])
            negative = negative + _norm(gram(target[name]) - style)
            positive = positive + _norm(gram(reference[name]) - style)
        return (F.relu(1 - negative / (margin + positive)) * weights).mean()


def _norm(matrices: Tensor) -> Tensor:
    """Return the Frobenius norm of each matrix, (B,), with a gradient of 0 at 0 instead of NaN."""
    squared = matrices.square().sum(dim=(1, 2))
    safe = torch.where(squared > 0, squared, torch.ones_like(squared))
    return torch.where(squared > 0, safe.sqrt(), torch.zeros_like(squared))
