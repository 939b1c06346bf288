"""Regions of a drawing and their neighbours."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.pixels import Floats
from rltn_cli.imaging.regions.clearance import Clearance
from rltn_cli.imaging.regions.flats import INK, Labels, Mask
from rltn_cli.imaging.regions.runs import Runs

_THROUGH = 0.7
"""Narrow regions that meet in the open over this share of their width are parts of one."""

_TABLE = 1 << 20
"""How many pairs of regions, whether they meet or not, a table may hold."""


@dataclass(frozen=True, slots=True, eq=False)
class Borders:
    """Where two regions meet; each pair once."""

    pairs: NDArray[np.int32]
    """(P, 2), the smaller number first."""
    length: NDArray[np.int64]
    """(P,) pixels of border."""
    bare: NDArray[np.int64]
    """(P,) how many of them no line runs along."""

    @property
    def openness(self) -> Floats:
        """(P,) share of the border in [0, 1] that no line runs along."""
        return np.asarray(self.bare / np.maximum(self.length, 1), np.float32)

    def renumber(self, numbers: NDArray[np.int32]) -> "Borders":
        """Return the borders after region i has become region `numbers[i]`."""
        return _collect(numbers[self.pairs].astype(np.int64), self.length, self.bare)


def find_borders(labels: Labels, dark: Floats) -> Borders:
    """Find which regions touch.

    Args:
        labels: (H, W), of `find_regions`.
        dark: (H, W) in [0, 1], 1 on lines.
    """
    ends, bare = [], []
    width = labels.shape[1]
    regions, darkness = np.ascontiguousarray(labels).reshape(-1), np.ascontiguousarray(dark).reshape(-1)
    for step in (1, width):
        near = np.flatnonzero(regions[step:] != regions[:-step])
        if step < width:
            near = near[(near + 1) % width > 0]  # the next pixel is not in the next row
        far = near + step
        ends.append(np.stack([regions[near], regions[far]], axis=1))
        bare.append(np.maximum(darkness[near], darkness[far]) < INK)
    pairs = np.concatenate(ends).astype(np.int64)
    return _collect(pairs, np.ones(len(pairs), np.int64), np.concatenate(bare).astype(np.int64))


def _collect(pairs: NDArray[np.int64], length: NDArray[np.int64], bare: NDArray[np.int64]) -> Borders:
    """Add up borders (P, 2) of the same two regions, in either order, without those inside a region."""
    low, high = np.minimum(*pairs.T), np.maximum(*pairs.T)
    outer = low != high
    count = int(high.max(initial=0)) + 1
    codes = (low * count + high)[outer]
    if count * count <= _TABLE:  # counting takes less time than sorting
        met = np.bincount(codes, minlength=1) > 0
        found, which = np.flatnonzero(met), (np.cumsum(met) - 1)[codes]
    else:
        found, which = np.unique(codes, return_inverse=True)
    sums = [np.bincount(which, values[outer], len(found)).astype(np.int64) for values in (length, bare)]
    return Borders(np.stack([found // count, found % count], axis=1).astype(np.int32), *sums)


def tidy_regions(labels: Labels, dark: Floats, gap: float, smallest: int) -> tuple[Labels, Borders]:
    """Join pieces and specks, which are not regions of their own.

    The width of a narrow region, a strand of hair, wavers by pixels, so that `find_regions` may find it in
    pieces: narrow regions that meet in the open over most of their width become one. Regions that are too
    small then join the neighbour that they share the most border with, open border above all.

    Args:
        labels: (H, W), of `find_regions`.
        dark: (H, W) in [0, 1], 1 on lines.
        gap: in pixels; a region that is nowhere as wide is narrow.
        smallest: pixels off the lines that a region must have.

    Returns:
        (labels, borders): (H, W), 1 to N without holes in the numbering, and where these meet.
    """
    free = dark < INK
    count = int(labels.max()) + 1
    borders = find_borders(labels, dark)
    runs = Runs(labels, free)
    joined = _join_pieces(borders, _widths(labels, free, borders, gap, count), gap)
    areas = np.bincount(joined, runs.areas(count), count).astype(np.int64)
    merged = _merge_specks(borders.renumber(joined), areas, smallest)[joined]
    kept = np.unique(merged[runs.labels])
    numbers = np.zeros(count, np.int32)
    numbers[kept] = np.arange(1, len(kept) + 1)
    numbers = numbers[merged]
    return runs.spread(numbers[runs.labels]), borders.renumber(numbers)


def _widths(labels: Labels, free: Mask, borders: Borders, gap: float, count: int) -> Floats:
    """Return how wide each region is at its widest, (count,) pixels.

    It is infinite from the gap on, and where a region has no open border with another as narrow.
    """

    def widths(distance: Floats) -> Floats:
        return 2 * np.minimum(distance, gap + 1) - 1  # infinite where there is no line

    clearance = Clearance(free.view(np.uint8), cv2.DIST_MASK_3)
    wide = Runs(labels, clearance.where(lambda distance: widths(distance) >= gap, (gap + 1) / 2) > 0).present(
        count
    )
    widest = np.full(count, np.inf, np.float32)
    pairs = borders.pairs[borders.bare > 0]
    asked = np.unique(pairs[~wide[pairs].any(axis=1)])
    if asked.size:
        widest[asked] = 0
        places = np.flatnonzero(np.take(widest == 0, labels))
        np.maximum.at(widest, labels.reshape(-1)[places], widths(clearance.distance().reshape(-1)[places]))
    return widest


def _join_pieces(borders: Borders, width: Floats, gap: float) -> NDArray[np.int32]:
    """Return each region's number after pieces of narrow regions have become one."""
    into = np.arange(len(width), dtype=np.int32)

    def top(region: int) -> int:
        while into[region] != region:
            region = int(into[region])
        return region

    both = width[borders.pairs]
    pieces = (both.max(axis=1) < gap) & (borders.bare >= _THROUGH * both.min(axis=1))
    for one, two in borders.pairs[pieces].tolist():
        first, second = sorted((top(one), top(two)))
        into[second] = first
    return np.array([top(region) for region in range(len(width))], np.int32)


def _merge_specks(borders: Borders, areas: NDArray[np.int64], smallest: int) -> NDArray[np.int32]:
    """Return each region's number after small ones have joined a neighbour that is not small."""
    into = np.arange(len(areas), dtype=np.int32)
    neighbours: dict[int, list[tuple[int, int]]] = {}
    weights = borders.length + 4 * borders.bare
    for (one, two), weight in zip(borders.pairs.tolist(), weights.tolist(), strict=True):
        neighbours.setdefault(one, []).append((weight, two))
        neighbours.setdefault(two, []).append((weight, one))
    for region in np.flatnonzero(areas < smallest).tolist():
        larger = [found for found in neighbours.get(region, ()) if areas[found[1]] >= smallest]
        if larger:
            into[region] = max(larger)[1]
    return into
