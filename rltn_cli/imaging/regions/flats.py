"""The regions between the lines of a drawing, small gaps closed."""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.pixels import Bytes, Floats
from rltn_cli.imaging.regions.clearance import Clearance

Labels: TypeAlias = NDArray[np.int32]
Mask: TypeAlias = NDArray[np.bool_]

GAP = 0.012
"""Gaps in lines up to this share of the shorter side are closed."""
INK = 0.25
"""Darkness, from 0 to 1, from which a pixel belongs to a line."""

_CORE = 1.5
"""A new region must be wider than the ball by this much; the width of a long one varies by less."""


def find_regions(dark: Floats, gap: float = GAP) -> Labels:
    """Divide a drawing into the regions between its lines.

    A ball as wide as the gap is rolled through the free area: what it reaches without touching a line is the
    core of a region. Smaller balls then find the regions that are too narrow, and widen the others; where
    they pass a gap, the two regions meet in it. (After Zhang et al., Vectorizing Cartoon Animations, 2009.)

    Args:
        dark: (H, W) in [0, 1], 1 on lines.
        gap: widest gap that is closed, as a share of the shorter side.

    Returns:
        (H, W), 1 to N; a pixel of a line belongs to the nearest region. All 1 where everything is line.
    """
    free = (dark < INK).astype(np.uint8)
    if not free.any():
        return np.ones(dark.shape, np.int32)
    clearance = Clearance(free)
    regions = _Regions(free.shape)
    radius = gap * min(dark.shape) / 2
    while radius > 0.75:
        regions.widen(clearance.beyond(radius), clearance.beyond(_CORE * radius))
        radius /= 2
    regions.widen(free, free)
    return fill_nearest(np.ascontiguousarray(regions.framed[1:-1, 1:-1]))


class _Regions:
    """Connected regions that fill wider and wider areas.

    All is within a frame of one pixel without regions, so that every pixel has four neighbours.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.framed: Labels = np.zeros((shape[0] + 2, shape[1] + 2), np.int32)
        """(H + 2, W + 2), 0 where there is no region."""
        self._inside = np.zeros(0, np.intp)
        """A pixel of each region, from region 1."""
        self._area: Bytes = np.zeros((0, 0), np.uint8)
        """The area that was filled last."""
        self._parts: Labels = self.framed
        """Its connected parts from 1."""
        self._count = 1

    def widen(self, area: Bytes, cores: Bytes) -> None:
        """Let regions fill a wider area; its parts that hold a core but no region yet become new ones.

        Args:
            area: (H, W) of 0 and 1; holds all regions.
            cores: (H, W) of 0 and 1, pixels that lie deep in the area.
        """
        area, cores = _frame(area), _frame(cores)
        if not np.array_equal(area, self._area):
            self._count, found = cv2.connectedComponents(area, connectivity=4, ltype=cv2.CV_32S)
            self._area, self._parts = area, np.asarray(found, np.int32)
        count, parts = self._count, self._parts
        holders = parts.reshape(-1)[self._inside]  # a region is connected: all of it lies in one part
        held = np.bincount(holders, minlength=count)
        name = np.zeros(count, np.int32)
        name[holders] = np.arange(1, len(self._inside) + 1)
        deep = _first_of_each_row((cores > 0) & (self.framed == 0))
        inside = np.full(count, -1, np.intp)
        inside[parts.reshape(-1)[deep]] = deep
        new = np.flatnonzero((held == 0) & (inside >= 0))
        new = new[new > 0]
        name[new] = np.arange(1, len(new) + 1) + len(self._inside)
        self._inside = np.concatenate([self._inside, inside[new]])
        name[held > 1] = -1
        labels = np.take(name, parts)
        if (held > 1).any():
            shared = labels < 0
            np.copyto(labels, self.framed, where=shared)
            _grow(labels, shared)
        self.framed = labels


def _frame(area: Bytes) -> Bytes:
    """Put a frame of 0 around an area."""
    return np.asarray(cv2.copyMakeBorder(area, 1, 1, 1, 1, cv2.BORDER_CONSTANT), np.uint8)


def _first_of_each_row(framed: Mask) -> NDArray[np.intp]:
    """Return where pixels of a mask begin that follow each other in a row, and so lie in one part."""
    flat = framed.reshape(-1)
    return np.flatnonzero(flat[1:] > flat[:-1]) + 1


def _grow(framed: Labels, area: Mask) -> None:
    """Let regions grow pixel by pixel until they fill an area that several of them share."""
    width = framed.shape[1]
    still = area & (framed == 0)
    beside = cv2.dilate(still.view(np.uint8), cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
    front = np.flatnonzero(beside.view(np.bool_) & (framed > 0) & area)
    flat, free = framed.reshape(-1), still.reshape(-1)
    while front.size:
        reached = []
        for step in (1, -1, width, -width):
            places = front + step
            fresh = free[places]
            taken = places[fresh]
            flat[taken] = flat[front[fresh]]
            free[taken] = False
            reached.append(taken)
        front = np.concatenate(reached)


def fill_nearest(labels: Labels) -> Labels:
    """Give every pixel without a region, 0, that of the nearest pixel with one; all stay 0 where none has."""
    lost = labels == 0
    places = np.flatnonzero(lost)
    if places.size in (0, labels.size):
        return labels
    _, index = cv2.distanceTransformWithLabels(
        lost.view(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    filled = labels.copy()
    known = labels[~lost]  # those pixels are numbered from 1, row by row
    filled.reshape(-1)[places] = known[index.reshape(-1)[places] - 1]
    return filled
