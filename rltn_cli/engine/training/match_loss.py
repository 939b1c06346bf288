"""The loss term `match`: the negative log-likelihood that the correspondence finds a right match.

With the correspondence's logits `l_ij = q_i k_j / tau`, the loss of a drawing's token i is
`logsumexp_j l_ij - logsumexp_j (l_ij + log k_ij)`. The kernel k_ij in (0, 1] says how right reference token j
is for i; its floor leaves every token a little of it, so that a confident wrong match has a finite loss.
"""

import math

import torch
from torch import Tensor

from rltn_cli.data.lab import lab_distance_squared
from rltn_cli.data.matching import FIRST_PART, MatchTargets

COLOR_WIDTH, COLOR_FLOOR = 6.0, -13.8
"""Standard deviation in Lab units, and least log k (a millionth), of the kernel of colour."""
PLACE_WIDTH, COORDS_WIDTH, PLACE_FLOOR = 0.8, 7.0, -18.0
"""Standard deviations in tokens and in units of 8-bit coords, and least log k, of the kernels of place."""
LEAST_BEST = -0.7
"""A token counts only if its best log k is above this (half of a perfect match): otherwise the reference has
nothing right for it."""


def match(
    content: Tensor, style: Tensor, targets: MatchTargets, pseudo: Tensor, temperature: float, *, place: float
) -> Tensor:
    """Return `match`: the loss by colour, and the weighted loss by place.

    Each is a mean over a sample's tokens that count, 0 where none does, and then over the samples.

    Args:
        content: (B, N, d) of unit length.
        style: (B, M, d) of unit length.
        targets: what decides which tokens match; drawings and references of pseudo samples are square.
        pseudo: (B,) 1 where the reference is the deformed target: its places are compared by the deformation,
            those of other samples by their coords.
        temperature: tau of the correspondence.
        place: weight of the place, relative to the colour.
    """
    with torch.autocast(content.device.type, enabled=False):
        queries = content.float().gather(1, targets.tokens[..., None].expand(-1, -1, content.shape[2]))
        logits = queries @ style.float().transpose(1, 2) / temperature
        log_total = torch.logsumexp(logits, dim=2)
        total = _likelihood_loss(logits, log_total, color_log_kernel(targets))
        if place:
            grid = math.isqrt(content.shape[1])
            log_kernel = torch.where(
                pseudo[:, None, None] > 0, deformation_log_kernel(targets, grid), coords_log_kernel(targets)
            )
            total = total + place * _likelihood_loss(logits, log_total, log_kernel)
        return total.mean()


def _likelihood_loss(logits: Tensor, log_total: Tensor, log_kernel: Tensor) -> Tensor:
    """Return the loss of each sample by one kernel, (B,)."""
    counted = (log_kernel.amax(dim=2) > LEAST_BEST).float()
    losses = log_total - torch.logsumexp(logits + log_kernel, dim=2)
    return (losses * counted).sum(dim=1) / counted.sum(dim=1).clamp(min=1)


def color_log_kernel(targets: MatchTargets) -> Tensor:
    """Return log k by colour, (B, T, M): a Gaussian of the Lab distance, at least COLOR_FLOOR."""
    squared = lab_distance_squared(targets.target_lab, targets.reference_lab)
    return (-squared / (2 * COLOR_WIDTH**2)).clamp(min=COLOR_FLOOR)


def deformation_log_kernel(targets: MatchTargets, grid: int) -> Tensor:
    """Return log k by the place in the stored picture that tokens come from, (B, T, M), at least PLACE_FLOOR.

    Args:
        targets: of pseudo samples.
        grid: tokens per side.
    """
    squared = _distance_squared(targets.places, targets.reference_places) * (grid / 2) ** 2
    log_kernel = (-squared / (2 * PLACE_WIDTH**2)).clamp(min=PLACE_FLOOR)
    return log_kernel.masked_fill(~targets.inside[:, None], PLACE_FLOOR)


def coords_log_kernel(targets: MatchTargets) -> Tensor:
    """Return log k by the place on the figure, (B, T, M), at least PLACE_FLOOR, as off figures."""
    own, other = targets.coords, targets.reference_coords
    squared = _distance_squared(own[..., :3], other[..., :3])
    log_kernel = (-squared / (2 * COORDS_WIDTH**2)).clamp(min=PLACE_FLOOR)
    own_part, other_part = own[..., 3][:, :, None], other[..., 3][:, None]
    same_part = (own_part == other_part) & (own_part >= FIRST_PART)
    return log_kernel.masked_fill(~same_part, PLACE_FLOOR)


def _distance_squared(first: Tensor, second: Tensor) -> Tensor:
    """Return squared distances between all pairs: (B, T, n) and (B, M, n) to (B, T, M).

    Coordinate by coordinate: matrix products would round, and `torch.cdist` is slow on GPUs without them.
    """
    total = torch.zeros(1, device=first.device)
    for own, other in zip(first.unbind(2), second.unbind(2), strict=True):
        total = total + (own[:, :, None] - other[:, None]).square()
    return total
