"""Votes: how far each pixel of a picture, and each region of a drawing, is for each colour of a palette."""

import functools
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.colors.palette import Palette
from rltn_cli.imaging.pixels import Bytes, Floats

_NEAR, _FAR, _FAR_SHARE = 10.0, 40.0, 1e-4
"""Distances in Lab over which a vote fades; the far one, next to nothing, decides where nothing is near."""
_FOREIGN = 25.0
"""A pixel this far from every colour of the palette has 37 % of a vote."""
_BITS = 5
"""Bits of each channel for which votes are computed."""


class Ballot:
    """The votes of any picture for the colours of one palette."""

    def __init__(self, palette: Palette) -> None:
        steps = (np.arange(1 << _BITS, dtype=np.float32) + 0.5) / (1 << _BITS)
        grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
        lab = cv2.cvtColor(grid.reshape(1, -1, 3), cv2.COLOR_RGB2LAB)[0]
        away = np.stack([np.linalg.norm(lab - color, axis=1) for color in palette.lab], axis=1)
        votes = np.exp(-((away / _NEAR) ** 2)) + _FAR_SHARE * np.exp(-away / _FAR)
        votes *= np.exp(-((away.min(axis=1) / _FOREIGN) ** 2))[:, None] / votes.sum(axis=1, keepdims=True)
        self._table: Floats = votes.astype(np.float32)

    def votes(self, picture: Bytes) -> Floats:
        """Return the votes (H, W, K), each pixel's sum at most 1, of a picture (H, W, 3) uint8."""
        votes: Floats = self._table[_codes(picture)]
        return votes

    def shares(self, picture: Bytes, patch: int) -> Floats:
        """Return the mean votes of each square patch, (H / patch * W / patch, K), row by row."""
        height, width = (side // patch for side in picture.shape[:2])
        rows = []
        for row in range(height):
            votes = self.votes(picture[row * patch : (row + 1) * patch])
            rows.append(votes.reshape(patch, width, patch, -1).mean(axis=(0, 2)))
        return np.concatenate(rows)

    def contacts(self, pictures: Sequence[Bytes]) -> Floats:
        """Count which colours are next to each other in pictures, and next to themselves.

        Returns:
            (K, K) float32, symmetric, of sum 1: [i, j] is how often i lies a sixty-fourth of a side from j.
        """
        size = self._table.shape[1]
        total = np.zeros((size, size))
        for picture in pictures:
            nearest = self._nearest(picture)
            step = max(1, round(min(nearest.shape) / 64))
            for near, far in ((np.s_[:, :-step], np.s_[:, step:]), (np.s_[:-step], np.s_[step:])):
                codes = nearest[near].astype(np.int64) * size + nearest[far]
                total += np.bincount(codes.reshape(-1), minlength=size * size).reshape(size, size)
        total += total.T
        return np.asarray(total / max(1.0, total.sum()), np.float32)

    def _nearest(self, picture: Bytes) -> NDArray[np.int64]:
        """Return the number of each pixel's nearest colour, (H, W)."""
        nearest: NDArray[np.int64] = self._table.argmax(axis=1)[_codes(picture)]
        return nearest


@functools.lru_cache(maxsize=8)
def ballot_of(palette: Palette) -> Ballot:
    """Return the ballot of a palette; those of the last few palettes are kept."""
    return Ballot(palette)


def _codes(picture: Bytes) -> NDArray[np.int32]:
    """Return the row of a ballot's table for each pixel of (..., 3) uint8."""
    wide = picture.astype(np.int32) >> (8 - _BITS)
    codes: NDArray[np.int32] = (wide[..., 0] << 2 * _BITS) | (wide[..., 1] << _BITS) | wide[..., 2]
    return codes
