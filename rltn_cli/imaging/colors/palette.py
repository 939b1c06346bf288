"""The palette of reference pictures: clusters of colours, each with an 8-bit value that occurs in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.pixels import Bytes, Floats, to_unit_range
from rltn_cli.imaging.regions.flats import Mask
from rltn_cli.sizes import PALETTE_LARGEST

Color: TypeAlias = tuple[int, int, int]
"""sRGB, each from 0 to 255."""

_WIDTH = 160
"""Pixels across at which colours are clustered."""
_MERGED = 7.0
"""Clusters nearer than this in Lab (CIE76) are one."""
_SAME = 3.0
"""Values nearer than this in Lab are one colour."""
_NEAR, _FAR = 8.0, 20.0
"""Distances in Lab from a cluster's median at which a value counts for 37 %, and not at all."""
_SAMPLE = 1 << 19
"""Pixels at most in which values are counted."""
_FEW = 3
"""A colour that fewer pixels off the edges have may be the blend of two others."""
_BETWEEN = 12.0
"""It is one if it lies within this distance in Lab of the line between them."""
_PLAIN = 6
"""Levels of 255 by which a pixel off edges may at most differ from its neighbours."""


@dataclass(frozen=True, slots=True, eq=False)
class Palette:
    """Colours that flats are painted in."""

    colors: Bytes
    """(K, 3) sRGB, the most frequent first where they come from a picture."""

    def __post_init__(self) -> None:
        if self.colors.ndim != 2 or self.colors.shape[1] != 3 or not len(self.colors):
            raise ValueError(f"a palette is (K, 3) with at least one colour, not {self.colors.shape}")

    def __len__(self) -> int:
        """Return the number of colours."""
        return len(self.colors)

    @property
    def lab(self) -> Floats:
        """(K, 3) CIE Lab, L in [0, 100]."""
        lab: Floats = to_lab(self.colors[None])[0]
        return lab

    @property
    def hexes(self) -> list[str]:
        """The colours as `#rrggbb`."""
        return [to_hex(color) for color in self.colors.tolist()]

    def nearest(self, color: Color) -> int:
        """Return the number of the colour nearest to a given one in Lab."""
        return int(np.linalg.norm(self.lab - to_lab(np.array([[color]], np.uint8))[0, 0], axis=1).argmin())

    def distances_to(self, other: "Palette") -> list[tuple[int, float]]:
        """Return for each colour the number of another palette's nearest one, and how far it is (CIE76)."""
        away = np.linalg.norm(self.lab[:, None] - other.lab[None], axis=2)
        return [(int(row.argmin()), float(row.min())) for row in away]


def to_hex(color: Sequence[int]) -> str:
    """Return a colour as `#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*color)


def to_lab(picture: Bytes) -> Floats:
    """Return CIE Lab (H, W, 3), L in [0, 100], of an sRGB picture (H, W, 3) uint8."""
    return np.asarray(cv2.cvtColor(to_unit_range(picture), cv2.COLOR_RGB2LAB), np.float32)


def read_palette(pictures: Sequence[Bytes]) -> Palette:
    """Find the palette of pictures; the same pictures give the same one.

    They are clustered together by k-means in Lab at a small size. Clusters whose medians can hardly be told
    apart are merged into the larger; each then takes the value that most of its pixels have at full size,
    anti-aliased edges and thin outlines left out.

    Args:
        pictures: at least one, each (H, W, 3) uint8 sRGB.
    """
    samples = [_shrink(picture) for picture in pictures]
    medians = _find_clusters(np.concatenate([to_lab(sample).reshape(-1, 3) for sample in samples]))
    plain, other = _values(pictures)
    chosen, found = _find_most_frequent(medians, plain)
    if not found.any():
        return Palette(_drop_near_duplicates(_find_most_frequent(medians, other)[0]))
    blends = ~found
    blends[~found] = _find_blends(medians[~found], medians[found])
    rest, _ = _find_most_frequent(medians, other)
    return Palette(_drop_near_duplicates(np.where(found[:, None], chosen, rest)[~blends]))


def _drop_near_duplicates(colors: Bytes) -> Bytes:
    """Leave out colours (K, 3) that can hardly be distinguished from an earlier one."""
    lab = to_lab(colors[None])[0]
    kept: list[int] = []
    for number in range(len(colors)):
        if all(np.linalg.norm(lab[number] - lab[other]) > _SAME for other in kept):
            kept.append(number)
    return colors[kept]


def _shrink(picture: Bytes) -> Bytes:
    """Bring a picture to the width at which it is clustered."""
    height = max(1, min(4 * _WIDTH, round(_WIDTH * picture.shape[0] / picture.shape[1])))
    return np.asarray(cv2.resize(picture, (_WIDTH, height), interpolation=cv2.INTER_AREA), np.uint8)


def _find_clusters(lab: Floats) -> Floats:
    """Return the medians (K, 3) of clusters of Lab colours (P, 3), the largest first."""
    cv2.setRNGSeed(0)  # of this thread
    stop = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 20, 0.5)
    count = min(PALETTE_LARGEST, len(lab))
    _, found, _ = cv2.kmeans(lab, count, np.empty((0, 1), np.int32), stop, 1, cv2.KMEANS_PP_CENTERS)
    members = np.asarray(found).reshape(-1)
    sizes = np.bincount(members, minlength=count)
    kept: list[Floats] = []
    for number in np.argsort(-sizes, kind="stable"):
        if not sizes[number]:
            continue
        median = np.median(lab[members == number], axis=0).astype(np.float32)
        if all(np.linalg.norm(median - other) > _MERGED for other in kept):
            kept.append(median)
    return np.stack(kept)


@dataclass(frozen=True, slots=True, eq=False)
class _Values:
    """Values (V, 3) that occur, and how often each does."""

    colors: Bytes
    counts: NDArray[np.int64]


def _values(pictures: Sequence[Bytes]) -> tuple[_Values, _Values]:
    """Return the values of pixels that lie on no edge, and those of all pixels."""
    step = max(1, int(np.ceil((sum(picture.size // 3 for picture in pictures) / _SAMPLE) ** 0.5)))
    plain, other = [], []
    kernel = np.ones((3, 3), np.uint8)
    for picture in pictures:
        spread = cv2.subtract(cv2.dilate(picture, kernel), cv2.erode(picture, kernel))
        on_no_edge = (np.asarray(spread, np.uint8)[::step, ::step] <= _PLAIN).all(axis=2)
        sample = picture[::step, ::step]
        plain.append(sample[on_no_edge])
        other.append(sample.reshape(-1, 3))
    return _count_values(plain), _count_values(other)


def _count_values(samples: list[Bytes]) -> _Values:
    """Count the values of samples, each (P, 3)."""
    wide = np.concatenate(samples).astype(np.int32)
    codes, counts = np.unique((wide[:, 0] << 16) | (wide[:, 1] << 8) | wide[:, 2], return_counts=True)
    colors = np.stack([codes >> 16, (codes >> 8) & 255, codes & 255], axis=1).astype(np.uint8)
    return _Values(colors, counts)


def _find_most_frequent(medians: Floats, values: _Values) -> tuple[Bytes, Mask]:
    """Return the most frequent value of each cluster, and whether it has enough.

    Args:
        medians: (K, 3) Lab, of the clusters; a value belongs to the nearest one.
        values: to choose from.

    Returns:
        (colors, found), (K, 3) and (K,): the nearest value at all where a cluster has none.
    """
    chosen = np.zeros((len(medians), 3), np.uint8)
    found = np.zeros(len(medians), np.bool_)
    if not len(values.colors):
        return chosen, found
    lab = to_lab(values.colors[None])[0]
    away = np.stack([np.linalg.norm(lab - median, axis=1) for median in medians], axis=1)
    nearest = away.argmin(axis=1)
    for number in range(len(medians)):
        distance = away[:, number]
        members = np.flatnonzero((nearest == number) & (distance <= _FAR))
        if not len(members):
            chosen[number] = values.colors[distance.argmin()]
            continue
        weight = values.counts[members] * np.exp(-((distance[members] / _NEAR) ** 2))
        chosen[number] = values.colors[members[weight.argmax()]]
        found[number] = values.counts[members].sum() >= _FEW
    return chosen, found


def _find_blends(medians: Floats, plain: Floats) -> Mask:
    """Return which colours (J, 3) lie between two plain ones (K, 3), as those of anti-aliased edges do."""
    first, second = (plain[index] for index in np.triu_indices(len(plain), 1))
    along = second - first
    result = np.zeros(len(medians), np.bool_)
    for number, median in enumerate(medians):
        part = ((median - first) * along).sum(axis=1) / np.maximum(np.square(along).sum(axis=1), 1e-9)
        nearest = first + np.clip(part, 0, 1)[:, None] * along
        result[number] = bool((np.linalg.norm(nearest - median, axis=1) < _BETWEEN).any())
    return result
