"""A picture to look at: sketch, reference, warp, output and truth of some trials, one row each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from rltn_cli.engine.evaluator import Evaluation
from rltn_cli.engine.painters import Painter
from rltn_cli.engine.trials import SIZE, Trial, load
from rltn_cli.pixels import Bytes

_GAP = 8
_CAPTION = 22
_HEADINGS = ("sketch", "reference", "warp", "output", "truth")


@dataclass(frozen=True, slots=True)
class Pick:
    """A trial chosen to be looked at."""

    index: int
    """Position of the trial in the evaluation."""
    rank: str
    """`best`, `median` or `worst`."""
    color_error: float


@dataclass(frozen=True, slots=True)
class Panels:
    """The pictures of one trial, each (256, 256, 3) uint8."""

    sketch: Bytes
    reference: Bytes
    warped: Bytes | None
    output: Bytes
    truth: Bytes


def pick(evaluation: Evaluation, name: str, *, each: int = 4) -> list[Pick]:
    """Choose the trials with the lowest, the middle and the highest colour error of a method.

    Args:
        evaluation: the figures.
        name: the method.
        each: trials of each kind; fewer where there are not three times as many.

    Returns:
        Picks by rising colour error, no trial twice.
    """
    errors = [figures.color_error for figures in evaluation.figures[name]]
    order = sorted(range(len(errors)), key=lambda i: (errors[i], evaluation.trials[i].pair.id))
    if len(order) <= 3 * each:
        ranks = np.array_split(
            np.array(["best", "median", "worst"]).repeat(-(-len(order) // 3)), [len(order)]
        )[0]
        return [Pick(i, str(rank), errors[i]) for i, rank in zip(order, ranks, strict=True)]
    middle = (len(order) - each) // 2
    chosen = {"best": order[:each], "median": order[middle : middle + each], "worst": order[-each:]}
    return [Pick(i, rank, errors[i]) for rank, indices in chosen.items() for i in indices]


def panels(trials: Sequence[Trial], painter: Painter) -> list[Panels]:
    """Paint some trials again and return their pictures."""
    batch = load(trials)
    painting = painter(batch.sketches, batch.references, batch.ids)
    return [
        Panels(
            np.repeat(batch.sketches[i][..., None], 3, axis=2),
            batch.references[i],
            None if painting.warped is None else painting.warped[i],
            painting.images[i],
            batch.truths[i],
        )
        for i in range(len(trials))
    ]


def draw_sheet(evaluation: Evaluation, name: str, painter: Painter, *, each: int = 4) -> Bytes:
    """Draw the best, median and worst trials of a method, one row each.

    Returns:
        (H, W, 3) uint8.
    """
    picks = pick(evaluation, name, each=each)
    rows = [panels([evaluation.trials[p.index]], painter)[0] for p in picks]
    width = len(_HEADINGS) * (SIZE + _GAP) + _GAP
    row_height = SIZE + _CAPTION + _GAP
    sheet = Image.new("RGB", (width, _CAPTION + len(rows) * row_height), "#e6e6e6")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(13)
    for column, heading in enumerate(_HEADINGS):
        pen.text((_GAP + column * (SIZE + _GAP), 4), heading, "black", font)
    for number, (chosen, row) in enumerate(zip(picks, rows, strict=True)):
        top = _CAPTION + number * row_height
        trial = evaluation.trials[chosen.index]
        caption = (
            f"{chosen.rank}: colour error {chosen.color_error:.1f}, {trial.pair.id} by {trial.reference.id}"
        )
        pen.text((_GAP, top + 3), caption, "black", font)
        for column, picture in enumerate((row.sketch, row.reference, row.warped, row.output, row.truth)):
            if picture is not None:
                place = (_GAP + column * (SIZE + _GAP), top + _CAPTION)
                sheet.paste(Image.fromarray(picture), place)
    return np.asarray(sheet)
