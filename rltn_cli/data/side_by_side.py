"""Pictures that hold colours and line art side by side, as data sets for image translation do."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import cv2
import numpy as np

from rltn_cli.data.file_headers import read_header_size
from rltn_cli.errors import PictureError
from rltn_cli.imaging.files.pictures import read_picture
from rltn_cli.imaging.pixels import Bytes, to_eight_bit

Side: TypeAlias = Literal["left", "right"]

_LOOKED_AT = 6
"""Pictures of a folder that are looked at, from its first to its last."""
_HEIGHT = 192
"""Pixels to which a picture's height is reduced."""
_COLORED = 32
"""A pixel whose channels differ by more than this is coloured."""
_PAPER, _INK = 200, 128
"""Grey from which a pixel of line art is paper, and below which it is ink."""
_SHARPER = 2.0
"""Least ratio of the colours' edge strength at the lines to that elsewhere."""


def find_line_side(pictures: Sequence[Path]) -> Side | None:
    """Return on which side the line art is, where all pictures of a folder hold colours next to lines.

    Only some of the pictures are looked at. One that cannot be read does not count.
    """
    chosen = [pictures[i] for i in np.unique(np.linspace(0, len(pictures) - 1, _LOOKED_AT).astype(int))]
    sizes = [size for path in chosen if (size := read_header_size(path)) is not None]
    if not sizes or not all(is_wide(height, width) for height, width in sizes):
        return None
    found: set[Side | None] = set()
    for path in chosen:
        try:
            found.add(_line_side(to_eight_bit(read_picture(path).flatten())))
        except PictureError:
            continue
        if len(found) > 1:
            return None
    return found.pop() if found else None


def is_wide(height: int, width: int) -> bool:
    """Return whether a picture can hold two of one size side by side."""
    return width > height and width % 2 == 0


def halves(pixels: Bytes) -> tuple[Bytes, Bytes]:
    """Return the left and the right half of a picture (H, W, 3) of an even width."""
    middle = pixels.shape[1] // 2
    return np.ascontiguousarray(pixels[:, :middle]), np.ascontiguousarray(pixels[:, middle:])


def _line_side(pixels: Bytes) -> Side | None:
    """Return the half of a picture that is line art of the other one."""
    height, width = pixels.shape[:2]
    half = max(8, round(width / 2 * _HEIGHT / height))
    pixels = np.asarray(cv2.resize(pixels, (2 * half, _HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
    left, right = halves(pixels)
    if _is_drawn_from(left, right):
        return "left"
    return "right" if _is_drawn_from(right, left) else None


def _is_drawn_from(lines: Bytes, colors: Bytes) -> bool:
    """Return whether one picture is the line art of another one of the same size."""
    if _colored(lines) > 0.02 or _colored(colors) < 0.02:
        return False
    grey = cv2.cvtColor(lines, cv2.COLOR_RGB2GRAY)
    ink = (grey < _INK).astype(np.uint8)
    if (grey >= _PAPER).mean() < 0.5 or not 0.002 < ink.mean() < 0.4:
        return False
    square = np.ones((3, 3), np.uint8)
    edges = cv2.morphologyEx(colors, cv2.MORPH_GRADIENT, square).max(axis=2).astype(np.float32)
    near = cv2.dilate(ink, square) > 0
    away = cv2.dilate(ink, np.ones((7, 7), np.uint8)) == 0
    return bool(away.any() and edges[near].mean() > _SHARPER * max(1.0, float(edges[away].mean())))


def _colored(pixels: Bytes) -> float:
    """Return the share of coloured pixels."""
    return float((np.ptp(pixels, axis=2) > _COLORED).mean())
