"""Coloured pencil under ink: the pencil's share of a pixel's colour is removed, the ink stays."""

import cv2
import numpy as np

from rltn_cli.imaging.pixels import Bytes, Floats, Pixels, to_eight_bit, to_unit_range, top_value

_HUES = {"blue": (180, 262), "red": (325, 385)}
"""Degrees on the colour circle between which a named pencil's colours lie."""
_REACH = 28
"""Degrees on either side of a pencil whose colour is given."""
_COLORED = 24
"""A pixel whose channels differ by less than this shows no pencil's colour."""
_LEAST = 0.0002
"""Share of the page that must show the pencil."""


def drop_pencil(pixels: Pixels, pencil: str) -> Pixels | None:
    """Take coloured pencil out of a drawing.

    How much light each channel absorbs is divided into what the pencil absorbs and what ink does, the same in
    all channels; the pencil's part is left out.

    Args:
        pixels: (H, W, 3) on white paper, uint8 or uint16.
        pencil: `blue`, `red`, or a colour as `#rrggbb`.

    Returns:
        (H, W, 3) of the same type; None where nothing has the pencil's colour.
    """
    absorbed = _pencil_absorption(to_eight_bit(pixels), pencil)
    if absorbed is None:
        return None
    result, top = np.empty_like(pixels), top_value(pixels)
    for start in range(0, len(pixels), 256):
        rows = slice(start, start + 256)
        density = -np.log(np.maximum(pixels[rows].astype(np.float32), top / 512) / top)
        result[rows] = np.rint(top * np.exp(-_without(density, absorbed)))
    return result


def _pencil_absorption(eight: Bytes, pencil: str) -> Floats | None:
    """Return what the pencil absorbs of each channel, relative to the most; as it is on this page."""
    low, high = _hues(pencil)
    step = max(1, max(eight.shape) // 1500)
    sample = np.ascontiguousarray(eight[::step, ::step])
    hls = cv2.cvtColor(to_unit_range(sample), cv2.COLOR_RGB2HLS)
    hue = np.where(hls[..., 0] < high - 360, hls[..., 0] + 360, hls[..., 0])
    colored = sample.max(axis=2).astype(int) - sample.min(axis=2) >= _COLORED
    found = colored & (hue >= low) & (hue <= high)
    if found.mean() < _LEAST:
        return None
    density = -np.log(np.maximum(sample[found].astype(np.float32), 1) / 255)
    usual = np.median(density / np.maximum(density.max(axis=1, keepdims=True), 1e-3), axis=0)
    return np.asarray(usual, np.float32)


def _hues(pencil: str) -> tuple[float, float]:
    """Return the hues of a pencil, in degrees; the higher one may be over 360."""
    if pencil in _HUES:
        return _HUES[pencil]
    color = np.array([[[int(pencil[place : place + 2], 16) / 255 for place in (1, 3, 5)]]], np.float32)
    hue = float(cv2.cvtColor(color, cv2.COLOR_RGB2HLS)[0, 0, 0])
    hue += 360 * (hue < _REACH)
    return hue - _REACH, hue + _REACH


def _without(density: Floats, pencil: Floats) -> Floats:
    """Return what is left of (H, W, 3) densities without the pencil's."""
    square, mean = float(pencil @ pencil), float(pencil.sum())
    along, alike = density @ pencil, density.sum(axis=2)
    determinant = max(3 * square - mean * mean, 1e-6)
    part = np.maximum((3 * along - mean * alike) / determinant, 0)
    ink = (square * alike - mean * along) / determinant
    part = np.where(ink < 0, np.maximum(along / square, 0), part)
    ink = np.maximum(ink, 0)
    color, own = density - density.min(axis=2, keepdims=True), pencil - pencil.min()
    lengths = np.linalg.norm(color, axis=2) * np.linalg.norm(own)
    likeness = np.clip((color @ own / np.maximum(lengths, 1e-6) - 0.8) / 0.12, 0, 1)
    likeness = np.where(lengths < 0.02, 0, likeness) * np.minimum(part / 0.05, 1)
    grain = np.clip((ink / np.maximum(part, 1e-6) - 0.15) / 0.3, 0, 1)  # the pencil's own unevenness
    kept = np.maximum(density - part[..., None] * pencil, 0)
    bare = np.minimum(kept, (ink * grain)[..., None])
    return np.asarray(density + likeness[..., None] * (bare - density), np.float32)
