"""How far the pixels between lines are from the nearest line."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.pixels import Bytes, Floats

_BALL = 14.0
"""Distance in pixels up to which an area is eroded by a ball."""
_SHORTEST = 0.9
"""What OpenCV may take for the distance of one pixel to the next, at least."""


class Clearance:
    """The distances of an area's pixels to the nearest pixel outside of it, as OpenCV measures them.

    Eroding by a small ball finds the same pixels as the distances do, in a fraction of the time.
    """

    def __init__(self, free: Bytes, mask: int = cv2.DIST_MASK_PRECISE) -> None:
        """Take an area and a measure.

        Args:
            free: (H, W) of 0 and 1; what is not on the picture counts as free.
            mask: how distances are measured, `cv2.DIST_MASK_...`.
        """
        self._free, self._mask = free, mask
        self._distance: Floats | None = None

    def distance(self) -> Floats:
        """Return the distances, (H, W) in pixels; very large ones where nothing is outside of the area."""
        if self._distance is None:
            self._distance = self._measure(self._free)
        return self._distance

    def beyond(self, radius: float) -> Bytes:
        """Return where distances are more than a radius in pixels, (H, W) of 0 and 1."""
        return self.where(lambda distance: distance > radius, radius)

    def where(self, enough: Callable[[Floats], NDArray[np.bool_]], reach: float) -> Bytes:
        """Return where distances are large enough, (H, W) of 0 and 1.

        Args:
            enough: says which of some distances are; if one is, all larger ones are.
            reach: in pixels; all distances beyond it are large enough.
        """
        if self._distance is not None or reach > _BALL:
            return enough(self.distance()).view(np.uint8)
        side = int(reach / _SHORTEST) + 1
        point = np.ones((2 * side + 1, 2 * side + 1), np.uint8)
        point[side, side] = 0
        ball = ~enough(self._measure(point))
        return np.asarray(cv2.erode(self._free, ball.view(np.uint8)), np.uint8)

    def _measure(self, free: Bytes) -> Floats:
        return np.asarray(cv2.distanceTransform(free, cv2.DIST_L2, self._mask), np.float32)
