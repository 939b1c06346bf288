"""Where a fix names each region: a pixel of the drawing deep in it and off the lines."""

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.pixels import Bytes
from rltn_cli.imaging.regions.flats import INK, Labels


def region_places(labels: Labels, grey: Bytes) -> NDArray[np.int64]:
    """Return a pixel (x, y) of the drawing in each region, (N + 1, 2); -1 where all of a region is line.

    Args:
        labels: (H', W'), 1 to N: the region of each pixel, of the drawing's size or smaller.
        grey: (H, W) the drawing, black lines on white.
    """
    rows, columns = (
        ((np.arange(stored) + 0.5) * side / stored).astype(np.int64)
        for stored, side in zip(labels.shape, grey.shape, strict=True)
    )
    free = (255 - grey[rows][:, columns].astype(np.int64)) / 255 < INK
    inner = free.astype(np.uint8)
    across, down = labels[:, 1:] != labels[:, :-1], labels[1:] != labels[:-1]
    inner[:, 1:][across], inner[1:][down] = 0, 0
    inner[[0, -1]], inner[:, [0, -1]] = 0, 0
    depth = np.asarray(cv2.distanceTransform(inner, cv2.DIST_L2, cv2.DIST_MASK_3), np.float32)
    depth[free] += 1
    flat, depths = labels.reshape(-1), depth.reshape(-1)
    most = np.zeros(int(labels.max()) + 1, np.float32)
    np.maximum.at(most, flat, depths)
    found = np.flatnonzero((depths > 0) & (depths == most[flat]))
    deepest = np.full(len(most), -1, np.int64)
    deepest[flat[found]] = found
    row, column = np.divmod(deepest, labels.shape[1])
    return np.where((deepest < 0)[:, None], -1, np.stack([columns[column], rows[row]], axis=1))
