"""The regions between the lines of a drawing, small gaps closed."""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.pixels import Bytes, Floats

Labels: TypeAlias = NDArray[np.int32]
Mask: TypeAlias = NDArray[np.bool_]

GAP = 0.012
"""Gaps in lines up to this share of the shorter side are closed."""
INK = 0.25
"""Darkness from which a pixel is a line, of 0 to 1."""

_CORE = 1.5
"""A new region must be so much wider than the ball; the width of a long one wavers by less."""


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
    distance = cv2.distanceTransform(free, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    labels = np.zeros(dark.shape, np.int32)
    radius = gap * min(dark.shape) / 2
    while radius > 0.75:
        labels = _widened(labels, (distance > radius).astype(np.uint8), distance > _CORE * radius)
        radius /= 2
    return _nearest(_widened(labels, free, free > 0))


def _widened(labels: Labels, area: Bytes, cores: Mask) -> Labels:
    """Let regions fill a wider area; its parts that hold a core but no region yet become new ones.

    Args:
        labels: (H, W), 0 where there is no region; all regions lie in the area.
        area: (H, W) of 0 and 1.
        cores: (H, W), pixels that lie deep in the area.
    """
    count, found = cv2.connectedComponents(area, connectivity=4, ltype=cv2.CV_32S)
    parts = np.asarray(found, np.int32)
    first = int(labels.max()) + 1
    places = np.flatnonzero(labels)
    held, holders = labels.reshape(-1)[places], parts.reshape(-1)[places]
    name = np.zeros(count, np.int32)
    name[holders] = held
    empty = (name == 0) & (np.bincount(parts[cores], minlength=count) > 0)
    empty[0] = False
    shared = np.zeros(count, np.bool_)
    shared[holders[name[holders] != held]] = True
    name[empty] = np.arange(first, first + int(empty.sum()))
    name[0] = 0
    name[shared] = 0
    result: Labels = np.where(labels > 0, labels, name[parts]).astype(np.int32)
    return _grown(result, shared[parts]) if shared.any() else result


def _grown(labels: Labels, area: Mask) -> Labels:
    """Let regions grow pixel by pixel until they fill an area that several of them share."""
    values = np.pad(labels, 1)
    width = values.shape[1]
    still = np.pad(area & (labels == 0), 1)
    beside = cv2.dilate(still.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
    front = np.flatnonzero((beside > 0) & (values > 0) & np.pad(area, 1))
    flat, free = values.reshape(-1), still.reshape(-1)
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
    return np.ascontiguousarray(values[1:-1, 1:-1])


def _nearest(labels: Labels) -> Labels:
    """Give every pixel without a region that of the nearest pixel with one."""
    lost = (labels == 0).astype(np.uint8)
    if not lost.any():
        return labels
    _, index = cv2.distanceTransformWithLabels(lost, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    of_index = np.zeros(int(index.max()) + 1, np.int32)
    known = lost == 0
    of_index[index[known]] = labels[known]
    return of_index[index]
