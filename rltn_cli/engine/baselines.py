"""Rows for comparison: ways to paint a sketch by its reference without any training."""

from collections.abc import Mapping, Sequence

import numpy as np

from rltn_cli.engine.painters import Painter, Painting
from rltn_cli.pixels import Bytes


def under_lines(colors: Bytes, sketches: Bytes) -> Bytes:
    """Lay colours (N, H, W, 3) under sketches (N, H, W): the product, so nowhere lighter than the sketch."""
    product = colors.astype(np.uint16) * sketches[..., None]
    return ((product + 127) // 255).astype(np.uint8)


def white_page(sketches: Bytes, references: Bytes, ids: Sequence[str]) -> Painting:
    """Leave the page unpainted: the sketch itself."""
    return Painting(under_lines(np.full_like(references, 255), sketches))


def mean_color(sketches: Bytes, references: Bytes, ids: Sequence[str]) -> Painting:
    """Paint the page in the mean of all the reference's pixels, white ones too, taken in sRGB values."""
    mean = references.mean(axis=(1, 2), keepdims=True).round().astype(np.uint8)
    return Painting(under_lines(np.broadcast_to(mean, references.shape), sketches))


def same_position(sketches: Bytes, references: Bytes, ids: Sequence[str]) -> Painting:
    """Paint each pixel in the colour of the reference's pixel at the same position."""
    return Painting(under_lines(references, sketches))


BASELINES: Mapping[str, Painter] = {
    "white page": white_page,
    "mean colour": mean_color,
    "same position": same_position,
}
"""Every row without training, by its name in the report."""
