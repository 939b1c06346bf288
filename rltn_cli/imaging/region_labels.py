"""Regions between the lines of a drawing, as the network pools them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.pixels import Bytes, percentiles
from rltn_cli.sizes import PATCH

BELOW_PAPER = 30
"""A pixel is free of lines that is at most so much darker than the paper, 0 to 255."""
_PAPER = 90
"""Percentile of the drawing that is paper."""
_BALL = 1.5
"""Radius in pixels of the ball that finds regions: it does not pass through gaps of up to 2 pixels."""

Labels = NDArray[np.int32]


def label_regions(canvas: Bytes) -> Labels:
    """Number the regions between lines; lines with gaps of up to 2 pixels bound them too.

    Regions are where the middle of a small ball can move without touching a line (Zhang et al., "Vectorizing
    cartoon animations", 2009, use such trapped balls for the same purpose); what remains between them and the
    lines goes to the next one, and parts that the ball does not reach are regions of their own.

    Args:
        canvas: (H, W) grey, dark lines on light paper, at the network's size.

    Returns:
        (H, W) int32; 0 is line.
    """
    (paper,) = percentiles(canvas, _PAPER)
    free = (canvas >= paper - BELOW_PAPER).astype(np.uint8)
    framed = cv2.copyMakeBorder(free, 1, 1, 1, 1, cv2.BORDER_REPLICATE)  # the edge of the page is no line
    room = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_5)[1:-1, 1:-1]
    count, middles = cv2.connectedComponents(
        (room > _BALL).astype(np.uint8), connectivity=4, ltype=cv2.CV_32S
    )
    labels = middles.astype(np.float32)  # OpenCV dilates no integers of this size; these are exact
    steps = (cv2.MORPH_RECT, cv2.MORPH_CROSS, cv2.MORPH_CROSS)  # the ball, then up to the lines
    for shape in steps:
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
        (H / 4, W / 4) int64, labels that occur numbered anew from 1 in their order, so that none is larger
        than the number of tokens.
    """
    height, width = labels.shape
    blocks = labels.reshape(height // PATCH, PATCH, width // PATCH, PATCH)
    tokens = blocks.max(axis=(1, 3))
    values, numbers = np.unique(tokens, return_inverse=True)
    first = 0 if values[0] == 0 else 1
    return (numbers.reshape(tokens.shape) + first).astype(np.int64)
