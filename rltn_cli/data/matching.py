"""Which tokens of a reference are right matches for the tokens of a drawing, for the term `match`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from rltn_cli.data.augmentation import Deformation, deform, make_sampling_grid
from rltn_cli.data.lab import is_white_paper, lab_distance_squared, to_lab
from rltn_cli.sizes import PATCH

SAMPLED = 256
"""Largest number of tokens sampled from a drawing: more would cost memory and say little new."""
BLOCK = 8
"""Side in pixels of the squares that `find_visible_places` decides about."""
INSIDE = 0.9
"""Share of a reference token that must lie inside the picture it was deformed from."""
FIRST_PART = 128
"""Smallest value of the channel `part` of coords where a figure is; see `load_coords`."""
_WHITE_ODDS = 0.25
"""Odds of a token of white paper to be sampled, relative to any other's: paper is easy and there is much."""
_CHUNK = 1024
"""Places compared with all reference tokens at once; bounds the memory."""


@dataclass(frozen=True, slots=True)
class MatchTargets:
    """What decides whether tokens match, for a batch of B samples.

    T of a drawing's N tokens are sampled; a reference has M tokens, row by row.
    """

    tokens: Tensor
    """(B, T) int64, numbers of the sampled tokens."""
    target_lab: Tensor
    """(B, T, 3) CIE Lab of the true colours of the sampled tokens."""
    reference_lab: Tensor
    """(B, M, 3) CIE Lab of the reference's tokens."""
    places: Tensor
    """(B, T, 2) where in the stored picture each sampled token comes from, x and y in [-1, 1]."""
    reference_places: Tensor
    """(B, M, 2) the same for the reference's tokens."""
    inside: Tensor
    """(B, M) bool, whether the reference's token lies inside the stored picture."""
    coords: Tensor
    """(B, T, 4) float, 0 to 255: place on the figure (x, y, z), and part, at least FIRST_PART on a figure."""
    reference_coords: Tensor
    """(B, M, 4) the same for the reference's tokens."""

    def map(self, change: Callable[[Tensor], Tensor]) -> "MatchTargets":
        """Return the same with every tensor changed alike."""
        return MatchTargets(*(change(getattr(self, field.name)) for field in fields(self)))


def average_tokens(pictures: Tensor) -> Tensor:
    """Return the mean over each token's 4x4 pixels: (B, C, H, W) to (B, H / 4 * W / 4, C), row by row."""
    return F.avg_pool2d(pictures, PATCH).flatten(2).transpose(1, 2)


def make_match_targets(
    target: Tensor,
    reference: Tensor,
    coords: tuple[Tensor, Tensor],
    deformations: tuple[Sequence[Deformation], Sequence[Deformation]],
    seeds: Sequence[int],
) -> MatchTargets:
    """Sample tokens of the drawings, and collect what decides which reference tokens match them.

    Args:
        target: (B, 3, S, S) in [-1, 1], the true colours, augmented.
        reference: (B, 3, S, S) in [-1, 1], augmented.
        coords: (B, 4, s, s) uint8, of the stored drawings and references; zeros where nothing is known.
        deformations: how drawings and references were made from the stored pictures.
        seeds: one per sample; decide which tokens are sampled.
    """
    side = target.shape[2] // PATCH
    lab = average_tokens(to_lab(target))
    chosen = _sample_tokens(lab, seeds)
    grids = [make_sampling_grid(list(d), side, side, target.device).flatten(1, 2) for d in deformations]
    token_coords = [_look_up(values, grid, side) for values, grid in zip(coords, grids, strict=True)]
    whole = torch.ones((len(target), 1, *reference.shape[2:]), device=target.device)
    inside = average_tokens(deform(whole, list(deformations[1]), outside="zeros"))[..., 0] >= INSIDE

    def pick(values: Tensor) -> Tensor:
        return values.gather(1, chosen[..., None].expand(-1, -1, values.shape[2]))

    return MatchTargets(
        tokens=chosen,
        target_lab=pick(lab),
        reference_lab=average_tokens(to_lab(reference)),
        places=pick(grids[0]),
        reference_places=grids[1],
        inside=inside,
        coords=pick(token_coords[0]),
        reference_coords=token_coords[1],
    )


def _look_up(coords: Tensor, grid: Tensor, side: int) -> Tensor:
    """Return the coords nearest to token centres, (B, N, 4): places must not be averaged."""
    values = coords.float()
    found = F.grid_sample(
        values, grid.to(values.dtype).unflatten(1, (side, side)), mode="nearest", padding_mode="reflection",
        align_corners=False,
    )  # fmt: skip
    return found.flatten(2).transpose(1, 2)


def _sample_tokens(lab: Tensor, seeds: Sequence[int]) -> Tensor:
    """Draw tokens (B, T) int64 without replacement, those of white paper with lower odds."""
    blank = is_white_paper(lab)
    count = lab.shape[1]
    drawn = np.stack([np.random.Generator(np.random.SFC64(seed)).exponential(size=count) for seed in seeds])
    # the smallest of exponential variables divided by weights are a weighted sample without replacement
    times = torch.from_numpy(drawn).to(lab.device) / torch.where(blank, _WHITE_ODDS, 1.0)
    return times.argsort(dim=1)[:, :SAMPLED]


def find_visible_places(target: Tensor, reference: Tensor, farthest: float) -> Tensor:
    """Return where the reference shows the target's colour: 1 or 0, constant within blocks of 8x8 pixels.

    Args:
        target: (B, 3, H, W) in [-1, 1].
        reference: (B, 3, H', W') in [-1, 1].
        farthest: distance up to which a colour counts as shown; see `lab_distance_squared`.

    Returns:
        (B, 1, H, W) float.
    """
    blocks = F.avg_pool2d(to_lab(target), BLOCK)
    known = average_tokens(to_lab(reference))
    places = blocks.flatten(2).transpose(1, 2)
    nearest = torch.cat(
        [lab_distance_squared(part, known).amin(dim=2) for part in places.split(_CHUNK, dim=1)], dim=1
    )
    seen = (nearest <= farthest**2).to(target.dtype).unflatten(1, tuple(blocks.shape[2:]))[:, None]
    return F.interpolate(seen, scale_factor=BLOCK, mode="nearest")
