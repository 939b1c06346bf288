"""Small pictures of a picture."""

import cv2
import numpy as np

from rltn_cli.imaging.pixels import Bytes, Pixels, to_eight_bit

_SIDE = 256


def thumbnail(picture: Pixels) -> Bytes:
    """Return a picture (H, W, C) with 8 bits and 256 pixels along its longer side, or as many as it has."""
    eight = np.ascontiguousarray(to_eight_bit(picture))
    scale = _SIDE / max(eight.shape[:2])
    if scale >= 1:
        return eight
    size = (max(1, round(eight.shape[1] * scale)), max(1, round(eight.shape[0] * scale)))
    return np.asarray(cv2.resize(eight, size, interpolation=cv2.INTER_AREA), np.uint8)
