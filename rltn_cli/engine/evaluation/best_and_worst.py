"""Trials to look at: a method's best, median and worst pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rltn_cli.engine.evaluation.evaluator import Evaluation
from rltn_cli.engine.evaluation.methods import Painter
from rltn_cli.engine.evaluation.metrics import Figures
from rltn_cli.engine.evaluation.protocols import Trial, load
from rltn_cli.imaging.pixels import Bytes

EACH = 3
"""Trials shown of each rank."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A trial chosen to be looked at."""

    index: int
    """Position of the trial in the evaluation."""
    rank: str
    """`best`, `median` or `worst`."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A picked trial and its pictures, each (256, 256, 3)."""

    pick: Pick
    trial: Trial
    figures: Figures
    sketch: Bytes
    reference: Bytes
    warped: Bytes | None
    """The reference warped onto the sketch; None where the method does not do that."""
    output: Bytes
    truth: Bytes


def pick(evaluation: Evaluation, name: str, *, each: int = EACH) -> list[Pick]:
    """Choose the trials with the lowest, the middle and the highest colour error of a method.

    Args:
        evaluation: the figures.
        name: the method.
        each: trials of each rank; where there are not three times as many, all are taken.

    Returns:
        Picks by rising colour error, no trial twice.
    """
    errors = [figures.color_error for figures in evaluation.figures[name]]
    order = sorted(range(len(errors)), key=lambda i: (errors[i], evaluation.trials[i].pair.id))
    middle = (len(order) - each) // 2
    if len(order) > 3 * each:
        order = [*order[:each], *order[middle : middle + each], *order[-each:]]
    third = -(-len(order) // 3)
    return [Pick(index, ("best", "median", "worst")[place // third]) for place, index in enumerate(order)]


def show(evaluation: Evaluation, name: str, painter: Painter, *, each: int = EACH) -> list[Shown]:
    """Paint a method's best, median and worst trials again.

    Raises:
        DataError: a picture that cannot be read.
    """
    picks = pick(evaluation, name, each=each)
    trials = [evaluation.trials[p.index] for p in picks]
    batch = load(trials)
    painting = painter(batch.sketches, batch.references, batch.ids)
    return [
        Shown(
            pick=chosen,
            trial=trials[i],
            figures=evaluation.figures[name][chosen.index],
            sketch=np.repeat(batch.sketches[i][..., None], 3, axis=2),
            reference=batch.references[i],
            warped=None if painting.warped is None else painting.warped[i],
            output=painting.images[i],
            truth=batch.truths[i],
        )
        for i, chosen in enumerate(picks)
    ]


def panels(shown: Shown) -> Sequence[tuple[str, Bytes | None]]:
    """Return the pictures of a trial with their headings, in the order in which they are shown."""
    return (
        ("sketch", shown.sketch),
        ("reference", shown.reference),
        ("warp", shown.warped),
        ("output", shown.output),
        ("truth", shown.truth),
    )
