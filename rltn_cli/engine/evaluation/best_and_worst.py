"""Samples to look at: a method's best, median and worst pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rltn_cli.engine.evaluation.evaluator import Evaluation
from rltn_cli.engine.evaluation.methods import Method
from rltn_cli.engine.evaluation.metrics import Metrics
from rltn_cli.engine.evaluation.protocols import EvaluationSample, load
from rltn_cli.imaging.pixels import Bytes

EACH = 3
"""Number of samples shown of each rank."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A sample chosen to be looked at."""

    index: int
    """Number of the sample in the evaluation."""
    rank: str
    """`best`, `median` or `worst`."""


@dataclass(frozen=True, slots=True)
class ShownSample:
    """A picked sample and its pictures, each (256, 256, 3)."""

    pick: Pick
    sample: EvaluationSample
    metrics: Metrics
    sketch: Bytes
    reference: Bytes
    warped: Bytes | None
    """The reference warped onto the sketch; None where the method does not do that."""
    output: Bytes
    target: Bytes


def pick(evaluation: Evaluation, name: str, *, each: int = EACH) -> list[Pick]:
    """Choose the samples with the lowest, the middle and the highest colour error of a method.

    Args:
        evaluation: the metrics.
        name: the method.
        each: number of samples of each rank; all are chosen if there are fewer than three times as many.

    Returns:
        Picks by rising colour error, no sample twice.
    """
    errors = [metrics.color_error for metrics in evaluation.metrics[name]]
    order = sorted(range(len(errors)), key=lambda i: (errors[i], evaluation.samples[i].pair.id))
    middle = (len(order) - each) // 2
    if len(order) > 3 * each:
        order = [*order[:each], *order[middle : middle + each], *order[-each:]]
    third = -(-len(order) // 3)
    return [Pick(index, ("best", "median", "worst")[place // third]) for place, index in enumerate(order)]


def show(evaluation: Evaluation, name: str, method: Method, *, each: int = EACH) -> list[ShownSample]:
    """Paint a method's best, median and worst samples again.

    Raises:
        DataError: a picture that cannot be read.
    """
    picks = pick(evaluation, name, each=each)
    samples = [evaluation.samples[p.index] for p in picks]
    batch = load(samples)
    painting = method(batch.sketches, batch.references, batch.ids)
    return [
        ShownSample(
            pick=chosen,
            sample=samples[i],
            metrics=evaluation.metrics[name][chosen.index],
            sketch=np.repeat(batch.sketches[i][..., None], 3, axis=2),
            reference=batch.references[i],
            warped=None if painting.warped is None else painting.warped[i],
            output=painting.images[i],
            target=batch.targets[i],
        )
        for i, chosen in enumerate(picks)
    ]


def panels(shown: ShownSample) -> Sequence[tuple[str, Bytes | None]]:
    """Return the pictures of a sample with their headings, in the order in which they are shown."""
    return (
        ("sketch", shown.sketch),
        ("reference", shown.reference),
        ("warp", shown.warped),
        ("output", shown.output),
        ("target", shown.target),
    )
