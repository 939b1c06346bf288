"""Which finish suits a drawing: flats need regions that lines close; open and sketchy drawings need paint."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from rltn_cli.imaging.canvas import shrink_lines
from rltn_cli.imaging.pixels import Bytes
from rltn_cli.imaging.regions.clearance import Clearance
from rltn_cli.imaging.regions.flats import GAP, INK
from rltn_cli.imaging.regions.region_map import map_regions
from rltn_cli.imaging.regions.runs import Runs

_SIDE = 512
"""Drawings are judged at this many pixels of the shorter side at most."""
_OPEN = 0.015
"""Share of the borders between regions without a line beyond which a drawing counts as sketchy."""
_HATCHED = 0.3
"""Share of the paper in narrow regions beyond which a drawing counts as hatched."""


@dataclass(frozen=True, slots=True)
class LineArt:
    """Measurements of a drawing."""

    regions: int
    openness: float
    """Share of the borders between regions along which no line runs, in [0, 1]."""
    hatching: float
    """Share of the paper that lies in regions nowhere as wide as a gap, in [0, 1]."""


def choose_finish(grey: Bytes, gap: float = GAP) -> tuple[Literal["cel", "paint"], str]:
    """Choose between cel and paint for a drawing.

    Args:
        grey: (H, W), black lines on white.
        gap: widest gap in a line that is closed, as a share of the shorter side.

    Returns:
        (finish, notice): what to do, and a sentence for the user that says why.
    """
    found = look_at(grey, gap)
    if found.regions < 2:
        return "paint", "painted as --finish paint: no region of the drawing is closed by lines"
    if found.hatching > _HATCHED:
        share = f"{100 * found.hatching:.0f} % of its paper lies between narrow strokes"
        return "paint", f"painted as --finish paint: the drawing is hatched, {share}"
    share = f"{100 * found.openness:.1f} % of the borders between its regions are open"
    if found.openness > _OPEN:
        return "paint", f"painted as --finish paint: the drawing is sketchy, {share}"
    return "cel", f"painted as --finish cel: the drawing is closed line art, {share}"


def look_at(grey: Bytes, gap: float = GAP) -> LineArt:
    """Measure a drawing; arguments as in `choose_finish`."""
    scale = min(1.0, _SIDE / min(grey.shape))
    size = (max(1, round(grey.shape[0] * scale)), max(1, round(grey.shape[1] * scale)))
    found = map_regions(shrink_lines(grey, size), gap)
    free = found.dark < INK
    regions = found.count
    wide = (gap * min(size) + 1) / 2
    reached = Clearance(free.view(np.uint8), cv2.DIST_MASK_3).where(lambda distance: distance >= wide, wide)
    areas = Runs(found.labels, free).areas(regions + 1)
    narrow = ~Runs(found.labels, reached > 0).present(regions + 1)
    borders = found.borders
    return LineArt(
        regions,
        float(borders.bare.sum() / max(1, borders.length.sum())),
        float(areas[narrow].sum() / max(1, areas.sum())),
    )
