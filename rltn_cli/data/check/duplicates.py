"""Pictures that look the same: a perceptual hash finds candidates, small colour pictures decide.

The hash is cheap to compare but depends on lightness only, so that it takes recolourings of a drawing for
equal. Those are welcome in training; therefore candidates are compared in colour, too.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.pixels import Bytes, Floats

CELLS = 16
"""Side in pixels of the small colour pictures."""
_BITS = 64
_FEW_BITS = 8
"""Hashes that differ in more bits belong to different pictures."""
_LARGEST, _MEAN = 8, 1.5
"""Largest and mean difference of the small pictures' values, 0 to 255, up to which pictures are the same."""
_CHUNK, _SLICE = 1024, 16_384
"""Hashes compared with all others at once, and candidates compared in colour at once; bound the memory."""


def perceptual_hash(color: Bytes) -> Floats:
    """Return 64 values of -1 or 1: the low frequencies of the lightness, above or below their median.

    Args:
        color: (H, W, 3) RGB.
    """
    grey = cv2.resize(cv2.cvtColor(color, cv2.COLOR_RGB2GRAY), (32, 32), interpolation=cv2.INTER_AREA)
    waves = cv2.dct(grey.astype(np.float32))[:8, :8].reshape(-1)
    return np.where(waves > np.median(waves[1:]), 1, -1).astype(np.float32)


def color_cells(color: Bytes) -> Bytes:
    """Return the picture (H, W, 3) at 16x16, as a vector (768,)."""
    small = cv2.resize(color, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8).reshape(-1)


def find_same_pictures(hashes: Floats, cells: Bytes) -> list[list[int]]:
    """Find pictures that are the same except for their size, their compression or a few pixels.

    Args:
        hashes: (N, 64) of `perceptual_hash`.
        cells: (N, 768) of `color_cells`.

    Returns:
        Lists of two or more indices, each of the same picture; indices and lists in ascending order.
    """
    leader: dict[bytes, int] = {}
    head = np.array([leader.setdefault(row.tobytes(), i) for i, row in enumerate(cells)], np.intp)
    chosen = np.unique(head)
    for first, second in _find_alike(hashes[chosen], cells[chosen]):
        one, other = sorted((head[chosen[first]], head[chosen[second]]))
        head[head == other] = one
    members: dict[int, list[int]] = {}
    for index, top in enumerate(head.tolist()):
        members.setdefault(top, []).append(index)
    return [group for group in members.values() if len(group) > 1]


def _find_alike(hashes: Floats, cells: Bytes) -> list[tuple[int, int]]:
    """Return the pairs of rows, the lower first, that belong to the same picture."""
    found: list[tuple[int, int]] = []
    for start in range(0, len(hashes), _CHUNK):
        different = (_BITS - hashes[start : start + _CHUNK] @ hashes.T) / 2
        first, second = np.nonzero(different <= _FEW_BITS)
        first += start
        above = first < second
        first, second = first[above], second[above]
        for part in range(0, len(first), _SLICE):
            one, other = first[part : part + _SLICE], second[part : part + _SLICE]
            same = _compare_cells(cells[one], cells[other])
            found += zip(one[same].tolist(), other[same].tolist(), strict=True)
    return found


def _compare_cells(one: Bytes, other: Bytes) -> NDArray[np.bool_]:
    """Return for each row of two arrays (N, 768) whether the small pictures are the same."""
    difference = np.abs(one.astype(np.int16) - other)
    same: NDArray[np.bool_] = (difference.max(axis=1) <= _LARGEST) & (difference.mean(axis=1) <= _MEAN)
    return same
