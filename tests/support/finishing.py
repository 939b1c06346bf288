"""A picture finished from what the network says, in one call."""

from rltn_cli.choices import Finish, Lines
from rltn_cli.imaging.colors.decision import decide
from rltn_cli.imaging.colors.evidence import Clues, gather_evidence
from rltn_cli.imaging.finishes.finishing import DECIDED, lay_lines, under_lines
from rltn_cli.imaging.pixels import Bytes, Pixels
from rltn_cli.imaging.regions.flats import GAP
from rltn_cli.imaging.regions.region_map import map_regions


def finish_picture(
    clues: Clues,
    ink: Pixels,
    grey: Bytes,
    *,
    finish: Finish = "paint",
    lines: Lines = "keep",
    gap: float = GAP,
) -> Pixels:
    """Bring the network's colours to the drawing's own size and lay the drawing over them.

    Args:
        clues: what the network says of the whole drawing.
        ink: (H, W, 3) the artist's pixels on white, uint8 or uint16.
        grey: (H, W) the same in grey, black lines on white.
        finish: see `rltn_cli.choices.FINISHES`.
        lines: see `lay_lines`.
        gap: widest gap in a line that flats close, as a share of the shorter side.

    Returns:
        (H, W, 3) of the type of `ink`; with `lines="keep"` nowhere lighter than `ink`.
    """
    decision = decide(gather_evidence(clues, grey, map_regions(grey, gap))) if finish in DECIDED else None
    return lay_lines(under_lines(clues, grey, finish, decision), clues, ink, finish=finish, lines=lines)
