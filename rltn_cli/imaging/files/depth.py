"""Samples of every depth: which of their values is white, and from there to 8 or 16 bits."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.pixels import Pixels

_NARROW = ((10, 256), (12, 1024), (14, 13_100))
"""Bits that a 16-bit file may hold alone, and the largest value in the picture from which this is so."""
_OVER_WHITE = 1.05


def to_depth(samples: NDArray[Any], bits: int, *, white: int = 0) -> tuple[Pixels, str | None]:
    """Return samples as uint8 or uint16.

    Args:
        samples: of any shape; unsigned, signed or floating.
        bits: of a sample in the file.
        white: the value that the file says is white; 0 where it does not.

    Returns:
        The pixels, and notices about them.
    """
    if samples.dtype.kind == "f":
        return _from_floats(samples)
    if samples.dtype.kind == "i":
        samples, bits = np.maximum(samples, 0), bits - 1
    top = int(samples.max(initial=0))
    largest = (1 << bits) - 1
    if bits > 16 and top <= 65_535:  # plain numbers, and not shares of the largest one
        largest = 255 if top <= 255 else 65_535
    if 0 < top <= white < largest:
        return _scale(samples, white), None
    if bits == 16 and (narrow := _narrow_bits(samples, top)):
        return _scale(samples, (1 << narrow) - 1), f"its 16 bits hold {narrow} and are read as such"
    return _scale(samples, largest), None


def _narrow_bits(samples: NDArray[Any], top: int) -> int:
    """Return 10, 12 or 14 if a 16-bit picture holds no more bits, and 0 if it uses all of them."""
    bits = next((bits for bits, least in _NARROW if least <= top < 1 << bits), 0)
    if bits and (samples % 257 == 0).all():  # 8 bits, stretched to 16: a dark picture
        return 0
    return bits


def _scale(samples: NDArray[Any], white: int) -> Pixels:
    """Return whole numbers so that `white` becomes 255, or 65535 where it is more."""
    depth = np.uint8 if white <= 255 else np.uint16
    top = int(np.iinfo(depth).max)
    if white == top and samples.dtype == depth:
        return samples
    result = np.empty(samples.shape, depth)
    for start in range(0, len(samples), 256):
        part = samples[start : start + 256].astype(np.float64) * (top / white)
        result[start : start + 256] = np.rint(np.minimum(part, top))
    return result


def _from_floats(samples: NDArray[Any]) -> tuple[Pixels, str | None]:
    """Return floats as uint16: white is 1, unless most are far above or all are whole numbers."""
    values = np.nan_to_num(samples.astype(np.float32), nan=0.0, posinf=np.inf, neginf=0.0)
    finite = values[np.isfinite(values)]
    top = float(finite.max(initial=0))
    usual = float(np.percentile(finite, 90)) if finite.size else 0.0
    whole = top > 1 and bool((finite == np.rint(finite)).all())
    white = 1.0
    if whole or usual > 2:
        white = 255.0 if top <= 255 * _OVER_WHITE else max(65_535.0, top if whole else 0)
    result = np.empty(values.shape, np.uint16)
    for start in range(0, len(values), 256):
        part = np.clip(values[start : start + 256] / white, 0, 1)
        result[start : start + 256] = np.rint(65_535 * part)
    over = float((values > white * _OVER_WHITE).mean()) if values.size else 0.0
    return result, "its values above white are clipped" if over > 0.001 else None
