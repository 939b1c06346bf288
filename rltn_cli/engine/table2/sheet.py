"""The contact sheet of a set of data: a row for each drawing, a column for each method."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from rltn_cli.data.recipes import read_data
from rltn_cli.data.splits import VAL
from rltn_cli.engine.evaluation.methods import make_model_method
from rltn_cli.engine.evaluation.protocols import SIZE, EvaluationSample, load, plan
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
    models = {job.row: job.model for job in jobs}
    return lay_out(paint_columns(samples, models, device=jobs[0].budget.device))


def paint_columns(
    samples: Sequence[EvaluationSample], models: Mapping[str, Path], *, device: str
) -> dict[str, Bytes]:
    """Paint drawings with every row's weights.

    Args:
        samples: the drawings and their references.
        models: the weights of each row, by its name.
        device: where to paint.

    Returns:
        Pictures (N, 256, 256, 3) uint8 by heading: drawings, references, a column for each row, and targets.

    Raises:
        RltnError: data or weights cannot be used.
    """
    batch = load(samples)
    columns = {"sketch": np.repeat(batch.sketches[..., None], 3, axis=3), "reference": batch.references}
    for row, model in models.items():
        method = make_model_method(Colorizer.from_pretrained(model, device=device), "raw", "network")
        columns[ROWS[row]] = method(batch.sketches, batch.references, batch.ids).images
    return {**columns, "target": batch.targets}


def lay_out(columns: Mapping[str, Bytes], side: int = _SIDE) -> Bytes:
    """Return columns of pictures as one picture (H, W, 3) uint8.

    Args:
        columns: pictures (N, 256, 256, 3) uint8 by heading.
        side: height and width of each picture in pixels.
    """
    count = len(next(iter(columns.values())))
    size = (len(columns) * (side + _GAP) + _GAP, _HEADING + count * (side + _GAP) + _GAP)
    sheet = Image.new("RGB", size, "#e6e6e6")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for number, (heading, pictures) in enumerate(columns.items()):
        left = _GAP + number * (side + _GAP)
        pen.text((left, 3), heading, "black", font)
        for row, picture in enumerate(pictures):
            assert picture.shape == (SIZE, SIZE, 3)
            small = Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS)
            sheet.paste(small, (left, _HEADING + row * (side + _GAP)))
    return np.asarray(sheet)
