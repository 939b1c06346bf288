"""The contact sheet of a set of data: a row for each drawing, a column for each method."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from rltn_cli.data.recipes import read_data
from rltn_cli.data.splits import VAL
from rltn_cli.engine.evaluation.methods import make_model_method
from rltn_cli.engine.evaluation.protocols import SIZE, load, plan
from rltn_cli.engine.inference.colorizer import Colorizer
from rltn_cli.engine.table2.jobs import Job
from rltn_cli.engine.table2.rows import ROWS
from rltn_cli.imaging.pixels import Bytes

DRAWINGS = 6
"""Drawings on a sheet, taken evenly from the sources."""
_GAP, _HEADING, _SIDE = 6, 20, 192
"""Pixels between pictures, above them, and of a picture's side."""


def draw_row_sheet(jobs: Sequence[Job]) -> Bytes:
    """Paint a few drawings by their nearest references with every row's weights, and lay them out.

    Args:
        jobs: trained rows on one set of data.

    Returns:
        (H, W, 3) uint8.

    Raises:
        RltnError: data or weights cannot be used.
    """
    samples = plan(read_data([jobs[0].data]), "nearest", split=VAL, limit=DRAWINGS)
    batch = load(samples)
    columns = [("sketch", np.repeat(batch.sketches[..., None], 3, axis=3)), ("reference", batch.references)]
    for job in jobs:
        colorizer = Colorizer.from_pretrained(job.model, device=job.budget.device)
        method = make_model_method(colorizer, "raw", "network")
        columns.append((ROWS[job.row], method(batch.sketches, batch.references, batch.ids).images))
    columns.append(("target", batch.targets))
    return lay_out(columns)


def lay_out(columns: Sequence[tuple[str, Bytes]]) -> Bytes:
    """Return columns of pictures, each a heading and (N, 256, 256, 3), as one picture (H, W, 3)."""
    count = len(columns[0][1])
    size = (len(columns) * (_SIDE + _GAP) + _GAP, _HEADING + count * (_SIDE + _GAP) + _GAP)
    sheet = Image.new("RGB", size, "#e6e6e6")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for number, (heading, pictures) in enumerate(columns):
        left = _GAP + number * (_SIDE + _GAP)
        pen.text((left, 3), heading, "black", font)
        for row, picture in enumerate(pictures):
            assert picture.shape == (SIZE, SIZE, 3)
            small = Image.fromarray(picture).resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
            sheet.paste(small, (left, _HEADING + row * (_SIDE + _GAP)))
    return np.asarray(sheet)
