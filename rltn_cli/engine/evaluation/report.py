"""The report of an evaluation, as JSON and as Markdown tables."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rltn_cli import __version__
from rltn_cli.engine.evaluation.aggregation import METRICS, Row
from rltn_cli.engine.evaluation.evaluator import Evaluation
from rltn_cli.engine.evaluation.protocols import SIZE

SOURCE_METRICS = ("color_error", "region_accuracy", "fid", "lpips_reference")
"""The metrics that have a table of their own by source, where they were measured."""

METHOD = "method"


def to_json(evaluation: Evaluation) -> str:
    """Return the report as JSON: the settings, every method's metrics, and every picture's."""
    report: dict[str, Any] = {
        "rltn": __version__,
        "settings": dataclasses.asdict(evaluation.config),
        "pictures": len(evaluation.samples),
        "size": SIZE,
        "warnings": list(evaluation.warnings),
        "missing": dict(evaluation.missing),
        "methods": [describe_method(row, evaluation) for row in evaluation.rows],
        "trials": [
            {
                "id": sample.pair.id,
                "source": sample.pair.source,
                "reference": sample.reference.id,
                "figures": {name: dataclasses.asdict(list_[i]) for name, list_ in evaluation.metrics.items()},
            }
            for i, sample in enumerate(evaluation.samples)
        ],
    }
    return json.dumps(report, indent=1) + "\n"


def describe_method(row: Row, evaluation: Evaluation) -> dict[str, Any]:
    """Return a method's metrics as plain values; None for a metric that is missing."""
    metrics = {
        key: None if key in evaluation.missing else dataclasses.asdict(row.scores[key]) for key in METRICS
    }
    ratios = {name: dataclasses.asdict(ratio) for name, ratio in row.ratios.items()}
    return {"name": row.name, "kind": row.kind, **metrics, "color_error_ratio": ratios}


def data_name(evaluation: Evaluation) -> str:
    """Return the name of the data's folder."""
    return Path(evaluation.config.data).resolve().name


def paper_markdown(evaluations: Sequence[Evaluation]) -> str:
    """Return the layout of the paper's Table 2, methods by data sets, as Markdown.

    FID and LPIPS are over all pictures and to the references, as there; so are colour error and region
    accuracy, which the paper does not have. A missing metric is a dash.
    """
    keys = ("fid", "lpips_reference", "color_error", "region_accuracy")
    head = [METHOD, *(f"{data_name(one)} {METRICS[key][0]}" for one in evaluations for key in keys)]
    rows = [{row.name: row for row in one.rows} for one in evaluations]
    names = dict.fromkeys(name for by_name in rows for name in by_name)
    body = [
        [
            name,
            *(_show(by_name[name].scores[key].overall, METRICS[key][1]) for by_name in rows for key in keys),
        ]
        for name in names
    ]
    return "# Methods by data sets, over all pictures\n\n" + markdown_table(head, body) + "\n"


def to_markdown(evaluation: Evaluation) -> str:
    """Return the report as Markdown tables."""
    config, rows = evaluation.config, evaluation.rows
    parts = [
        f"# {data_name(evaluation)}, split {config.split}, protocol {config.protocol}: "
        f"{len(evaluation.samples)} pictures at {SIZE}x{SIZE}",
        *(f"Note: {text}." for text in evaluation.warnings),
        "Average of the sources, each counting once, and in brackets the value over all pictures:",
        markdown_table(*summary_table(evaluation)),
    ]
    if any(row.ratios for row in rows):
        parts += [
            "Colour error relative to methods without training, average of the sources (all pictures):",
            markdown_table(*ratio_table(rows)),
        ]
    for key in SOURCE_METRICS:
        if key not in evaluation.missing:
            parts += [f"By source, {METRICS[key][0]}:", markdown_table(*source_table(rows, key))]
    parts += describe_missing(evaluation)
    return "\n\n".join([*parts, DEFINITIONS]) + "\n"


def describe_missing(evaluation: Evaluation) -> list[str]:
    """Return a sentence for each reason why metrics are missing."""
    reasons: dict[str, list[str]] = {}
    for key, reason in evaluation.missing.items():
        reasons.setdefault(reason, []).append(METRICS[key][0])
    return [f"Without {', '.join(names)}: {reason}." for reason, names in reasons.items()]


def summary_table(evaluation: Evaluation) -> tuple[list[str], list[list[str]]]:
    """Return head and body: one line per method, each metric averaged over sources and over all pictures."""
    keys = [key for key in METRICS if key not in evaluation.missing]
    head = [METHOD, *(METRICS[key][0] for key in keys)]
    body = [[row.name, *(_pair(row, key) for key in keys)] for row in evaluation.rows]
    return head, body


def _pair(row: Row, key: str) -> str:
    score, form = row.scores[key], METRICS[key][1]
    return f"{_show(score.average, form)} ({_show(score.overall, form)})"


def ratio_table(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Return head and body: one line per trained method, one column per method without training."""
    trained = [row for row in rows if row.ratios]
    head = [METHOD, *(f"of {name}" for name in trained[0].ratios)]
    body = [
        [row.name]
        + [f"{_show(ratio.average, '.2f')} ({_show(ratio.overall, '.2f')})" for ratio in row.ratios.values()]
        for row in trained
    ]
    return head, body


def source_table(rows: Sequence[Row], key: str) -> tuple[list[str], list[list[str]]]:
    """Return head and body: one line per source, one column per method."""
    form = METRICS[key][1]
    head = ["source", *(row.name for row in rows)]
    body = [
        [source or "(none)", *(_show(row.scores[key].by_source[source], form) for row in rows)]
        for source in rows[0].scores[key].by_source
    ]
    return head, body


def _show(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def markdown_table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table whose first column is text and whose others are numbers."""
    rule = ["---"] + ["---:"] * (len(head) - 1)
    safe = [[cell.replace("|", "\\|") for cell in line] for line in [head, rule, *body]]
    return "\n".join(f"| {' | '.join(line)} |" for line in safe)


DEFINITIONS = """\
Every method paints the same sketch by the same reference, with the lines multiplied on top.

- colour error: mean CIEDE2000 off the lines (sketch >= 200), where the target or the output is further
  than 5 from white; mean over the pictures; lower is better.
- region accuracy: share of the regions between lines (4-connected, >= 64 pixels, mean colour in the target
  further than 5 from white) whose mean Lab colour is within CIEDE2000 10 of the target's, over the regions of
  all pictures.
- blotchiness: standard deviation, within those regions, of the residual in Lab (output minus target): 0 where
  each region is right, or wrong by one and the same colour; mean over the pictures; lower is better.
- white page: the sketch left as it is; mean colour: the page in the mean of all the reference's sRGB pixels;
  same position: each pixel in the colour that the reference has there; Reinhard: mean and deviation of the
  grey sketch's Lab channels made those of the reference."""
