"""Which finish suits a drawing: flats want regions that lines close, open and sketchy drawings want paint."""

from typing import Literal

from rltn_cli.imaging.canvas import shrink_lines
from rltn_cli.imaging.evidence import map_regions
from rltn_cli.imaging.flats import GAP
from rltn_cli.imaging.pixels import Bytes

_SIDE = 512
"""Drawings are judged at this many pixels of the shorter side at most."""
_OPEN = 0.015
"""Share of the borders between regions without a line beyond which a drawing counts as open."""


def choose_finish(grey: Bytes, gap: float = GAP) -> tuple[Literal["cel", "paint"], str]:
    """Choose between cel and paint for a drawing.

    Args:
        grey: (H, W), black lines on white.
        gap: widest gap in a line that is closed, as a share of the shorter side.

    Returns:
        (finish, notice): what to do, and a sentence for the user that says why.
    """
    openness = measure_openness(grey, gap)
    if openness is None:
        return "paint", "painted as --finish paint: the drawing has no region that lines close"
    share = f"{100 * openness:.1f} % of the borders between its regions are open"
    if openness > _OPEN:
        return "paint", f"painted as --finish paint: the drawing is sketchy, {share}"
    return "cel", f"painted as --finish cel: the drawing is closed line art, {share}"


def measure_openness(grey: Bytes, gap: float = GAP) -> float | None:
    """Return the share of the borders between a drawing's regions along which no line runs, in [0, 1].

    Returns:
        None where the drawing is one region.
    """
    scale = min(1.0, _SIDE / min(grey.shape))
    size = (max(1, round(grey.shape[0] * scale)), max(1, round(grey.shape[1] * scale)))
    borders = map_regions(shrink_lines(grey, size), gap).borders
    if not len(borders.pairs):
        return None
    return float(borders.bare.sum() / borders.length.sum())
