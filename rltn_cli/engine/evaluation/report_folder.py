"""The reports of evaluations as files in a folder."""

import re
from collections.abc import Sequence
from pathlib import Path

from rltn_cli.engine.evaluation.best_and_worst import show
from rltn_cli.engine.evaluation.contact_sheet import draw_sheet
from rltn_cli.engine.evaluation.evaluator import Evaluation, Evaluator
from rltn_cli.engine.evaluation.report import data_name, paper_markdown, to_json, to_markdown
from rltn_cli.engine.evaluation.report_page import to_html
from rltn_cli.errors import OutputError, UsageError
from rltn_cli.imaging.files.encoding import write_picture
from rltn_cli.output_files import make_folder, write_file
from rltn_cli.result_folders import REPORT, REPORT_PAGE


def check_folder(folder: Path, data: Sequence[Path], *, overwrite: bool = False) -> None:
    """Check, before any work is done, that reports on folders of pairs can be written to a folder.

    Raises:
        UsageError: two folders of pairs have one name.
        OutputError: a file is in the way, or a report that must not be replaced.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file: name a folder for the report")
    if len({path.resolve().name for path in data}) < len(data):
        raise UsageError("two folders of pairs have the same name: rename one, so that their reports differ")
    found = sorted(folder.rglob("report.*")) if folder.is_dir() and not overwrite else []
    if found:
        raise OutputError(f"{found[0]} exists already: choose another folder, or add --overwrite")


def write_reports(
    folder: Path, evaluators: Sequence[Evaluator], results: Sequence[Evaluation], *, overwrite: bool = False
) -> None:
    """Write report.json, report.md, report.html and a contact sheet for each model and folder of outputs.

    Each of several data sets has a subfolder with its name, and report.md next to these compares them.

    Raises:
        OutputError: a file cannot be written.
    """
    if len(results) == 1:
        _write(folder, evaluators[0], results[0], overwrite)
        return
    for evaluator, result in zip(evaluators, results, strict=True):
        _write(folder / data_name(result), evaluator, result, overwrite)
    write_file(folder / "report.md", paper_markdown(results).encode(), overwrite=overwrite)


def _write(folder: Path, evaluator: Evaluator, result: Evaluation, overwrite: bool) -> None:
    """Write one report."""
    make_folder(folder)
    write_file(folder / REPORT, to_json(result).encode(), overwrite=overwrite)
    write_file(folder / "report.md", to_markdown(result).encode(), overwrite=overwrite)
    galleries = {name: show(result, name, method) for name, method in evaluator.methods.items()}
    write_file(folder / REPORT_PAGE, to_html(result, galleries).encode(), overwrite=overwrite)
    for number, row in enumerate(result.rows, start=1):
        if row.kind != "untrained":
            label = re.sub(r"[^\w.-]+", "-", row.name).strip("-.")
            sheet = draw_sheet(galleries[row.name])
            write_picture(folder / f"sheet-{number}-{label}.png", sheet, overwrite=overwrite)
