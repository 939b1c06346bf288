"""Takes the faint tint off regions that are white, such as the page behind a figure."""

import numpy as np

from rltn_cli.imaging.colors.palette import Palette, to_lab
from rltn_cli.imaging.pixels import Bytes, Floats, to_bytes
from rltn_cli.imaging.regions.fits import Numbers, Reals, means
from rltn_cli.imaging.regions.flats import Labels, Mask

_LIGHTEST = 250
"""A colour whose channels are all at least this is white."""
_WHITE, _TINTED = 0.02, 0.06
"""A region whose darkest channel is this far below white on average is white, and is not."""
_FAINT, _DISTINCT = 0.06, 0.14
"""How far below white colours in a white region are taken for white, and for something drawn there."""


def is_white(colors: Bytes) -> Mask:
    """Return which of some colours (N, 3) are white, (N,)."""
    return np.asarray(colors.min(axis=1) >= _LIGHTEST)


def tinted(numbers: Numbers, weight: Reals, colors: Floats, regions: int) -> Reals:
    """Return how far regions are from white, (regions,) from 0, for all but white, to 1.

    Args:
        numbers: (Q,), the region of each sample.
        weight: (Q,), how far it counts.
        colors: (Q, 3) in [0, 1].
        regions: how many there are.
    """
    dark = means(numbers, weight, 1 - colors.min(axis=1, keepdims=True), regions)[:, 0]
    return np.asarray(np.clip((dark - _WHITE) / (_TINTED - _WHITE), 0, 1))


def whiten_regions(colors: Floats, weight: Floats, labels: Labels, palette: Palette) -> Floats:
    """Make regions white that are white but for a faint tint, if no other colour of a palette is as near.

    Colours in them that differ distinctly from white stay, such as a shadow that no line surrounds.

    Args:
        colors: (h, w, 3) in [0, 1].
        weight: (h, w), how far each counts.
        labels: (h, w), of `find_regions`.
        palette: of the references.
    """
    numbers, flat, regions = labels.reshape(-1).astype(np.int64), colors.reshape(-1, 3), int(labels.max()) + 1
    average = means(numbers, weight.reshape(-1), flat, regions)
    away = to_lab(to_bytes(average[None].astype(np.float32)))[0][:, None] - palette.lab
    nearest = palette.colors[np.square(away).sum(axis=2).argmin(axis=1)]
    region = np.where(is_white(nearest), tinted(numbers, weight.reshape(-1), flat, regions), 1)[labels]
    distinct = np.clip((1 - colors.min(axis=2) - _FAINT) / (_DISTINCT - _FAINT), 0, 1)
    kept = np.maximum(region, distinct).astype(np.float32)
    return np.asarray(1 - (1 - colors) * kept[..., None], np.float32)
