"""Regions divided at wide openings in their lines, where the votes on both sides disagree.

`find_regions` closes openings up to the gap. Artists leave wider ones, too, through which a face runs into
the shirt below, and both would get one colour. They cannot all be closed: many lead from one part of a sleeve
to another. So regions are cut at all of them, and pieces are joined again unless the network sees different
colours in them.
"""

import heapq
import math
from collections import defaultdict
from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.canvas import shrink_lines
from rltn_cli.imaging.colors.evidence import Clues, log_votes
from rltn_cli.imaging.pixels import Bytes, Floats
from rltn_cli.imaging.regions.count import RegionCount, number_keys
from rltn_cli.imaging.regions.flats import GAP, INK, Labels, Mask, fill_nearest, find_regions
from rltn_cli.imaging.regions.region_map import RegionMap
from rltn_cli.imaging.regions.trust import darkness, trust_of

_WIDER = (2.0, 4.0, 6.0)
"""Widths of openings at which regions are cut, in gaps."""
_SIDE = 512
"""Openings are sought at this many pixels of the shorter side at most."""
_UNIT = 64
"""Lengths are in this many parts of the shorter side: a place of the network at its usual size."""
_APART = 8.0
"""Pieces stay apart only if one colour for both loses more log-likelihood than this per length of opening."""
_WIDEST = 1.0
"""Pieces stay apart only if their opening is at most this share of the root of the smaller one's area."""
_ALIKE = 12.0
"""Pieces whose colours are nearer in Lab than this do not stay apart, such as the tints of a sky."""
_SHORTEST = 0.5
"""The least length that an opening counts for."""
_REACH, _WIDTH = 0.03, 0.006
"""How far borders across openings move, and the width that says where to, as shares of the shorter side."""

_Pair = tuple[int, int]


def divide_at_openings(regions: RegionMap, clues: Clues, grey: Bytes, gap: float = GAP) -> RegionMap:
    """Divide regions at openings up to six gaps wide where the votes on both sides disagree.

    Args:
        regions: of the drawing, all openings up to the gap closed.
        clues: from the network; without attention, nothing is divided.
        grey: (H, W) the drawing, black lines on white.
        gap: as a share of the shorter side.

    Returns:
        The regions; of one that is divided, one part keeps its number, and the others get new ones.
    """
    if clues.attention is None:
        return regions
    small = _shrink(regions, grey)
    pieces, whole = _cut(small, gap)
    if not _divided(whole):
        return regions
    cut = RegionMap.of(pieces, small.dark)
    scale = (_UNIT / min(pieces.shape)) ** 2
    counted = RegionCount(pieces, cut.dark)
    weight = trust_of(grey, (clues.colors.shape[0], clues.colors.shape[1]))
    trusted = counted.sums(np.ones((*weight.shape, 1), np.float32), weight)
    votes = log_votes(clues, counted, weight) * trusted * scale
    away = np.linalg.norm(clues.palette.lab[:, None] - clues.palette.lab, axis=2)
    areas = counted.areas * pieces.size * scale
    parts = _Pieces(votes, areas, _find_openings(cut, whole), distinct=away >= _ALIKE).join()
    region_of = np.zeros(int(parts.max()) + 1, np.int32)
    region_of[parts] = whole
    if not _divided(region_of):
        return regions
    found = _straighten(parts[pieces], region_of, cut.dark < INK)
    return RegionMap.of(_enlarge(found, region_of, regions.labels), regions.dark)


def _divided(region_of: NDArray[np.int32]) -> list[int]:
    """Return the regions that two or more pieces, from number 1, are of."""
    divided: list[int] = np.flatnonzero(np.bincount(region_of[1:]) > 1).tolist()
    return divided


def _shrink(regions: RegionMap, grey: Bytes) -> RegionMap:
    """Return regions at the size at which openings are sought; very small ones may be missing."""
    height, width = regions.labels.shape
    scale = _SIDE / min(height, width)
    if scale >= 1:
        return regions
    size = round(height * scale), round(width * scale)
    labels = cv2.resize(regions.labels, size[::-1], interpolation=cv2.INTER_NEAREST)
    return RegionMap.of(np.asarray(labels, np.int32), darkness(shrink_lines(grey, size)))


def _cut(regions: RegionMap, gap: float) -> tuple[Labels, NDArray[np.int32]]:
    """Cut regions at all openings.

    Returns:
        (pieces, whole): (H, W), 1 to P; and (P + 1,), the region that each piece is of.
    """
    pieces = regions.labels
    whole = np.arange(regions.count + 1, dtype=np.int32)
    for width in _WIDER:
        finer = find_regions(regions.dark, width * gap)
        count = int(finer.max()) + 1
        codes = (pieces.astype(np.int64) * count + finer).reshape(-1)
        codes, numbers = number_keys(codes, len(whole) * count)
        pieces = (numbers.reshape(pieces.shape) + 1).astype(np.int32)
        whole = np.concatenate([[0], whole[codes // count]]).astype(np.int32)
    return pieces, whole


def _find_openings(pieces: RegionMap, whole: NDArray[np.int32]) -> dict[_Pair, float]:
    """Return the length of the openings between pieces of one region; 0 where only a line lies between."""
    borders = pieces.borders
    within = whole[borders.pairs[:, 0]] == whole[borders.pairs[:, 1]]
    lengths = borders.bare[within] * (_UNIT / min(pieces.labels.shape))
    return {
        (one, two): length
        for (one, two), length in zip(borders.pairs[within].tolist(), lengths.tolist(), strict=True)
    }


class _Pieces:
    """Pieces that are joined, the pair first whose votes suffer least, while they suffer little."""

    def __init__(
        self, votes: Floats, areas: Floats, openings: Mapping[_Pair, float], *, distinct: NDArray[np.bool_]
    ) -> None:
        """Take pieces, numbered from 1.

        Args:
            votes: (P + 1, K) log-likelihoods of colours.
            areas: (P + 1,).
            openings: the length of the opening between two pieces that touch.
            distinct: (K, K), which colours differ so much that pieces of them may stay apart.
        """
        self._distinct = distinct
        self._votes, self._areas = list(votes), areas.tolist()
        self._openings: dict[int, dict[int, float]] = defaultdict(dict)
        for (one, two), length in openings.items():
            self._openings[one][two] = self._openings[two][one] = length
        self._into = list(range(len(votes)))

    def join(self) -> NDArray[np.int32]:
        """Return the part that each piece belongs to in the end, (P + 1,), numbered from 1."""
        count = len(self._into)
        queue = [(self._loss(one, two), one, two) for one in self._openings for two in self._openings[one]]
        heapq.heapify(queue)
        while queue:
            loss, one, two = heapq.heappop(queue)
            if loss > _APART:
                break
            if one in self._openings and two in self._openings:
                both = self._join(one, two)
                for other in self._openings[both]:
                    heapq.heappush(queue, (self._loss(both, other), both, other))
        for piece in reversed(range(len(self._into))):
            self._into[piece] = self._into[self._into[piece]]
        return np.unique(self._into[:count], return_inverse=True)[1].astype(np.int32)

    def _loss(self, one: int, two: int) -> float:
        """Return how much log-likelihood one colour for both loses, per length of the opening."""
        first, second = self._votes[one], self._votes[two]
        length = self._openings[one][two]
        loss = float(first.max() + second.max() - (first + second).max()) / max(length, _SHORTEST)
        narrow = length <= _WIDEST * min(self._areas[one], self._areas[two]) ** 0.5
        if narrow and self._distinct[first.argmax(), second.argmax()]:
            return loss
        return min(loss, _APART)

    def _join(self, one: int, two: int) -> int:
        """Join two pieces to a new one, and return its number."""
        both = len(self._into)
        self._into.append(both)
        self._into[one] = self._into[two] = both
        self._votes.append(self._votes[one] + self._votes[two])
        self._areas.append(self._areas[one] + self._areas[two])
        around = self._openings[both]
        for piece in (one, two):
            for other, length in self._openings.pop(piece).items():
                if other not in (one, two):
                    around[other] = around.get(other, 0.0) + length
                    del self._openings[other][piece]
        for other, length in around.items():
            self._openings[other][both] = length
        return both


def _straighten(parts: Labels, region_of: NDArray[np.int32], free: Mask) -> Labels:
    """Straighten the borders of parts across openings.

    Blurring parts, and giving each pixel to the one that most is left of, moves their borders by their
    curvature until they are as short as the lines allow (Merriman, Bence and Osher, 1992); by at most a pixel
    each time, so that no part gets across a line.

    Args:
        parts: (H, W), 1 to M.
        region_of: (M + 1,), the region that each part is of.
        free: (H, W), True off the lines.
    """
    result, short = parts.copy(), min(parts.shape)
    rounds, width = round(_REACH * short), _WIDTH * short
    for region in _divided(region_of):
        names = np.flatnonzero(region_of == region).astype(np.int32)
        inside = (region_of[parts] == region) & free
        moving = _widen(_fronts(result, names, inside).sum(axis=0) > 1, rounds) & inside
        left, top, across, down = cv2.boundingRect(moving.view(np.uint8))
        if not across:
            continue
        margin = math.ceil(3 * width)
        rows = slice(max(0, top - margin), top + down + margin)
        columns = slice(max(0, left - margin), left + across + margin)
        labels, inside, moving = result[rows, columns], inside[rows, columns], moving[rows, columns]
        for _ in range(rounds):
            fronts = _fronts(labels, names, inside)
            shares = [
                cv2.GaussianBlur(((labels == name) & inside).astype(np.float32), (0, 0), width)
                for name in names
            ]
            most = np.where(fronts, shares, -1).argmax(axis=0)
            labels[moving] = names[most[moving]]
    return result


def _fronts(labels: Labels, names: NDArray[np.int32], inside: Mask) -> Mask:
    """Return where each part is or has a neighbour inside of its region, (names, H, W)."""
    return np.stack([_widen((labels == name) & inside, 1) & inside for name in names])


def _widen(mask: Mask, distance: int) -> Mask:
    """Return the mask and all pixels up to a distance from it."""
    shape = cv2.MORPH_ELLIPSE if distance > 1 else cv2.MORPH_CROSS
    around = cv2.getStructuringElement(shape, (2 * distance + 1, 2 * distance + 1))
    return np.asarray(cv2.dilate(mask.view(np.uint8), around), np.uint8).view(np.bool_)


def _enlarge(parts: Labels, region_of: NDArray[np.int32], regions: Labels) -> Labels:
    """Divide regions at their own size.

    Args:
        parts: (h, w), 1 to M, at the size at which they were found.
        region_of: (M + 1,), the region that each part is of.
        regions: (H, W), 1 to N.

    Returns:
        (H, W), 1 to at least N: one part of each region keeps its number.
    """
    size, found, count = (regions.shape[1], regions.shape[0]), regions.copy(), int(regions.max())
    for region in _divided(region_of):
        inside = regions == region
        nearest = fill_nearest(np.where(region_of[parts] == region, parts, 0))
        most = np.zeros(regions.shape, np.float32)
        for number, part in enumerate(np.flatnonzero(region_of == region).tolist()):
            share = (nearest == part).astype(np.float32)
            if share.shape != regions.shape:  # without steps as large as the smaller pixels
                share = cv2.resize(cv2.GaussianBlur(share, (0, 0), 1), size, interpolation=cv2.INTER_LINEAR)
            found[inside & (share > most)] = count + number if number else region
            np.maximum(most, share, out=most)
        count += int((region_of == region).sum()) - 1
    used = np.bincount(found.reshape(-1), minlength=count + 1) > 0
    used[0] = False  # parts that are thinner than a pixel leave holes
    return np.take(np.cumsum(used, dtype=np.int32), found)
