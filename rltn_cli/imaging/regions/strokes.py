"""Strokes through the regions of a drawing: regions joined along one, and a region cut in two by one."""

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.regions.flats import Labels, Mask, fill_nearest

Points: TypeAlias = Sequence[tuple[int, int]]
"""Where a stroke goes, as (x, y) in pixels."""

_TRIED = 5
"""A stroke through several regions cuts one of those that most of it lies in."""
_SPECK = 12
"""A part of fewer pixels, off the lines, does not count."""
_CLOSED = 0.2
"""A stroke is a loop where its ends are nearer than this share of its length."""
_REACH = 0.03
"""Ends that stop short of a border are lengthened by up to this share of the shorter side."""
_BACK = 8.0
"""Pixels of a stroke's end that say where it is heading."""


def joined_along(labels: Labels, free: Mask, stroke: Points) -> Labels | None:
    """Make one region of all those that a stroke passes off the lines, or begins or ends in.

    Args:
        labels: (H, W), 1 to N, each number in use.
        free: (H, W), True off the lines.
        stroke: in pixels of the labels.

    Returns:
        (H, W), 1 to fewer than N; None where the stroke stays in one region.
    """
    ends = [labels[y, x] for x, y in (stroke[0], stroke[-1])]
    under = np.unique([*ends, *labels[(_drawn(stroke, labels.shape) > 0) & free]])
    if len(under) < 2:
        return None
    numbers = np.ones(int(labels.max()) + 1, np.int32)
    numbers[under[1:]] = 0
    numbers = np.cumsum(numbers, dtype=np.int32) - 1
    numbers[under[1:]] = numbers[under[0]]
    return np.take(numbers, labels)


def cut_along(labels: Labels, free: Mask, stroke: Points) -> Labels | None:
    """Cut the region that most of a stroke lies in, of those that it divides.

    The largest part keeps the region's number, others get new ones. A stroke that returns to its beginning
    cuts out what it surrounds; ends that stop a little short of the region's border are lengthened.

    Args:
        labels: (H, W), 1 to N, each number in use.
        free: (H, W), True off the lines.
        stroke: in pixels of the labels.

    Returns:
        (H, W), 1 to more than N; None where the stroke cuts nothing off.
    """
    under = np.bincount(labels[(_drawn(stroke, labels.shape) > 0) & free])
    most = np.argsort(-under, kind="stable")[:_TRIED]
    ways = [_drawn(points, labels.shape) > 0 for points in _lengthened(stroke, _REACH * min(labels.shape))]
    for region in most[under[most] > 0].tolist():
        inside = labels == region
        left, top, width, height = cv2.boundingRect(inside.astype(np.uint8))
        box = np.s_[top : top + height, left : left + width]
        for drawn in ways:
            parts = _parts(inside[box], drawn[box], free[box])
            if parts is not None:
                result = labels.copy()
                numbers = np.where(parts > 1, parts - 1 + int(labels.max()), region)
                result[box][inside[box]] = numbers[inside[box]]
                return result
    return None


def _drawn(stroke: Points, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Draw a stroke one pixel wide, (H, W)."""
    picture = np.zeros(shape, np.uint8)
    cv2.polylines(picture, [np.array(stroke, np.int32).reshape(-1, 1, 2)], False, 1)
    return picture


def _lengthened(stroke: Points, reach: float) -> list[Points]:
    """Return a stroke as it is, closed where it is nearly a loop, and with longer ends."""
    points = np.array(stroke, np.float64)
    length = np.linalg.norm(np.diff(points, axis=0), axis=1).sum()
    found = [list(stroke)]
    if np.linalg.norm(points[0] - points[-1]) < _CLOSED * length:
        found.append([*stroke, stroke[0]])
    ends = [_beyond(points, reach), _beyond(points[::-1], reach)]
    found.append([ends[0], *stroke, ends[1]])
    return list(found)


def _beyond(points: NDArray[np.float64], reach: float) -> tuple[int, int]:
    """Return the place that a stroke would have begun at, had it begun earlier."""
    away = np.linalg.norm(points - points[0], axis=1)
    far = np.flatnonzero(away >= _BACK)
    other = int(far[0]) if len(far) else int(away.argmax())
    x, y = np.rint(points[0] + (points[0] - points[other]) / max(away[other], 1e-9) * reach).astype(int)
    return int(x), int(y)


def _parts(inside: Mask, drawn: Mask, free: Mask) -> Labels | None:
    """Return the parts, from 1 for the largest, that a stroke divides a region into; None where it does not.

    Args:
        inside: (H, W), where the region is.
        drawn: (H, W), where the stroke is.
        free: (H, W), True off the lines.
    """
    left = inside & ~drawn
    count, found = cv2.connectedComponents(left.astype(np.uint8), connectivity=4, ltype=cv2.CV_32S)
    pieces = np.asarray(found, np.int32)
    beside = cv2.dilate((drawn & inside).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    touched = np.zeros(count, np.bool_)
    touched[pieces[beside & left]] = True
    sizes = np.bincount(pieces[left & free], minlength=count)
    apart = np.flatnonzero(touched & (sizes >= _SPECK))
    apart = apart[apart > 0]
    if len(apart) < 2:
        return None
    apart = apart[np.argsort(-sizes[apart], kind="stable")]
    numbers = np.where(touched, 0, 1).astype(np.int32)
    numbers[0] = 0
    numbers[apart] = np.arange(1, len(apart) + 1)
    return fill_nearest(np.take(numbers, pieces))
