"""The figures of an evaluation by method and source, as JSON and as Markdown tables."""

import dataclasses
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rltn_cli.engine.evaluator import Evaluation
from rltn_cli.engine.metrics import Figures

FIGURES: Mapping[str, tuple[str, str]] = {
    "color_error": ("colour error", ".2f"),
    "region_accuracy": ("region accuracy", ".3f"),
    "psnr": ("PSNR", ".2f"),
    "ssim": ("SSIM", ".3f"),
}
"""Every figure's heading and format."""


@dataclass(frozen=True, slots=True)
class Score:
    """One figure of one method; None where no picture gives it."""

    overall: float | None
    """Over all pictures."""
    average: float | None
    """Average of the sources, each counting once."""
    by_source: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Row:
    """All figures of one method."""

    name: str
    trained: bool
    scores: Mapping[str, Score]
    """By the figure's name."""
    ratios: Mapping[str, Score]
    """This method's colour error over that of each method without training, by that one's name."""


def tabulate(evaluation: Evaluation, untrained: Sequence[str]) -> list[Row]:
    """Return a row of figures for each method.

    The region accuracy of several pictures is the share of all their regions; every other figure is the mean
    over the pictures.

    Args:
        evaluation: the figures of each picture.
        untrained: names of the methods that models are compared with.
    """
    sources = [trial.pair.source for trial in evaluation.trials]
    scores = {
        name: {key: _score(summary, figures, sources) for key, summary in _SUMMARIES.items()}
        for name, figures in evaluation.figures.items()
    }
    return [
        Row(
            name,
            name not in untrained,
            own,
            {
                other: _ratio(own["color_error"], scores[other]["color_error"])
                for other in untrained
                if name not in untrained
            },
        )
        for name, own in scores.items()
    ]


def _mean(name: str) -> Callable[[Sequence[Figures]], float]:
    return lambda figures: sum(getattr(figure, name) for figure in figures) / len(figures)


def _share_right(figures: Sequence[Figures]) -> float | None:
    regions = sum(figure.regions for figure in figures)
    return sum(figure.regions_right for figure in figures) / regions if regions else None


_SUMMARIES: Mapping[str, Callable[[Sequence[Figures]], float | None]] = {
    "color_error": _mean("color_error"),
    "region_accuracy": _share_right,
    "psnr": _mean("psnr"),
    "ssim": _mean("ssim"),
}


def _score(
    summary: Callable[[Sequence[Figures]], float | None], figures: Sequence[Figures], sources: Sequence[str]
) -> Score:
    groups: dict[str, list[Figures]] = defaultdict(list)
    for figure, source in zip(figures, sources, strict=True):
        groups[source].append(figure)
    by_source = {source: summary(groups[source]) for source in sorted(groups)}
    known = [value for value in by_source.values() if value is not None]
    return Score(summary(figures), sum(known) / len(known) if known else None, by_source)


def _ratio(own: Score, other: Score) -> Score:
    def divide(a: float | None, b: float | None) -> float | None:
        return a / b if a is not None and b else None

    return Score(
        divide(own.overall, other.overall),
        divide(own.average, other.average),
        {source: divide(value, other.by_source[source]) for source, value in own.by_source.items()},
    )


def to_json(evaluation: Evaluation, rows: Sequence[Row], settings: Mapping[str, Any]) -> str:
    """Return the report as JSON: the settings, the rows, and every picture's figures."""
    pictures = [
        {
            "id": trial.pair.id,
            "source": trial.pair.source,
            "reference": trial.reference.id,
            "figures": {name: dataclasses.asdict(figures[i]) for name, figures in evaluation.figures.items()},
        }
        for i, trial in enumerate(evaluation.trials)
    ]
    methods = [dataclasses.asdict(row) for row in rows]
    return json.dumps({"settings": dict(settings), "methods": methods, "pictures": pictures}, indent=1) + "\n"


def to_markdown(rows: Sequence[Row], settings: Mapping[str, Any]) -> str:
    """Return the report as Markdown tables."""
    parts = [
        f"# {settings['protocol']} protocol, split {settings['split']}: {settings['pictures']} pictures at "
        f"{settings['size']}x{settings['size']}",
        _table(*summary_table(rows)),
    ]
    if any(row.ratios for row in rows):
        parts += ["Colour error as a share of that without training, average of the sources (all pictures):"]
        parts += [_table(*ratio_table(rows))]
    parts += ["Colour error (region accuracy) by source:", _table(*source_table(rows)), _DEFINITIONS]
    return "\n\n".join(parts) + "\n"


def summary_table(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Return head and body: a line a method, each figure as average of the sources and over all pictures."""
    head = ["method"]
    for heading, _ in FIGURES.values():
        head += [f"{heading}, sources", "all"]
    body = [
        [row.name]
        + [
            _show(value, form)
            for key, (_, form) in FIGURES.items()
            for value in (row.scores[key].average, row.scores[key].overall)
        ]
        for row in rows
    ]
    return head, body


def ratio_table(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Return head and body: a line a trained method, a column a method without training."""
    trained = [row for row in rows if row.trained]
    head = ["method", *(f"of {name}" for name in trained[0].ratios)]
    body = [
        [row.name]
        + [f"{_show(ratio.average, '.2f')} ({_show(ratio.overall, '.2f')})" for ratio in row.ratios.values()]
        for row in trained
    ]
    return head, body


def source_table(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Return head and body: a line a source, a column a method."""
    head = ["source", *(row.name for row in rows)]
    body = []
    for source in rows[0].scores["color_error"].by_source:
        pairs = [(row.scores["color_error"], row.scores["region_accuracy"]) for row in rows]
        cells = [
            f"{_show(error.by_source[source], '.2f')} ({_show(share.by_source[source], '.3f')})"
            for error, share in pairs
        ]
        body.append([source or "(none)", *cells])
    return head, body


def _show(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, rule, *body])


_DEFINITIONS = """\
Every method paints the same sketch by the same reference, with the lines multiplied on top.

- colour error: mean CIEDE2000 off the lines (sketch >= 200), where truth or output is further than 5 from
  white; mean over the pictures; less is better.
- region accuracy: share of the regions between lines (4-connected, >= 64 pixels, mean colour in the truth
  further than 5 from white) whose mean Lab colour is within CIEDE2000 10 of the truth's, of all pictures'
  regions together.
- white page: the sketch left as it is; mean colour: the page in the mean of all the reference's sRGB pixels;
  same position: each pixel in the colour that the reference has there.
- sources: the average of the sources, each counting once; all: over all pictures."""
