"""The regions of a sketch and the colours of its references, described for the region match."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from rltn_cli.models.painted import ReferenceTokens
from rltn_cli.models.windows import Grid

REGIONS = 96
"""The largest regions of a sketch take part; others match by themselves."""
VOTERS = 16
"""Tokens of a region that vote, at most."""
LEAST_SHARE = 1e-3
"""Added to votes before their logarithm: no single place rules out a colour."""
PLACES = 5
"""Values that tell where a region or a colour lies, and how large it is."""
LAB = 3
"""Values of a colour."""
_FEATURES, _POSITIONS, _COLORS = 6.0, 2.0, 1 / 40
"""Factors that bring features of unit length, positions in [-1, 1] and Lab values to about the same range."""
_USUAL_TOKENS = 4096
"""Tokens of a picture of 256x256 pixels, to which sizes of regions refer."""


@dataclass(frozen=True, slots=True)
class Regions:
    """The regions of a batch of sketches, as the region match sees them."""

    features: Tensor
    """(B, R, d + C + 5)"""
    votes: Tensor
    """(B, 2, R, K): logarithms of the geometric and of the arithmetic mean of a region's votes."""
    borders: Tensor
    """(B, R, R): share of each region's border that it has in common with each other one."""
    known: Tensor
    """(B, R) bool, False where there is no region."""


@dataclass(frozen=True, slots=True)
class RegionSlots:
    """The largest regions of a sketch, numbered from 0; of equal ones, those of lower labels first."""

    of_tokens: Tensor
    """(N,) int64, the region of each token; R for tokens of none."""
    sizes: Tensor
    """(R,) float32, the number of each region's tokens."""
    voters: Tensor
    """(S,) int64, the tokens that vote for their regions: all, or VOTERS spread evenly."""

    @classmethod
    def of(cls, labels: Tensor) -> "RegionSlots":
        """Number regions by their labels (h, w) int64, 0 for line."""
        flat = labels.flatten()
        sizes = torch.bincount(flat, minlength=2)
        sizes[0] = 0
        order = torch.argsort(sizes, descending=True, stable=True)
        order = order[: max(1, min(REGIONS, int((sizes > 0).sum())))]
        slots = torch.full_like(sizes, len(order)).scatter(
            0, order, torch.arange(len(order), device=flat.device)
        )
        slots[0] = len(order)
        of_tokens = slots[flat]
        sizes = sizes[order]
        by_region = torch.argsort(of_tokens, stable=True)[: int(sizes.sum())]
        region = of_tokens[by_region]
        rank = torch.arange(len(by_region), device=flat.device) - (sizes.cumsum(0) - sizes)[region]
        kept = sizes.clamp(max=VOTERS)[region]
        votes = rank * kept // sizes[region] != (rank - 1) * kept // sizes[region]
        return cls(of_tokens, sizes.float(), by_region[votes])

    def means(self, values: Tensor, tokens: Tensor | None = None) -> Tensor:
        """Return the mean of values over each region, (R, v), in float32.

        Args:
            values: (N, v), one per token, or (S, v).
            tokens: (S,), which tokens these are, if not all.
        """
        slots = self.of_tokens if tokens is None else self.of_tokens[tokens]
        sums = torch.zeros(len(self.sizes) + 1, values.shape[1] + 1, device=values.device)
        sums = sums.index_add(0, slots, F.pad(values.float(), (0, 1), value=1.0))[:-1]
        return sums[:, :-1] / sums[:, -1:].clamp(min=1)

    def borders(self, height: int, width: int) -> Tensor:
        """Return how much of its border each region has in common with each other one, (R, R), as shares.

        Tokens one and two apart count as neighbours, since a line may lie between them; on a finer grid than
        that of the usual size, as much further apart as it is finer.
        """
        count = len(self.sizes)
        slots = self.of_tokens.view(height, width)
        sums = torch.zeros((count + 1) ** 2, device=slots.device)
        scale = max(1, round((height * width / _USUAL_TOKENS) ** 0.5))
        for step in (scale, 2 * scale):
            for one, other in (
                (slots[:, :-step], slots[:, step:]),
                (slots[:-step], slots[step:]),
            ):
                pairs = (one * (count + 1) + other).flatten()
                sums = sums + torch.bincount(pairs, minlength=len(sums))
        counts = sums.view(count + 1, count + 1)
        counts = (counts + counts.T)[:count, :count].fill_diagonal_(0)
        return counts / counts.sum(dim=1, keepdim=True).clamp(min=1)


def describe_regions(
    slots: RegionSlots, queries: Tensor, context: Tensor, votes: Tensor, grid: Grid
) -> Regions:
    """Describe the regions of a sketch, as a batch of one.

    Args:
        slots: its regions.
        queries: (N, d) content features of unit length.
        context: (N, C), the content encoder's features at stride 16, at each token.
        votes: (S, K), how much of the attention of each of `slots.voters` lies on each colour.
        grid: h and w; N = h * w.
    """
    shares = votes.float() / votes.float().sum(dim=1, keepdim=True).clamp(min=1e-12)
    logarithms, arithmetic = (
        slots.means(values, slots.voters) for values in ((shares + LEAST_SHARE).log(), shares)
    )
    places = grid_places(grid, queries.device)
    middle = slots.means(places)
    spread = (slots.means(places.square()) - middle.square()).clamp(min=0).sqrt()
    relative = (slots.sizes.clamp(min=1) * (_USUAL_TOKENS / len(queries))).log2()
    features = [
        _FEATURES * slots.means(queries),
        slots.means(context),
        _POSITIONS * middle,
        _POSITIONS * spread,
        (relative[:, None] - 5) / 2,
    ]
    return Regions(
        torch.cat(features, dim=1)[None],
        torch.stack([logarithms, (arithmetic + LEAST_SHARE).log()])[None],
        slots.borders(grid.height, grid.width)[None],
        (slots.sizes > 0)[None],
    )


def describe_colors(tokens: ReferenceTokens, context: Tensor, shares: Tensor, lab: Tensor) -> Tensor:
    """Describe the colours of references' palette, (1, K, d + C + 5 + 3).

    Args:
        tokens: of the references, a batch of one.
        context: (1, M, C), the style encoder's features at stride 16, at each token.
        shares: (1, M, K), how much of each token is of each colour.
        lab: (K, 3), the colours in CIE Lab, L in [0, 100].
    """
    weights = shares / shares.sum(dim=1, keepdim=True).clamp(min=1e-9)
    places = torch.cat([grid_places(grid, shares.device) for grid in tokens.grids])[None]
    values = torch.cat([_FEATURES * tokens.style.float(), context.float(), places, places.square()], dim=2)
    means = weights.transpose(1, 2) @ values
    features, middle, square = means[..., :-4], means[..., -4:-2], means[..., -2:]
    spread = (square - middle.square()).clamp(min=0).sqrt()
    area = ((shares.mean(dim=1) + 1e-4).log2()[..., None] + 6) / 2
    return torch.cat(
        [features, _POSITIONS * middle, _POSITIONS * spread, area, _COLORS * lab[None].to(shares)], dim=2
    )


def grid_places(grid: Grid, device: torch.device) -> Tensor:
    """Return the middle of each token, (h * w, 2): x and y in [-1, 1]."""
    y, x = ((torch.arange(side, device=device) + 0.5) / side * 2 - 1 for side in (grid.height, grid.width))
    return torch.stack([x.repeat(grid.height), y.repeat_interleave(grid.width)], dim=1)
