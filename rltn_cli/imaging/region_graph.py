"""Regions of a drawing and what they touch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.flats import INK, Labels
from rltn_cli.imaging.pixels import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Borders:
    """Where two regions meet; each pair once."""

    pairs: NDArray[np.int32]
    """(P, 2), the smaller number first."""
    length: NDArray[np.int64]
    """(P,) pixels of border."""
    openness: Floats
    """(P,) share of the border in [0, 1] that no line runs along."""


def find_borders(labels: Labels, dark: Floats) -> Borders:
    """Find which regions touch.

    Args:
        labels: (H, W), of `find_regions`.
        dark: (H, W) in [0, 1], 1 on lines.
    """
    count = int(labels.max()) + 1
    codes, bare = [], []
    for near, far in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        places = np.nonzero(labels[near] != labels[far])
        first, second = labels[near][places].astype(np.int64), labels[far][places].astype(np.int64)
        codes.append(np.minimum(first, second) * count + np.maximum(first, second))
        bare.append(np.maximum(dark[near][places], dark[far][places]) < INK)
    found, which = np.unique(np.concatenate(codes), return_inverse=True)
    length = np.bincount(which, minlength=len(found))
    openness = np.bincount(which, np.concatenate(bare), minlength=len(found)) / np.maximum(length, 1)
    pairs = np.stack([found // count, found % count], axis=1)
    return Borders(pairs.astype(np.int32), length, openness.astype(np.float32))


def merge_specks(labels: Labels, dark: Floats, smallest: int) -> Labels:
    """Let regions that are too small join the neighbour that they share the most border with.

    Args:
        labels: (H, W), of `find_regions`.
        dark: (H, W) in [0, 1], 1 on lines.
        smallest: pixels off the lines that a region must have.

    Returns:
        (H, W), 1 to N without holes in the numbering.
    """
    count = int(labels.max()) + 1
    areas = np.bincount(labels[dark < INK], minlength=count)
    borders = find_borders(labels, dark)
    into = np.arange(count)
    neighbours: dict[int, list[tuple[float, int]]] = {}
    weights = borders.length * (1 + 4 * borders.openness)
    for (one, two), weight in zip(borders.pairs.tolist(), weights.tolist(), strict=True):
        neighbours.setdefault(one, []).append((weight, two))
        neighbours.setdefault(two, []).append((weight, one))
    for region in np.argsort(areas, kind="stable").tolist():
        if areas[region] >= smallest:
            break
        larger = [(weight, other) for weight, other in neighbours.get(region, ()) if areas[other] >= smallest]
        if larger:
            into[region] = max(larger)[1]
    present = np.zeros(count, np.bool_)
    present[labels.reshape(-1)] = True
    kept = np.unique(into[present])
    numbers = np.zeros(count, np.int32)
    numbers[kept] = np.arange(1, len(kept) + 1)
    merged: Labels = numbers[into][labels]
    return merged
