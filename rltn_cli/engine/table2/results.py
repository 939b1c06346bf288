"""The files that a table leaves: report.md and report.html in the paper's shape, and contact sheets."""

import html
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rltn_cli.choices import EvaluationProtocol
from rltn_cli.engine.evaluation.aggregation import METRICS
from rltn_cli.engine.evaluation.report import METHOD, markdown_table
from rltn_cli.engine.evaluation.report_page import fill_page, to_data_uri
from rltn_cli.engine.evaluation.study_results import read_answers, study_markdown, tabulate_study
from rltn_cli.engine.table2.jobs import PROTOCOLS, Job
from rltn_cli.engine.table2.rows import DATA, ROWS
from rltn_cli.engine.table2.sheet import draw_row_sheet
from rltn_cli.engine.training.settings import used_settings
from rltn_cli.imaging.files.encoding import write_picture
from rltn_cli.imaging.pixels import Bytes
from rltn_cli.models.cost import measure_cost
from rltn_cli.output_files import write_file
from rltn_cli.training_config import TrainConfig

_PAPER_METRICS = ("fid", "fd_vgg16", "lpips_reference")
"""Metrics of Table 2: FID, or FD-VGG16 where Inception is unavailable, and LPIPS to the reference."""
_OTHER_METRICS = ("color_error", "region_accuracy", "lpips_truth")
"""Metrics beside the paper's, where the reference has the drawing's true colours."""
COST_SIZE = 256
_SETTINGS = (METHOD, "learning rates", "Adam's betas", "MFAM", "loss terms and their weights")


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a heading; the first column names methods."""

    heading: str
    head: list[str]
    body: list[list[str]]


def write_results(output: Path, jobs: Sequence[Job], studies: Sequence[Path]) -> Path:
    """Write report.md, report.html and a contact sheet for each set of data; return the report's path.

    Args:
        output: the table's folder.
        jobs: all trained and evaluated.
        studies: files of people's marks, for Table 3; none leaves it out.

    Raises:
        DataError: marks that cannot be read, or a picture that cannot be painted any more.
        OutputError: a file cannot be written.
    """
    tables, notes = make_tables(jobs), describe(jobs)
    study = study_markdown(tabulate_study(read_answers(studies))) if studies else ""
    sheets = {
        name: draw_row_sheet([job for job in jobs if job.data == data and job.seed == 0])
        for data, name in _data_names(jobs).items()
    }
    for name, sheet in sheets.items():
        write_picture(output / f"sheet-{name}.png", sheet, overwrite=True)
    report = output / "report.md"
    write_file(report, to_markdown(tables, notes, study).encode(), overwrite=True)
    write_file(output / "report.html", to_page(tables, notes, study, sheets).encode(), overwrite=True)
    return report


def make_tables(jobs: Sequence[Job]) -> list[Table]:
    """Return Table 2, the same by the other two protocols, what each row costs, and how it is trained."""
    headings: Mapping[EvaluationProtocol, str] = {
        "nearest": "Table 2: references that are the most similar other picture",
        "group": "References of the drawing's own palette",
        "self": "References that are the drawing's true picture, deformed",
    }
    tables = [
        _metric_table(headings[protocol], jobs, protocol, _PAPER_METRICS if number == 0 else _OTHER_METRICS)
        for number, protocol in enumerate(PROTOCOLS)
    ]
    return [*tables, _cost_table(jobs), make_settings_table({job.row: job.config for job in jobs})]


def _metric_table(
    heading: str, jobs: Sequence[Job], protocol: EvaluationProtocol, metrics: Sequence[str]
) -> Table:
    """Return a row for each method, and columns for each metric on each set of data, over all pictures."""
    reports = {job: _methods(job, protocol) for job in jobs}
    columns = [
        (data, name, key)
        for data, name in _data_names(jobs).items()
        for key in metrics
        if any(_overall(reports[job], key) is not None for job in jobs if job.data == data)
    ]
    body = [
        [ROWS[row]]
        + [
            _mean([_overall(reports[job], key) for job in jobs if (job.row, job.data) == (row, data)], key)
            for data, _, key in columns
        ]
        for row in _rows(jobs)
    ]
    return Table(heading, [METHOD, *(f"{name} {METRICS[key][0]}" for _, name, key in columns)], body)


def _methods(job: Job, protocol: EvaluationProtocol) -> dict[str, Any]:
    """Return the only method of a row's evaluation."""
    found = job.evaluation(protocol)
    assert found is not None
    (method,) = found["report"]["methods"]
    return dict(method)


def _overall(method: Mapping[str, Any], key: str) -> float | None:
    """Return a metric over all pictures; None where it is missing."""
    score = method[key]
    return None if score is None else score["overall"]


def _mean(values: Sequence[float | None], key: str) -> str:
    """Return the mean over seeds, and of several the standard deviation."""
    known = [value for value in values if value is not None]
    if not known:
        return "-"
    form = METRICS[key][1]
    spread = f" ± {statistics.stdev(known):{form}}" if len(known) > 1 else ""
    return f"{statistics.fmean(known):{form}}{spread}"


def _cost_table(jobs: Sequence[Job]) -> Table:
    """Return what each row costs, and how far its contrastive term acted."""
    names = _data_names(jobs)
    head = [METHOD, "parameters", f"GFLOP at {COST_SIZE}x{COST_SIZE}"]
    for name in names.values():
        head += [f"{name} seconds", f"{name} mean loss/scl"]
    body = []
    for row in _rows(jobs):
        config = next(job.config for job in jobs if job.row == row)
        cost = measure_cost(config.fresh_network(), size=COST_SIZE)
        line = [ROWS[row], f"{cost.parameters:,}", f"{cost.flop / 1e9:.1f}"]
        for data in names:
            own = [job for job in jobs if (job.row, job.data) == (row, data)]
            seconds = [job.seconds or 0.0 for job in own]
            scl = [entry["loss/scl"] for job in own for entry in job.losses() if "loss/scl" in entry]
            line += [f"{statistics.fmean(seconds):.0f}", f"{statistics.fmean(scl):.4f}" if scl else "-"]
        body.append(line)
    return Table("What each row costs", head, body)


def make_settings_table(configs: Mapping[str, TrainConfig]) -> Table:
    """Return the settings in which rows differ.

    Args:
        configs: how each row is trained, by its name.
    """
    body = []
    for row in (row for row in ROWS if row in configs):
        config, used = configs[row], used_settings(configs[row])
        rates = [used[name] for name in ("generator_lr", "discriminator_lr") if name in used]
        mfam = ("yes" if config.aggregation else "no") if config.architecture == "rltn" else "-"
        terms = ", ".join(f"{term} {weight:g}" for term, weight in config.terms.items())
        betas = f"{config.beta1:g}, {config.beta2:g}"
        body.append([ROWS[row], ", ".join(f"{rate:g}" for rate in rates), betas, mfam, terms])
    return Table("Settings of each row", list(_SETTINGS), body)


def _rows(jobs: Sequence[Job]) -> list[str]:
    return [row for row in ROWS if any(job.row == row for job in jobs)]


def _data_names(jobs: Sequence[Job]) -> dict[str, str]:
    """Return the name of each set of data."""
    return {job.data: job.folder.parents[1].name for job in jobs}


def describe(jobs: Sequence[Job]) -> list[str]:
    """Return sentences about how rows were trained and measured."""
    budget, seeds = jobs[0].budget, len({job.seed for job in jobs})
    by = "seed 0" if seeds == 1 else f"each of {seeds} seeds"
    notes = [
        f"Every row was trained on {budget.steps * budget.batch:,} pictures of {budget.size}x{budget.size} "
        f"pixels in batches of {budget.batch}, from fresh weights (preset {budget.preset}) in "
        f"{budget.precision} by {by}, on the same samples: {DATA.pseudo:.0%} have the deformed target as "
        f"reference, {DATA.foreign:.0%} a picture with another palette.",
        "The networks' own pictures, with the lines they drew, are measured at 256x256 on drawings that no "
        "row was trained on; LPIPS reference, FID and FD-VGG16 compare them with the references, as in the "
        "paper.",
    ]
    late = next((job.config for job in jobs if job.config.adversarial_from), None)
    if late is not None:
        notes.append(
            "In the rows of RLTN's networks the terms that need a discriminator or VGG16 begin after "
            f"{late.adversarial_from:,} of {late.steps:,} steps."
        )
    missing = {
        key: reason
        for job in jobs
        for protocol in PROTOCOLS
        for key, reason in ((job.evaluation(protocol) or {}).get("report", {}).get("missing", {})).items()
    }
    reasons = dict.fromkeys(missing.values())
    notes += [
        f"Without {', '.join(METRICS[key][0] for key in missing if missing[key] == reason)}: {reason}."
        for reason in reasons
    ]
    pictures = {
        job.folder.parents[1].name: (job.evaluation("nearest") or {})["report"]["pictures"] for job in jobs
    }
    notes.append(
        "Drawings measured: " + ", ".join(f"{name} {count}" for name, count in pictures.items()) + "."
    )
    return notes


def to_markdown(tables: Sequence[Table], notes: Sequence[str], study: str) -> str:
    """Return the report as Markdown."""
    parts = ["# The paper's Table 2", *notes]
    for table in tables:
        parts += [f"## {table.heading}", markdown_table(table.head, table.body)]
    if study:
        parts += ["## Table 3", study.strip()]
    return "\n\n".join(parts) + "\n"


def to_page(tables: Sequence[Table], notes: Sequence[str], study: str, sheets: Mapping[str, Bytes]) -> str:
    """Return the report as one self-contained HTML page."""
    content = [_html_table(table) for table in tables]
    if study:
        content.append(f"<h2>Table 3</h2><pre>{html.escape(study)}</pre>")
    for name, sheet in sheets.items():
        content.append(
            f"<h2>{html.escape(name)}</h2>"
            f'<img src="{to_data_uri(sheet)}" alt="Drawings of {html.escape(name)}, a column a method">'
        )
    return fill_page(
        "table2.html",
        notes="".join(f"<p>{html.escape(note)}</p>" for note in notes),
        content="".join(content),
    )


def _html_table(table: Table) -> str:
    head = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in table.head)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in line) + "</tr>" for line in table.body
    )
    return (
        f'<h2>{html.escape(table.heading)}</h2><div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
