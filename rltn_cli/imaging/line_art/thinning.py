"""Thinning: lines of any width to lines of one pixel in their middle."""

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.pixels import Bytes, to_bytes

_PLACES = ((0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0), (0, 0))
"""Rows and columns of the eight neighbours in a 3x3 window, clockwise from the one above; bits 0 to 7."""


def thin_lines(lines: Bytes, *, threshold: float = 0.5, width: float = 1) -> Bytes:
    """Thin lines to their middle and draw them with one width.

    Args:
        lines: (H, W), black lines on white.
        threshold: from 0 to 1; places with less ink than this are paper.
        width: of the result's lines in pixels; 1 gives a skeleton of whole pixels, more has smooth edges.

    Returns:
        (H, W), black lines (0) on white (255).
    """
    skeleton = thin(lines <= 255 * (1 - threshold))
    if width <= 1:
        return np.where(skeleton, np.uint8(0), np.uint8(255))
    distance = cv2.distanceTransform((~skeleton).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return to_bytes(np.clip(distance - (width - 1) / 2, 0, 1))


def thin(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Thin a mask to lines of one pixel that are connected as it was (Guo and Hall, 1989, algorithm A1).

    Args:
        mask: (H, W), true on lines.

    Returns:
        (H, W).
    """
    values = np.ascontiguousarray(mask, np.uint8)
    window = np.zeros((3, 3), np.float32)
    for bit, place in enumerate(_PLACES):
        window[place] = 1 << bit
    tables = _removable(0), _removable(1)
    before = -1
    while before != (now := cv2.countNonZero(values)):
        before = now
        for table in tables:
            neighbours = cv2.filter2D(values, cv2.CV_8U, window, borderType=cv2.BORDER_CONSTANT)
            values[cv2.LUT(neighbours, table) > 0] = 0
    return values.astype(bool)


def _removable(step: int) -> Bytes:
    """Return for each of the 256 neighbourhoods whether a line's pixel goes in the first or second step."""
    p = [(np.arange(256) >> bit & 1).astype(bool) for bit in range(8)]
    above, above_right, right, below_right, below, below_left, left, above_left = p
    crossings = sum(~p[i] & (p[i + 1] | p[(i + 2) % 8]) for i in (0, 2, 4, 6))
    one = sum(p[i] | p[i + 1] for i in (0, 2, 4, 6))
    two = sum(p[i + 1] | p[(i + 2) % 8] for i in (0, 2, 4, 6))
    count = np.minimum(one, two)
    if step == 0:
        kept = (above | above_right | ~below_right) & right
    else:
        kept = (below | below_left | ~above_left) & left
    result: Bytes = ((crossings == 1) & (count >= 2) & (count <= 3) & ~kept).astype(np.uint8)
    return result
