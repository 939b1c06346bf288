"""A picture to look at: sketch, reference, warp, output and truth of some trials, one row each."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from rltn_cli.engine.evaluation.best_and_worst import Shown, panels
from rltn_cli.engine.evaluation.protocols import SIZE
from rltn_cli.imaging.pixels import Bytes

_GAP = 8
_CAPTION = 22


def draw_sheet(gallery: Sequence[Shown]) -> Bytes:
    """Draw trials, one row each.

    Args:
        gallery: at least one trial.

    Returns:
        (H, W, 3) uint8.
    """
    headings = [heading for heading, _ in panels(gallery[0])]
    row_height = SIZE + _CAPTION + _GAP
    size = (len(headings) * (SIZE + _GAP) + _GAP, _CAPTION + len(gallery) * row_height)
    sheet = Image.new("RGB", size, "#e6e6e6")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(13)
    for column, heading in enumerate(headings):
        pen.text((_GAP + column * (SIZE + _GAP), 4), heading, "black", font)
    for number, shown in enumerate(gallery):
        top = _CAPTION + number * row_height
        pen.text((_GAP, top + 3), caption(shown), "black", font)
        for column, (_, picture) in enumerate(panels(shown)):
            if picture is not None:
                sheet.paste(Image.fromarray(picture), (_GAP + column * (SIZE + _GAP), top + _CAPTION))
    return np.asarray(sheet)


def caption(shown: Shown) -> str:
    """Return a line that says which trial this is and how it went."""
    figures = shown.figures
    regions = f", {figures.regions_right} of {figures.regions} regions right" if figures.regions else ""
    return (
        f"{shown.pick.rank}: colour error {figures.color_error:.1f}{regions}; "
        f"{shown.trial.pair.id} by {shown.trial.reference.id}"
    )
