"""Large pictures in tiles: each is processed with a margin around it, so that no seam is visible."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from rltn_cli.imaging.pixels import Bytes


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of a picture."""

    rows: tuple[int, int]
    """First row of the part, and the first one after it."""
    columns: tuple[int, int]
    seen_rows: tuple[int, int]
    """The same with the margin, as far as the picture goes."""
    seen_columns: tuple[int, int]


def plan_tiles(size: tuple[int, int], *, limit: int, margin: int, multiple: int = 1) -> Iterator[Tile]:
    """Divide a picture into tiles.

    Args:
        size: (H, W) of the picture.
        limit: pixels of a tile with its margin, at most if the margin leaves any choice.
        margin: pixels around a tile that influence it.
        multiple: tiles with their margins begin at multiples of this many pixels.

    Yields:
        Tiles that cover the picture once; a single one where the picture is within the limit.
    """
    height, width = size
    if height * width <= limit:
        yield Tile((0, height), (0, width), (0, height), (0, width))
        return
    margin = -(-margin // multiple) * multiple
    side = math.isqrt(limit)
    tall = max(1, min(height, side), limit // width if width < side else 0)
    steps = [
        max(multiple, (span - 2 * margin) // multiple * multiple) if span < length else length
        for span, length in ((tall, height), (max(1, limit // tall), width))
    ]
    for top in range(0, height, steps[0]):
        rows = (top, min(top + steps[0], height))
        for left in range(0, width, steps[1]):
            columns = (left, min(left + steps[1], width))
            yield Tile(rows, columns, _seen(rows, height, margin), _seen(columns, width, margin))


def _seen(span: tuple[int, int], length: int, margin: int) -> tuple[int, int]:
    """Return a span with its margin, cut at the picture's edge."""
    return max(0, span[0] - margin), min(length, span[1] + margin)


def draw_tiled(
    color: Bytes, draw: Callable[[Bytes], Bytes], *, limit: int, margin: int, multiple: int = 1
) -> Bytes:
    """Draw the lines of a picture tile by tile.

    Args:
        color: (H, W, 3).
        draw: turns (h, w, 3) into (h, w); what it gives at a pixel may depend on `margin` pixels around it.
        limit: pixels of a tile with its margin.
        margin: see `draw`.
        multiple: see `plan_tiles`.

    Returns:
        (H, W), the same as `draw(color)`.
    """
    result = np.empty(color.shape[:2], np.uint8)
    for tile in plan_tiles((color.shape[0], color.shape[1]), limit=limit, margin=margin, multiple=multiple):
        seen = draw(np.ascontiguousarray(color[slice(*tile.seen_rows), slice(*tile.seen_columns)]))
        above, before = tile.rows[0] - tile.seen_rows[0], tile.columns[0] - tile.seen_columns[0]
        height, width = tile.rows[1] - tile.rows[0], tile.columns[1] - tile.columns[0]
        result[slice(*tile.rows), slice(*tile.columns)] = seen[
            above : above + height, before : before + width
        ]
    return result
