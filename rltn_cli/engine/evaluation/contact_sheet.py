"""A picture to look at: sketch, reference, warp, output and target of some samples, one row each."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from rltn_cli.engine.evaluation.best_and_worst import ShownSample, panels
from rltn_cli.engine.evaluation.protocols import SIZE
from rltn_cli.imaging.pixels import Bytes

_GAP = 8
_CAPTION = 22


def draw_sheet(gallery: Sequence[ShownSample]) -> Bytes:
    """Draw samples, one row each.

    Args:
        gallery: at least one sample.

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


def caption(shown: ShownSample) -> str:
    """Return a line that says which sample this is and how it went."""
    metrics = shown.metrics
    regions = f", {metrics.regions_right} of {metrics.regions} regions right" if metrics.regions else ""
    return (
        f"{shown.pick.rank}: colour error {metrics.color_error:.1f}{regions}; "
        f"{shown.sample.pair.id} by {shown.sample.reference.id}"
    )
