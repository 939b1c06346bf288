"""The regions between the lines of a drawing, over which the network pools its features."""

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.pixels import Bytes, percentiles
from rltn_cli.sizes import PATCH

BELOW_PAPER = 30
"""Pixels at most this much darker than the paper, of 255, are free of lines."""
_PAPER = 90
"""Percentile of the drawing's grey values that is taken as paper."""
_BALL = 1.5
"""Radius in pixels of the ball that finds regions: it cannot pass through gaps of up to 2 pixels."""

Labels = NDArray[np.int32]


def label_regions(canvas: Bytes) -> Labels:
    """Number the regions between lines; lines with gaps of up to 2 pixels bound them, too.

    A region is where the centre of a small ball can move without the ball touching a line (Zhang et al.,
    "Vectorizing cartoon animations", 2009, use such trapped balls for the same purpose). Pixels between that
    and the lines join the nearest region; narrow parts that the ball cannot enter are regions of their own.

    Args:
        canvas: (H, W) grey, dark lines on light paper, at the network's size.

    Returns:
        (H, W) int32; 0 is line.
    """
    (paper,) = percentiles(canvas, _PAPER)
    free = (canvas >= paper - BELOW_PAPER).astype(np.uint8)
    framed = cv2.copyMakeBorder(free, 1, 1, 1, 1, cv2.BORDER_REPLICATE)  # the edge of the page is not a line
    clearance = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_5)[1:-1, 1:-1]
    count, centres = cv2.connectedComponents(
        (clearance > _BALL).astype(np.uint8), connectivity=4, ltype=cv2.CV_32S
    )
    labels = centres.astype(np.float32)  # OpenCV cannot dilate int32; float32 holds these numbers exactly
    # first to the edge of the ball, then up to the lines
    for shape in (cv2.MORPH_RECT, cv2.MORPH_CROSS, cv2.MORPH_CROSS):
        grown = cv2.dilate(labels, cv2.getStructuringElement(shape, (3, 3)))
        np.copyto(labels, grown, where=(labels == 0) & (free > 0))
    rest = ((labels == 0) & (free > 0)).astype(np.uint8)
    _, narrow = cv2.connectedComponents(rest, connectivity=4, ltype=cv2.CV_32S)
    return np.where(narrow > 0, narrow + (count - 1), labels).astype(np.int32)


def token_labels(labels: Labels) -> NDArray[np.int64]:
    """Return the region of each 4x4 token: the largest label among its pixels, 0 only where all are line.

    Args:
        labels: (H, W) of `label_regions` or a part of it, H and W multiples of 4.

    Returns:
        (H / 4, W / 4) int64; the labels that occur are renumbered from 1 in ascending order, so that none
        exceeds the number of tokens.
    """
    height, width = labels.shape
    blocks = labels.reshape(height // PATCH, PATCH, width // PATCH, PATCH)
    tokens = blocks.max(axis=(1, 3))
    values, numbers = np.unique(tokens, return_inverse=True)
    first = 0 if values[0] == 0 else 1
    return (numbers.reshape(tokens.shape) + first).astype(np.int64)
