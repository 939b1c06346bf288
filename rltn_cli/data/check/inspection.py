"""What a pair's pictures show: whether it can be trained on, and values to find duplicates by."""

from dataclasses import dataclass

import cv2
import numpy as np

from rltn_cli.data.check.duplicates import color_cells, perceptual_hash
from rltn_cli.data.file_headers import find_file_fault
from rltn_cli.data.pairs import Pair, limit_size, mask_lines, read_pixels
from rltn_cli.errors import DataError
from rltn_cli.imaging.drawings.sketch import ink_darkness
from rltn_cli.imaging.pixels import Bytes, Floats
from rltn_cli.sizes import PICTURE_SHORTEST, PICTURE_WIDEST

UNREADABLE = "cannot be read, or do not fit together"
TOO_SMALL = "are too small or too narrow"
BLANK = "are empty"
NO_LINES = "have no lines in their line art"
COLOR_LINES = "have a colour picture as line art"

_SIDE = 256
"""Longer side in pixels at which pictures are inspected."""
_COLORED = 40
"""A pixel whose channels differ by more than this is coloured."""
_GREY = 12
"""A pixel whose channels differ by no more than this is grey."""
_BLANK = 16
"""A picture whose values differ by less than this has only one colour."""
_INK = 200
"""A pixel of line art below this grey value is ink."""
_COLORED_SHARE, _SAME_SHARE, _SAME_DIFFERENCE = 0.25, 0.02, 3
"""Line art is a colour picture if more than a quarter of it is coloured, or if some of it is and its small
picture differs from the colour picture's by less than 3 of 255 on average."""


@dataclass(frozen=True, slots=True, eq=False)
class PairInspection:
    """What an inspection found about a pair."""

    size: tuple[int, int] | None = None
    """(H, W) of the colour picture; None if it cannot be read."""
    fault: str = ""
    """Why the pair cannot be trained on, one of the constants above; empty if it can."""
    reason: str = ""
    """The same for this pair, naming the file."""
    ink: float | None = None
    """Share of the line art that is ink; None if there is no line art."""
    colored: float = 0.0
    """Share of the colour picture that is not grey, white or black."""
    hash: Floats | None = None
    """Of `perceptual_hash`."""
    cells: Bytes | None = None
    """Of `color_cells`."""


def inspect_pair(pair: Pair) -> PairInspection:
    """Read and inspect a pair's pictures; faults are returned, not raised."""
    try:
        color, drawn = read_pixels(pair)
        line = mask_lines(pair, color, _SIDE) if pair.masks else None
    except DataError as error:
        faults = [(path, find_file_fault(path)) for path in (pair.color, pair.line) if path]
        named = next((f"{path}: {fault}" for path, fault in faults if fault), None)
        return PairInspection(fault=UNREADABLE, reason=named or str(error))
    height, width = size = color.shape[0], color.shape[1]
    if min(size) < PICTURE_SHORTEST or max(size) > PICTURE_WIDEST * min(size):
        return PairInspection(
            size=size,
            fault=TOO_SMALL,
            reason=f"{pair.color} is {width}x{height}; "
            f"each side must have at least {PICTURE_SHORTEST} pixels",
        )
    color = limit_size(color, _SIDE)
    drawn = None if drawn is None else limit_size(drawn, _SIDE)
    if drawn is not None:
        line = ink_darkness(drawn)
    fault, reason = _find_fault(pair, color, drawn, line)
    return PairInspection(
        size=size,
        fault=fault,
        reason=reason,
        ink=None if line is None else float((line < _INK).mean()),
        colored=float((_chroma(color) > _GREY).mean()),
        hash=perceptual_hash(color),
        cells=color_cells(color),
    )


def _find_fault(pair: Pair, color: Bytes, drawn: Bytes | None, line: Bytes | None) -> tuple[str, str]:
    """Return why a readable pair cannot be trained on; two empty strings if it can."""
    if _spread(color) < _BLANK:
        return BLANK, f"{pair.color} has only one colour"
    if line is not None and _spread(line) < _BLANK:
        return NO_LINES, f"{pair.line or pair.masks or pair.color} shows no line"
    if drawn is not None and not pair.beside and _is_colored(drawn, color):
        return COLOR_LINES, f"{pair.line} is coloured"
    return "", ""


def _is_colored(drawn: Bytes, color: Bytes) -> bool:
    """Return whether a picture is a colour picture and not line art; line art may have coloured ink."""
    share = float((_chroma(drawn) > _COLORED).mean())
    difference = np.abs(color_cells(drawn).astype(np.int16) - color_cells(color)).mean()
    return share > _COLORED_SHARE or (share > _SAME_SHARE and float(difference) < _SAME_DIFFERENCE)


def _chroma(color: Bytes) -> Bytes:
    """Return (H, W): the difference of the largest and the smallest channel."""
    red, green, blue = cv2.split(color)
    largest = cv2.max(cv2.max(red, green), blue)
    return np.asarray(largest - cv2.min(cv2.min(red, green), blue), np.uint8)


def _spread(picture: Bytes) -> int:
    """Return the largest difference of values within a channel."""
    return max(int(channel.max()) - int(channel.min()) for channel in cv2.split(picture))
