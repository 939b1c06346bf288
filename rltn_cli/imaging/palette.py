"""The palette of reference pictures: a few clusters of colours, each with an 8-bit value that occurs in them."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.pixels import Bytes, Floats, to_unit_range

_WIDTH = 160
"""Pixels across at which colours are clustered."""
_CENTERS = 24
_MERGED = 7.0
"""Clusters nearer than this in Lab (CIE76) are one."""
_NEAR = 6.0
"""A cluster's value is at most so far from its median in Lab, where the picture has such a value."""
_SAMPLE = 1 << 19
"""Pixels at most in which values are counted."""
_PLAIN = 6
"""Levels of 255 by which a pixel may differ from its neighbours to count as no edge."""


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
        return to_lab(self.colors[None])[0]

    @property
    def hexes(self) -> list[str]:
        """The colours as `#rrggbb`."""
        return ["#{:02x}{:02x}{:02x}".format(*color) for color in self.colors.tolist()]


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
    samples = [_small(picture) for picture in pictures]
    medians = _clusters(np.concatenate([to_lab(sample).reshape(-1, 3) for sample in samples]))
    values, counts = _plain_values(pictures)
    if not len(values):
        values, counts = np.unique(
            np.concatenate([sample.reshape(-1, 3) for sample in samples]), axis=0, return_counts=True
        )
    chosen = _frequent(medians, values, counts)
    _, firsts = np.unique(chosen, axis=0, return_index=True)
    return Palette(chosen[np.sort(firsts)])


def _small(picture: Bytes) -> Bytes:
    """Bring a picture to the width at which it is clustered."""
    height = max(1, min(4 * _WIDTH, round(_WIDTH * picture.shape[0] / picture.shape[1])))
    return np.asarray(cv2.resize(picture, (_WIDTH, height), interpolation=cv2.INTER_AREA), np.uint8)


def _clusters(lab: Floats) -> Floats:
    """Return the medians (K, 3) of clusters of Lab colours (P, 3), the largest first."""
    cv2.setRNGSeed(0)  # of this thread
    stop = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 20, 0.5)
    count = min(_CENTERS, len(lab))
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


def _plain_values(pictures: Sequence[Bytes]) -> tuple[Bytes, NDArray[np.int64]]:
    """Return the values (V, 3) of pixels that lie on no edge, and how often each occurs."""
    step = max(1, int(np.ceil((sum(picture.size // 3 for picture in pictures) / _SAMPLE) ** 0.5)))
    found = []
    kernel = np.ones((3, 3), np.uint8)
    for picture in pictures:
        range_ = cv2.subtract(cv2.dilate(picture, kernel), cv2.erode(picture, kernel))
        sample = np.asarray(range_, np.uint8)[::step, ::step]
        found.append(picture[::step, ::step][(sample <= _PLAIN).all(axis=2)])
    wide = np.concatenate(found).astype(np.int32)
    codes, counts = np.unique((wide[:, 0] << 16) | (wide[:, 1] << 8) | wide[:, 2], return_counts=True)
    values = np.stack([codes >> 16, (codes >> 8) & 255, codes & 255], axis=1).astype(np.uint8)
    return values, counts


def _frequent(medians: Floats, values: Bytes, counts: NDArray[np.int64]) -> Bytes:
    """Return for each median (K, 3) the most frequent value near it, or the nearest where none is near."""
    lab = to_lab(values[None])[0]
    chosen = np.empty((len(medians), 3), np.uint8)
    for number, median in enumerate(medians):
        away = np.linalg.norm(lab - median, axis=1)
        near = away <= max(_NEAR, float(away.min()))
        chosen[number] = values[np.flatnonzero(near)[np.lexsort((away[near], -counts[near]))[0]]]
    return chosen
