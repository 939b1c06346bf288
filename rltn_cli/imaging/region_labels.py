"""Regions between the lines of a drawing, as the network pools them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.pixels import Bytes

FREE = 166
"""Grey from which a pixel is free of lines: above 0.3 where the network's pictures run from -1 to 1."""
_TOKEN = 4
"""Pixels a side that a token stands for."""

Labels = NDArray[np.int32]


def label_regions(canvas: Bytes) -> Labels:
    """Number the regions between lines: 4-connected components of the free area.

    Args:
        canvas: (H, W) grey, black lines on white.

    Returns:
        (H, W) int32; 0 is line.
    """
    _, labels = cv2.connectedComponents((canvas >= FREE).astype(np.uint8), connectivity=4, ltype=cv2.CV_32S)
    return np.asarray(labels, np.int32)


def token_labels(labels: Labels) -> NDArray[np.int64]:
    """Return the region of each 4x4 token: the largest label among its pixels, 0 only where all are line.

    Args:
        labels: (H, W) of `label_regions` or a part of it, H and W multiples of 4.

    Returns:
        (H / 4, W / 4) int64, labels that occur numbered anew from 1 in their order, so that none is larger
        than the number of tokens.
    """
    height, width = labels.shape
    blocks = labels.reshape(height // _TOKEN, _TOKEN, width // _TOKEN, _TOKEN)
    tokens = blocks.max(axis=(1, 3))
    values, numbers = np.unique(tokens, return_inverse=True)
    first = 0 if values[0] == 0 else 1
    return (numbers.reshape(tokens.shape) + first).astype(np.int64)
