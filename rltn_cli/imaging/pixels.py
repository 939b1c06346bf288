"""Arrays of pixels: the type they have here, and what is done to every one of them alike."""

from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float32]
Pixels: TypeAlias = NDArray[Any]
"""uint8 or uint16."""

_EXACT = 1 << 24
"""float32 represents whole numbers exactly up to this one."""


def top_value(pixels: Pixels) -> int:
    """Return the value of white: 255 or 65535."""
    return int(np.iinfo(pixels.dtype).max)


def lay_on_paper(pixels: Pixels, alpha: Pixels) -> Pixels:
    """Lay a picture on white paper.

    Args:
        pixels: (H, W, 3), uint8 or uint16, not multiplied by alpha.
        alpha: (H, W) of the same type.

    Returns:
        (H, W, 3) of the same type.
    """
    top = top_value(pixels)
    result = np.empty_like(pixels)
    for row in range(0, len(pixels), 256):
        part = slice(row, row + 256)
        weight = alpha[part, :, None].astype(np.float32) / top
        result[part] = np.rint(top - (top - pixels[part].astype(np.float32)) * weight)
    return result


def to_eight_bit(pixels: Pixels) -> NDArray[np.uint8]:
    """Return uint8 or uint16 values as uint8, rounded."""
    if pixels.dtype == np.uint8:
        return pixels
    return np.asarray(cv2.convertScaleAbs(pixels, alpha=1 / 257), np.uint8).reshape(pixels.shape)


def to_bytes(values: NDArray[Any]) -> Bytes:
    """Return floats in [0, 1] as uint8, rounded."""
    return np.asarray(np.rint(255 * values), np.uint8)


def to_unit_range(pixels: Bytes) -> Floats:
    """Return uint8 values as float32 in [0, 1]."""
    return np.asarray(pixels.astype(np.float32) / 255, np.float32)


def split_alpha(pixels: Pixels) -> tuple[Pixels, Pixels | None]:
    """Split (H, W) or (H, W, 1..4), grey or RGB with or without alpha, into (H, W, 3) and (H, W) or None."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if channels <= 2:
        grey = pixels if pixels.ndim == 2 else pixels[..., 0]
        color = np.repeat(grey[..., None], 3, axis=2)
    else:
        color = np.ascontiguousarray(pixels[..., :3])
    alpha = np.ascontiguousarray(pixels[..., -1]) if channels in (2, 4) else None
    return color, alpha


def shrink_grey(grey: Bytes, longest: int) -> Bytes:
    """Return a grey picture reduced to `longest` pixels along its longer side; smaller ones are unchanged."""
    scale = longest / max(grey.shape)
    if scale >= 1:
        return grey
    return np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def percentiles(grey: Bytes, *shares: float) -> tuple[float, ...]:
    """Return percentiles of a grey picture as `np.percentile` does, from its histogram: without sorting.

    Args:
        grey: of any shape, not empty.
        shares: of the pixels, in percent.
    """
    ranks = np.cumsum(_histogram(grey))
    found = []
    for share in shares:
        place = share / 100 * (grey.size - 1)
        low, high = np.searchsorted(ranks, (np.floor(place), np.ceil(place)), side="right")
        found.append(float(low + (high - low) * (place - np.floor(place))))
    return tuple(found)


def _histogram(grey: Bytes) -> NDArray[np.int64]:
    """Count the values of a grey picture, (256,); OpenCV does so several times faster than NumPy."""
    counts = np.zeros(256, np.int64)
    flat = grey.reshape(1, -1)
    for start in range(0, flat.shape[1], _EXACT):  # each comes as float32
        part = flat[:, start : start + _EXACT]
        counts += cv2.calcHist([part], [0], None, [256], [0, 256]).reshape(-1).astype(np.int64)
    return counts
