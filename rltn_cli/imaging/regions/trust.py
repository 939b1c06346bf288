"""How far the network's colours can be trusted: not on or next to lines, and not at the picture's edge."""

import cv2
import numpy as np

from rltn_cli.imaging.canvas import shrink_lines
from rltn_cli.imaging.pixels import Bytes, Floats, to_unit_range

_EDGE = 12
"""Pixels of the network's picture, from its edge, in which its colours are trusted less."""


def darkness(grey: Bytes) -> Floats:
    """Return how dark a drawing is: 0 is white, 1 is black."""
    return to_unit_range(255 - grey)


def trust(dark: Floats) -> Floats:
    """Return how far the network's colours can be trusted by lines and the picture's edge, (h, w) in [0, 1].

    Args:
        dark: (h, w) in [0, 1], the drawing's darkness at the network's size.
    """
    return color_weight(dark) * edge_weight(dark.shape[0], dark.shape[1])


def trust_of(grey: Bytes, size: tuple[int, int]) -> Floats:
    """Return how far the network's colours can be trusted in a drawing.

    Args:
        grey: (H, W) the drawing, black lines on white.
        size: (h, w) of the network's picture.

    Returns:
        (h, w) in [0, 1].
    """
    return trust(darkness(shrink_lines(grey, size)))


def color_weight(dark: Floats) -> Floats:
    """Return how far the network's colours can be trusted: 1 away from lines, nearly 0 on and next to them.

    Args:
        dark: (h, w) in [0, 1], the drawing's darkness at the network's size.
    """
    beside = cv2.dilate(dark, np.ones((3, 3), np.uint8))
    return np.asarray(0.9899 * (1 - beside) ** 6 + 0.01 * (1 - dark) ** 4 + 1e-4, np.float32)


def edge_weight(height: int, width: int) -> Floats:
    """Return how far colours can be trusted by their distance from the picture's edge, (h, w), 1 inside.

    The network has seen many figures on white paper and pales towards the edge of any picture.
    """
    ramps = []
    for side in (height, width):
        distance = np.minimum(np.arange(side), np.arange(side)[::-1])
        ramps.append(np.clip((distance + 0.5) / min(_EDGE, side / 4), 0.1, 1) ** 3)
    return np.asarray(np.minimum(ramps[0][:, None], ramps[1][None, :]), np.float32)
