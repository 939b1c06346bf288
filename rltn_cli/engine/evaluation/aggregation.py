"""Metrics of many pictures combined: overall, by source, and as the average of the sources."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from rltn_cli.engine.evaluation.frechet import frechet_distance, kernel_distance
from rltn_cli.engine.evaluation.metrics import Metrics
from rltn_cli.imaging.pixels import Floats

MethodKind = Literal["model", "outputs", "untrained"]

METRICS: Mapping[str, tuple[str, str]] = {
    "fid": ("FID", ".2f"),
    "kid": ("KID", ".4f"),
    "fd_vgg16": ("FD-VGG16", ".2f"),
    "lpips_reference": ("LPIPS reference", ".3f"),
    "lpips_truth": ("LPIPS truth", ".3f"),
    "ssim": ("SSIM", ".3f"),
    "psnr": ("PSNR", ".2f"),
    "color_error": ("colour error", ".2f"),
    "region_accuracy": ("region accuracy", ".3f"),
    "blotchiness": ("blotchiness", ".2f"),
}
"""Heading and format of every metric, by its key in report.json."""
_MEANS = ("lpips_reference", "lpips_truth", "ssim", "psnr", "color_error", "blotchiness")
"""Metrics that are averaged over the pictures that have them."""
HIGHER_IS_BETTER = frozenset({"ssim", "psnr", "region_accuracy"})


@dataclass(frozen=True, slots=True)
class Score:
    """One metric of one method; None where it cannot be computed."""

    overall: float | None
    """Over all pictures."""
    average: float | None
    """Average of the sources, each counting once."""
    by_source: Mapping[str, float | None]


@dataclass(slots=True)
class Tally:
    """What was measured of one method's pictures, in the order of the samples."""

    metrics: list[Metrics]
    features: dict[str, list[Floats]] = field(default_factory=dict)
    """By network, `inception` or `vgg16`: one row (D,) per picture."""


@dataclass(frozen=True, slots=True)
class Row:
    """All metrics of one method."""

    name: str
    kind: MethodKind
    scores: Mapping[str, Score]
    """By the metric's key."""
    ratios: Mapping[str, Score]
    """Colour error divided by that of each untrained method, by its name; empty for untrained methods."""


def tabulate(
    tallies: Mapping[str, Tally],
    references: Mapping[str, Sequence[Floats]],
    kinds: Mapping[str, MethodKind],
    sources: Sequence[str],
) -> list[Row]:
    """Return a row of metrics for each method.

    The region accuracy of several pictures is the share of all their regions; FID, KID and FD-VGG16 compare
    the set of outputs with the set of references; every other metric is the mean over the pictures.

    Args:
        tallies: what was measured, by method.
        references: the references' features by network, one row per sample.
        kinds: what each method is.
        sources: the source of each sample.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    for index, source in enumerate(sources):
        groups[source].append(index)
    everything = list(range(len(sources)))

    def score(compute: Callable[[Sequence[int]], float | None]) -> Score:
        by_source = {source: compute(groups[source]) for source in sorted(groups)}
        known = [value for value in by_source.values() if value is not None]
        return Score(compute(everything), sum(known) / len(known) if known else None, by_source)

    scores = {
        name: {key: score(compute) for key, compute in _computations(tally, references).items()}
        for name, tally in tallies.items()
    }
    untrained = [name for name in tallies if kinds[name] == "untrained"]
    return [
        Row(
            name,
            kinds[name],
            own,
            {other: _ratio(own["color_error"], scores[other]["color_error"]) for other in untrained}
            if kinds[name] != "untrained"
            else {},
        )
        for name, own in scores.items()
    ]


def _computations(
    tally: Tally, references: Mapping[str, Sequence[Floats]]
) -> dict[str, Callable[[Sequence[int]], float | None]]:
    """Return for each metric a function that computes it over the samples of some indices."""

    def mean(name: str) -> Callable[[Sequence[int]], float | None]:
        def compute(indices: Sequence[int]) -> float | None:
            values = [getattr(tally.metrics[i], name) for i in indices]
            known = [value for value in values if value is not None]
            return sum(known) / len(known) if known else None

        return compute

    def share_right(indices: Sequence[int]) -> float | None:
        regions = sum(tally.metrics[i].regions for i in indices)
        return sum(tally.metrics[i].regions_right for i in indices) / regions if regions else None

    def distance(
        network: str, measure: Callable[[Floats, Floats], float]
    ) -> Callable[[Sequence[int]], float | None]:
        def compute(indices: Sequence[int]) -> float | None:
            if network not in references or len(indices) < 2:
                return None
            outputs, real = (
                np.stack([rows[i] for i in indices])
                for rows in (tally.features[network], references[network])
            )
            return measure(outputs, real)

        return compute

    return {
        "fid": distance("inception", frechet_distance),
        "kid": distance("inception", kernel_distance),
        "fd_vgg16": distance("vgg16", frechet_distance),
        "region_accuracy": share_right,
    } | {key: mean(key) for key in _MEANS}


def _ratio(own: Score, other: Score) -> Score:
    def divide(a: float | None, b: float | None) -> float | None:
        return a / b if a is not None and b else None

    return Score(
        divide(own.overall, other.overall),
        divide(own.average, other.average),
        {source: divide(value, other.by_source[source]) for source, value in own.by_source.items()},
    )
