"""Methods for comparison that paint a sketch by its reference without any training."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from rltn_cli.engine.evaluation.methods import Method, Painting
from rltn_cli.imaging.pixels import Bytes, to_bytes, to_unit_range


def under_lines(colors: Bytes, sketches: Bytes) -> Bytes:
    """Multiply colours (N, H, W, 3) by sketches (N, H, W), so that nothing is lighter than the sketch."""
    product = colors.astype(np.uint16) * sketches[..., None]
    return ((product + 127) // 255).astype(np.uint8)


def white_page(sketches: Bytes, references: Bytes, ids: Sequence[str]) -> Painting:
    """Leave the page unpainted: the sketch itself."""
    return Painting(under_lines(np.full_like(references, 255), sketches))


def mean_color(sketches: Bytes, references: Bytes, ids: Sequence[str]) -> Painting:
    """Paint the page in the mean of the sRGB values of all the reference's pixels, including white ones."""
    mean = references.mean(axis=(1, 2), keepdims=True).round().astype(np.uint8)
    return Painting(under_lines(np.broadcast_to(mean, references.shape), sketches))


def same_position(sketches: Bytes, references: Bytes, ids: Sequence[str]) -> Painting:
    """Paint each pixel in the colour of the reference's pixel at the same position."""
    return Painting(under_lines(references, sketches))


def reinhard(sketches: Bytes, references: Bytes, ids: Sequence[str]) -> Painting:
    """Transfer colours onto the grey sketch by Reinhard et al. (2001), in CIE Lab, not l-alpha-beta.

    Mean and standard deviation of each channel become the reference's; a channel that is constant in the
    sketch, such as both colour channels, becomes the reference's mean.
    """
    images = np.empty_like(references)
    for image, sketch, reference in zip(images, sketches, references, strict=True):
        page, example = (
            cv2.cvtColor(to_unit_range(picture), cv2.COLOR_RGB2LAB)
            for picture in (np.repeat(sketch[..., None], 3, axis=2), reference)
        )
        spread = page.std(axis=(0, 1))
        scale = np.where(spread > 0.1, example.std(axis=(0, 1)) / np.maximum(spread, 0.1), 0)
        moved = (page - page.mean(axis=(0, 1))) * scale + example.mean(axis=(0, 1))
        colors = cv2.cvtColor(moved.astype(np.float32), cv2.COLOR_LAB2RGB)
        image[:] = to_bytes(colors.clip(0, 1))
    return Painting(under_lines(images, sketches))


BASELINES: Mapping[str, Method] = {
    "white page": white_page,
    "mean colour": mean_color,
    "same position": same_position,
    "Reinhard": reinhard,
}
"""Every method without training, by its name in the report."""
