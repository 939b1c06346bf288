"""Coarse-to-fine matching of large pictures, in memory that grows with their pixels alone.

The full match grows with the product of both pictures' pixels. Here blocks of 4x4 tokens are matched first,
by their mean features. Then each part of the sketch is matched with the blocks that got most of its
attention, token by token, with the next ones by quarters, with still others as wholes, and with the rest not
at all.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from rltn_cli.models.correspondence import weighted

BLOCK = 4
"""Side in tokens of the blocks that are matched first; the network's sides are multiples of it."""
PART = 4
"""Side in blocks of the parts of a sketch that look at the same blocks of the references."""
NEAR, MIDDLE, FAR = 256, 512, 1024
"""How many blocks a part looks at token by token, by quarters, and as wholes."""
KEYS = 16 * NEAR + 4 * MIDDLE + FAR
"""With how many keys each of the sketch's tokens is matched, at most."""
_SIDES = 1, 2, 4
"""Side in tokens of what is one key in near blocks, in middle and in far ones."""
_AT_ONCE = 8
"""Parts that are matched at once; each takes about 4 MiB."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Height and width of a picture in tokens, multiples of `BLOCK`."""

    height: int
    width: int

    def blocks(self) -> Tensor:
        """Return the tokens of each block, (height / 4 * width / 4, 16) int64, row by row."""
        return _squares(torch.arange(self.height * self.width).view(self.height, self.width), BLOCK)

    def parts(self) -> Tensor:
        """Return the blocks of each part, (parts, 16) int64; at the edge the last row or column repeats."""
        rows, columns = (
            torch.arange(-(-side // (BLOCK * PART)) * PART).clamp(max=side // BLOCK - 1)
            for side in (self.height, self.width)
        )
        return _squares(rows[:, None] * (self.width // BLOCK) + columns, PART)


def _squares(numbers: Tensor, side: int) -> Tensor:
    """Cut (H, W) into squares, (H / side * W / side, side * side), row by row."""
    return F.pixel_unshuffle(numbers[None, None], side).flatten(2)[0].T


@dataclass(frozen=True, slots=True)
class Windows:
    """What each part of a batch of sketches looks at in the references."""

    parts: Tensor
    """(parts, 256) int64, the sketch's tokens of each part."""
    order: Tensor
    """(N,) int64, where the sketch's tokens are among those of the parts."""
    blocks: Tensor
    """(blocks, 16) int64, the references' tokens of each block."""
    seen: Tensor
    """(B, parts, K) int64, at most NEAR + MIDDLE + FAR blocks that each part looks at, likeliest first."""

    def warp(
        self, queries: Tensor, keys: Tensor, values: Tensor, temperature: float, bias: Tensor | None = None
    ) -> Tensor:
        """Return the values at the sketch's places, (B, N, v); arguments as of `correspondence.warp`."""
        bias = torch.zeros_like(keys[..., 0]) if bias is None else bias
        weight = keys.shape[2]
        queries, keys = weighted(queries, keys, temperature, bias)
        width = -(-max(weight + 1, values.shape[2]) // 8) * 8
        queries, keys, padded = (
            F.pad(t, (0, width - t.shape[2])) for t in (queries, keys, values.to(keys.dtype))
        )
        warped = []
        for query, key, value, seen in zip(queries, keys, padded, self.seen, strict=True):
            key_levels, value_levels = self._levels(key), self._levels(value)
            for level, side in zip(key_levels, _SIDES, strict=True):
                level[..., weight] += temperature * math.log(side * side)  # it stands for so many tokens
            found = [
                F.scaled_dot_product_attention(
                    query[tokens][:, None], _gather(key_levels, blocks), _gather(value_levels, blocks),
                    scale=1 / temperature,
                )[:, 0, :, : values.shape[2]]
                for tokens, blocks in zip(self.parts.split(_AT_ONCE), seen.split(_AT_ONCE), strict=True)
            ]  # fmt: skip
            warped.append(torch.cat(found).flatten(0, 1)[self.order])
        return torch.stack(warped)

    def _levels(self, tokens: Tensor) -> list[Tensor]:
        """Return the tokens (M, c) of each block as such, their means in quarters, and of the whole.

        Each is (blocks, 16 or fewer, c).
        """
        blocks = tokens[self.blocks]
        levels = []
        for side in _SIDES:
            count = BLOCK // side
            squares = blocks.view(len(blocks), count, side, count, side, -1)
            levels.append(squares.mean(dim=(2, 4)).flatten(1, 2))
        return levels

    def best_match(
        self, queries: Tensor, keys: Tensor, temperature: float = 1.0, bias: Tensor | None = None
    ) -> Tensor:
        """Return the most similar key in the near blocks, (B, N); see `correspondence.best_match`."""
        queries, keys = weighted(queries, keys, temperature, bias)
        best = []
        for query, key, seen in zip(queries, keys, self.seen, strict=True):
            found = []
            for tokens, blocks in zip(self.parts.split(_AT_ONCE), seen.split(_AT_ONCE), strict=True):
                near = self.blocks[blocks[:, :NEAR]].flatten(1)
                found.append(near.gather(1, (query[tokens] @ key[near].transpose(1, 2)).argmax(dim=2)))
            best.append(torch.cat(found).flatten()[self.order])
        return torch.stack(best)


def _gather(levels: Sequence[Tensor], blocks: Tensor) -> Tensor:
    """Return what parts see of some levels, (parts, 1, keys, c)."""
    by_level = blocks[:, :NEAR], blocks[:, NEAR : NEAR + MIDDLE], blocks[:, NEAR + MIDDLE :]
    seen = [level[chosen].flatten(1, 2) for level, chosen in zip(levels, by_level, strict=True)]
    return torch.cat(seen, dim=1)[:, None]


@torch.no_grad()
def find_windows(
    queries: Tensor,
    keys: Tensor,
    sketch: Grid,
    references: Sequence[Grid],
    temperature: float,
    bias: Tensor | None = None,
    features: int | None = None,
) -> Windows:
    """Match blocks with blocks, and find what each part of the sketches looks at.

    Args:
        queries: (B, N, d) of sketches.
        keys: (B, M, d) of their references, one after the other.
        sketch: its tokens.
        references: those of each.
        temperature: of the softmax.
        bias: see `correspondence.warp`.
        features: how many of the d numbers are features of unit length, as the block's means are then made
            again; all if left out.
    """
    ends = itertools.accumulate((grid.height * grid.width for grid in references), initial=0)
    numbers = torch.cat([grid.blocks() + first for grid, first in zip(references, ends, strict=False)])
    inside, parts, blocks = (t.to(queries.device) for t in (sketch.blocks(), sketch.parts(), numbers))
    tokens = inside[parts].flatten(1)
    places = torch.arange(tokens.numel(), device=tokens.device)
    order = torch.full_like(places[: queries.shape[1]], tokens.numel())
    order = order.scatter_reduce(0, tokens.flatten(), places, "amin")  # a token of several parts: the first
    queries, keys = weighted(
        _unit(queries[:, inside].mean(dim=2), features),
        _unit(keys[:, blocks].mean(dim=2), features),
        temperature,
        None if bias is None else bias[:, blocks].mean(dim=2),
    )
    count = min(NEAR + MIDDLE + FAR, len(blocks))
    seen = [
        torch.cat([_likeliest(query[some], key, temperature, count) for some in parts.split(_AT_ONCE)])
        for query, key in zip(queries, keys, strict=True)
    ]
    return Windows(tokens, order, blocks, torch.stack(seen))


def _unit(means: Tensor, features: int | None) -> Tensor:
    """Scale the first numbers of means (B, M, d) to unit length, all of them for None."""
    if features is None:
        return F.normalize(means, dim=2)
    return torch.cat([F.normalize(means[..., :features], dim=2), means[..., features:]], dim=2)


def _likeliest(queries: Tensor, keys: Tensor, temperature: float, count: int) -> Tensor:
    """Return the keys that get most attention of some queries together.

    Args:
        queries: (parts, 16, d).
        keys: (M, d).
        temperature: of the softmax.
        count: of keys to return.

    Returns:
        (parts, count) int64, the likeliest first.
    """
    attention = torch.softmax(queries @ keys.T / temperature, dim=2).sum(dim=1)
    return attention.topk(count, dim=1).indices
