"""What is known about right matches between a drawing's tokens and its reference's, for the term `match`."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from rltn_cli.data.augmentation import Deformation, deform, sampling_grid
from rltn_cli.data.lab import lab_distance_squared, to_lab
from rltn_cli.sizes import PATCH

SAMPLED = 256
"""Tokens of a drawing whose matches are looked at, at most."""
BLOCK = 8
"""Pixels a side of the places that `visible` tells apart."""
INSIDE = 0.9
"""Share of a reference token that must lie inside the picture it was deformed from."""
_WHITE_LIGHTNESS, _WHITE_CHROMA = 96, 4
_WHITE_SHARE = 0.25
"""Chance of a token of white paper to be looked at, beside that of any other."""
_CHUNK = 1024


@dataclass(frozen=True, slots=True)
class MatchTargets:
    """Of a batch of B samples; N tokens a drawing, M a reference, row by row; T tokens are looked at."""

    tokens: Tensor
    """(B, T) int64, which tokens of the drawing are looked at."""
    truth_lab: Tensor
    """(B, T, 3) CIE Lab of the true colours there."""
    reference_lab: Tensor
    """(B, M, 3) CIE Lab of the reference's tokens."""
    places: Tensor
    """(B, T, 2) where in the stored picture each token of the drawing comes from, x and y in [-1, 1]."""
    reference_places: Tensor
    """(B, M, 2) the same of the reference's tokens."""
    inside: Tensor
    """(B, M) bool, whether the reference's token lies inside the stored picture."""
    coords: Tensor
    """(B, T, 4) float, 0 to 255: place on the figure (x, y, z) and part, 128 and up where there is one."""
    reference_coords: Tensor
    """(B, M, 4) the same of the reference's tokens."""

    def part(self, index: slice) -> "MatchTargets":
        """Return some of the samples."""
        return MatchTargets(*(getattr(self, field.name)[index] for field in fields(self)))


def tokens_of(pictures: Tensor) -> Tensor:
    """List the means over 4x4 pixels: (B, C, H, W) to (B, H / 4 * W / 4, C), row by row."""
    return F.avg_pool2d(pictures, PATCH).flatten(2).transpose(1, 2)


def match_targets(
    truth: Tensor,
    reference: Tensor,
    coords: tuple[Tensor, Tensor],
    deformations: tuple[Sequence[Deformation], Sequence[Deformation]],
    seeds: Sequence[int],
) -> MatchTargets:
    """Return what is known about right matches.

    Args:
        truth: (B, 3, S, S) in [-1, 1], the true colours, augmented.
        reference: (B, 3, S, S) the same of the reference.
        coords: (B, 4, s, s) of the two stored pictures, uint8; zeros where nothing is known.
        deformations: how the two were made from the stored pictures.
        seeds: decide which tokens are looked at.
    """
    side = truth.shape[2] // PATCH
    lab = tokens_of(to_lab(truth))
    chosen = _choose(lab, seeds)
    grids = [sampling_grid(list(d), side, side, truth.device).flatten(1, 2) for d in deformations]
    marks = [_nearest(values, grid, side) for values, grid in zip(coords, grids, strict=True)]
    whole = torch.ones((len(truth), 1, *reference.shape[2:]), device=truth.device)
    inside = tokens_of(deform(whole, list(deformations[1]), outside="zeros"))[..., 0] >= INSIDE

    def pick(values: Tensor) -> Tensor:
        return values.gather(1, chosen[..., None].expand(-1, -1, values.shape[2]))

    return MatchTargets(
        tokens=chosen,
        truth_lab=pick(lab),
        reference_lab=tokens_of(to_lab(reference)),
        places=pick(grids[0]),
        reference_places=grids[1],
        inside=inside,
        coords=pick(marks[0]),
        reference_coords=marks[1],
    )


def _nearest(coords: Tensor, grid: Tensor, side: int) -> Tensor:
    """Return coords at token centres, (B, N, 4), never mixed."""
    found = F.grid_sample(
        coords.float(), grid.unflatten(1, (side, side)), mode="nearest", padding_mode="reflection",
        align_corners=False,
    )  # fmt: skip
    return found.flatten(2).transpose(1, 2)


def _choose(lab: Tensor, seeds: Sequence[int]) -> Tensor:
    """Draw tokens without replacement, those of white paper with a quarter of the chance; (B, T) int64."""
    blank = (lab[..., 0] > _WHITE_LIGHTNESS) & (lab[..., 1:].abs() < _WHITE_CHROMA).all(dim=2)
    count = lab.shape[1]
    drawn = np.stack([np.random.Generator(np.random.SFC64(seed)).exponential(size=count) for seed in seeds])
    # the smallest of exponential times divided by weights: drawing without replacement by these weights
    times = torch.from_numpy(drawn).to(lab.device) / torch.where(blank, _WHITE_SHARE, 1.0)
    return times.argsort(dim=1)[:, :SAMPLED]


def visible_places(truth: Tensor, reference: Tensor, farthest: float) -> Tensor:
    """Return where the reference shows the true colour: (B, 1, H, W) float, 1 or 0, alike in 8x8 pixels.

    Args:
        truth: (B, 3, H, W) in [-1, 1].
        reference: (B, 3, H', W') in [-1, 1].
        farthest: distance up to which a colour counts as shown; see `lab_distance_squared`.
    """
    blocks = F.avg_pool2d(to_lab(truth), BLOCK)
    known = tokens_of(to_lab(reference))
    places = blocks.flatten(2).transpose(1, 2)
    nearest = torch.cat(
        [lab_distance_squared(part, known).amin(dim=2) for part in places.split(_CHUNK, dim=1)], dim=1
    )
    seen = (nearest <= farthest**2).to(truth.dtype).unflatten(1, tuple(blocks.shape[2:]))[:, None]
    return F.interpolate(seen, scale_factor=BLOCK, mode="nearest")
