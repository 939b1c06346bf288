"""What a picture looks like: grey or coloured, line art or a painting."""

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.pixels import Bytes

_SIDE = 512
_COLORED = 20
"""A pixel whose channels differ by more than this is coloured."""
_MIDDLE = (40, 215)
"""Grey values between these are neither ink nor paper."""
_PAPER = 0.85
"""Share of a picture in one colour, from which that colour is paper and the rest is drawn on it."""


def is_grey(color: Bytes) -> bool:
    """Return whether a reference has hardly any colours.

    Args:
        color: (H, W, 3).
    """
    return float((_chroma(_shrink(color)) > _COLORED).mean()) < 0.01


def is_painted(color: Bytes) -> bool:
    """Distinguish a colour picture or a photo from a line drawing, by areas that are wider than lines.

    Args:
        color: (H, W, 3), on white paper.
    """
    small = _shrink(color)
    coarse = (small >> 5).astype(np.int32)
    usual = np.bincount((coarse[..., 0] << 6 | coarse[..., 1] << 3 | coarse[..., 2]).ravel()).max()
    if usual > _PAPER * small.shape[0] * small.shape[1]:
        return False
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    colored, middle = _wide(_chroma(small) > 1.5 * _COLORED), _wide((grey > _MIDDLE[0]) & (grey < _MIDDLE[1]))
    return colored > 0.05 or middle > 0.4


def _wide(mask: NDArray[np.bool_]) -> float:
    """Return the share of the picture that a mask's wide places take up."""
    return float(cv2.erode(mask.astype(np.uint8), np.ones((7, 7), np.uint8)).mean())


def _shrink(color: Bytes) -> Bytes:
    """Return a picture with at most 512 pixels along its longer side."""
    scale = _SIDE / max(color.shape[:2])
    if scale >= 1:
        return color
    return np.asarray(cv2.resize(color, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _chroma(color: Bytes) -> Bytes:
    """Return (H, W): the largest channel minus the smallest."""
    red, green, blue = cv2.split(color)
    largest, smallest = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    return np.asarray(largest - smallest, np.uint8)
