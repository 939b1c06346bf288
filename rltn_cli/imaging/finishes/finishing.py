"""From the network's small colours to a picture of the drawing's own size, under the artist's own lines."""

from collections.abc import Callable, Mapping
from functools import partial

import cv2
import numpy as np

from rltn_cli.choices import Finish, Lines
from rltn_cli.imaging.canvas import shrink_lines, upsample_rows
from rltn_cli.imaging.colors.decision import Decision
from rltn_cli.imaging.colors.evidence import Clues
from rltn_cli.imaging.colors.openings import divide_at_openings
from rltn_cli.imaging.finishes.flat_painting import FixedRegions, FlatPainting, Paint
from rltn_cli.imaging.finishes.shading import fit_shading
from rltn_cli.imaging.finishes.spreading import spread_colors
from rltn_cli.imaging.pixels import Bytes, Pixels, top_value
from rltn_cli.imaging.regions.region_map import map_regions

_BAND = 256
_DEPTHS = {"uint8": cv2.CV_8U, "uint16": cv2.CV_16U}


def under_lines(clues: Clues, grey: Bytes, finish: Finish, decision: Decision | None = None) -> Paint:
    """Return what goes under the lines.

    Args:
        clues: what the network says of the whole drawing.
        grey: (H, W) the drawing, black lines on white.
        finish: see `rltn_cli.choices.FINISHES`, but for `auto`.
        decision: on the drawing's regions, for the finishes that are `DECIDED`; others take only the colours
            that were given from it.
    """
    paint = _FINISHES[finish](clues, grey, decision)
    if decision is None or finish in DECIDED or not decision.fixed:
        return paint
    return FixedRegions(paint, decision, (grey.shape[0], grey.shape[1])).rows


def lay_lines(
    paint: Paint, clues: Clues, ink: Pixels, *, finish: Finish = "paint", lines: Lines = "keep"
) -> Pixels:
    """Paint a drawing and lay its lines on top.

    Args:
        paint: of `under_lines`.
        clues: what the network says of the whole drawing.
        ink: (H, W, 3) the artist's pixels on white, uint8 or uint16.
        finish: which `paint` is.
        lines: `keep` multiplies the artist's pixels on the result; `network` leaves the network's own lines;
            `none` leaves all lines out.

    Returns:
        (H, W, 3) of the type of `ink`; with `lines="keep"` nowhere lighter than `ink`.
    """
    size = (ink.shape[0], ink.shape[1])
    result = np.empty_like(ink)
    for start in range(0, size[0], _BAND):
        rows = slice(start, min(start + _BAND, size[0]))
        band = paint(rows)
        if lines == "network" and finish != "raw":
            band = np.minimum(band, upsample_rows(clues.colors, rows, size))
        under = ink[rows] if lines == "keep" else np.full_like(ink[rows], top_value(ink))
        cv2.multiply(band, under, dst=result[rows], dtype=_DEPTHS[ink.dtype.name])
    return result


def _raw(clues: Clues, grey: Bytes, decision: Decision | None) -> Paint:
    """Enlarge the network's own picture."""
    return partial(upsample_rows, clues.colors, size=(grey.shape[0], grey.shape[1]))


def _paint(clues: Clues, grey: Bytes, decision: Decision | None) -> Paint:
    """Spread the network's colours between the lines."""
    small = shrink_lines(grey, (clues.colors.shape[0], clues.colors.shape[1]))
    regions = divide_at_openings(map_regions(small), clues, small)
    colors = spread_colors(clues.colors, grey, regions.labels, clues.palette)
    return partial(upsample_rows, colors, size=(grey.shape[0], grey.shape[1]))


def _flat(clues: Clues, grey: Bytes, decision: Decision | None) -> Paint:
    """Give each region one colour of the palette."""
    assert decision is not None
    return FlatPainting(decision, (grey.shape[0], grey.shape[1])).rows


def _cel(clues: Clues, grey: Bytes, decision: Decision | None) -> Paint:
    """Give each region one colour of the palette and the soft shading that the network sees in it."""
    assert decision is not None
    shading = fit_shading(clues.colors, grey, decision)
    return FlatPainting(decision, (grey.shape[0], grey.shape[1]), shading).rows


_FINISHES: Mapping[Finish, Callable[[Clues, Bytes, Decision | None], Paint]] = {
    "paint": _paint,
    "cel": _cel,
    "flat": _flat,
    "raw": _raw,
}
"""What goes under the lines, from the network's output, the drawing's size (H, W) and the decision."""

DECIDED: frozenset[Finish] = frozenset({"cel", "flat"})
"""Finishes that decide about regions, and therefore need the attention among the clues."""
