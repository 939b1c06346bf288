"""`rltn evaluate`: measure models, and methods without training, on folders of pairs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rltn_cli import choices
from rltn_cli.commands.messages import escape_controls, say, show, show_text
from rltn_cli.commands.options import (
    DEFAULT_MODEL,
    Device,
    DryRun,
    Json,
    Offline,
    Overwrite,
    Precision,
    Quiet,
    complete_model,
)
from rltn_cli.errors import UsageError
from rltn_cli.output_files import check_file, write_file

if TYPE_CHECKING:
    from rich.console import Console

    from rltn_cli.engine.evaluation.evaluator import Evaluation, Evaluator

STUDY_PICTURES = 20
"""Default number of drawings in a study: as many as a person can rate in one sitting."""

Data = Annotated[
    list[Path],
    typer.Argument(
        help="Data as rltn train reads them: folders of pairs (color/NAME.*, line/NAME.*, index.csv) or of "
        "pictures, or recipes; with --study-results, results files."
    ),
]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME",
        help="A shipped name, a folder, a .safetensors file, or org/repo[@revision] on the Hub; can be "
        f"given several times. Without --model and --outputs: {DEFAULT_MODEL}.",
        autocompletion=complete_model,
    ),
]
Outputs = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=DIR", help="Pictures DIR/ID.* made by another program; can be given several times."
    ),
]
Protocol = Annotated[
    choices.EvaluationProtocol,
    typer.Option(
        help="The reference: the most similar other picture, another picture of the same group and palette, "
        "or the target itself, deformed."
    ),
]
Split = Annotated[
    str,
    typer.Option(
        help="Split of index.csv, or of folders train/, val/, ..., to evaluate on.",
        show_default="val; all pairs where they are all in one split",
    ),
]
Limit = Annotated[
    int | None, typer.Option(min=1, help="Largest number of drawings, taken evenly from the sources.")
]
Quick = Annotated[
    bool, typer.Option("--quick", help="Leave out FID, KID, FD-VGG16 and LPIPS, which need extra networks.")
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="Folder for report.html, .md and .json, and one contact sheet per model."
    ),
]
Frozen = Annotated[
    Path | None,
    typer.Option(help="Folder of the frozen VGG16 and AlexNet; by default the one that RLTN_FROZEN names."),
]
Inception = Annotated[
    Path | None, typer.Option(help="File of FID's Inception weights; downloaded by default.")
]
Finishing = Annotated[
    choices.Finish, typer.Option(help="How models finish their pictures, as in rltn colorize.")
]
Seed = Annotated[int, typer.Option(help="Seed of the choice of references and drawings.")]
BatchSize = Annotated[
    int, typer.Option("--batch", min=1, help="Number of drawings painted and measured at once.")
]
Study = Annotated[
    Path | None,
    typer.Option(metavar="PAGE.html", help="Write a page that asks people for marks, instead of a report."),
]
StudyPictures = Annotated[
    int, typer.Option(min=1, help="Number of drawings in the study, taken evenly from the sources.")
]
StudyResults = Annotated[
    bool, typer.Option("--study-results", help="Tabulate the marks of the given results files.")
]


def evaluate(
    data: Data,
    model: Models = None,
    outputs: Outputs = None,
    protocol: Protocol = "nearest",
    split: Split = "",
    limit: Limit = None,
    quick: Quick = False,
    output: Output = None,
    frozen: Frozen = None,
    inception: Inception = None,
    finish: Finishing = "paint",
    seed: Seed = 0,
    batch: BatchSize = 8,
    study: Study = None,
    study_pictures: StudyPictures = STUDY_PICTURES,
    study_results: StudyResults = False,
    device: Device = "auto",
    precision: Precision = "auto",
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
    dry_run: DryRun = False,
    offline: Offline = False,
) -> None:
    """Paint a split's drawings by every model and by methods without training, and measure the results."""
    if study_results:
        _tabulate_study(data, as_json)
        return
    settings: dict[str, Any] = {
        "models": tuple(model or ([] if outputs else [DEFAULT_MODEL])),
        "outputs": _parse_outputs(outputs or []),
        "protocol": protocol, "split": split, "limit": limit, "seed": seed, "batch": batch, "device": device,
        "precision": precision, "finish": finish, "quick": quick or study is not None,
        "frozen": str(frozen) if frozen else None, "inception": str(inception) if inception else None,
    }  # fmt: skip
    _check_targets(data, study, output, overwrite)
    evaluators = _prepare(data, settings, offline=offline or dry_run)
    if dry_run:
        _show_plans(evaluators)
    elif study:
        _write_study(study, evaluators[0], study_pictures, quiet, overwrite)
    else:
        _report(evaluators, output, overwrite, as_json, quiet)


def _check_targets(data: list[Path], study: Path | None, output: Path | None, overwrite: bool) -> None:
    """Check that the page or the folder can be written."""
    from rltn_cli.engine.evaluation.report_folder import check_folder

    if study:
        if len(data) > 1:
            raise UsageError("a study covers one folder of pairs: name one, and write a page for each")
        check_file(study, overwrite=overwrite)
    elif output:
        check_folder(output, data, overwrite=overwrite)


def _prepare(data: list[Path], settings: dict[str, Any], *, offline: bool) -> "list[Evaluator]":
    """Return an evaluator for each folder of pairs."""
    from rltn_cli.engine.evaluation.evaluator import EvaluationConfig, Evaluator

    return [Evaluator(EvaluationConfig(data=str(folder), **settings), offline=offline) for folder in data]


def _report(
    evaluators: "list[Evaluator]", output: Path | None, overwrite: bool, as_json: bool, quiet: bool
) -> None:
    """Evaluate, write the reports and print them."""
    from rltn_cli.engine.evaluation.report_folder import write_reports

    results = _run(evaluators, quiet)
    if not evaluators[0].processes.is_main:
        return
    if output:
        write_reports(output, evaluators, results, overwrite=overwrite)
    if as_json or not quiet:
        _show(results, as_json)
    if output and not quiet:
        say(f"{output}: the report is there")


def _parse_outputs(values: list[str]) -> dict[str, str]:
    """Return the folders of --outputs by name."""
    named: dict[str, str] = {}
    for value in values:
        name, equals, folder = value.partition("=")
        if not (name and equals and folder):
            raise UsageError(f"--outputs must be NAME=DIR, not {value!r}")
        if name in named:
            raise UsageError(f"--outputs names {name!r} twice: give each folder its own name")
        named[name] = folder
    return named


def _show_plans(evaluators: "list[Evaluator]") -> None:
    """Print the settings and the number of drawings."""
    import dataclasses

    for evaluator in evaluators:
        for key, value in dataclasses.asdict(evaluator.config).items():
            show(f"{key:10} {', '.join(value) if isinstance(value, tuple) else value}")
        show(f"{'drawings':10} {len(evaluator.samples)}")
        show(f"{'methods':10} {', '.join(evaluator.methods)}")


def _run(evaluators: "Sequence[Evaluator]", quiet: bool) -> "list[Evaluation]":
    """Evaluate, with a progress bar if standard error is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    processes = evaluators[0].processes
    hidden = quiet or not console.is_terminal or not processes.is_main
    with Progress(console=console, transient=True, disable=hidden) as bar:
        total = sum(len(evaluator.samples) for evaluator in evaluators)
        task = bar.add_task("evaluating", total=total // processes.count)
        results = [evaluator.run(lambda done: bar.advance(task, done)) for evaluator in evaluators]
    processes.leave()
    return results


def _write_study(path: Path, evaluator: "Evaluator", pictures: int, quiet: bool, overwrite: bool) -> None:
    """Write the page of a user study."""
    from rltn_cli.commands.progress import show_status
    from rltn_cli.engine.evaluation.study_page import make_study

    with show_status("painting the study's pictures", quiet=quiet):
        page = make_study(evaluator, pictures=pictures)
    write_file(path, page.encode(), overwrite=overwrite)
    if not quiet:
        say(f"{path}: open it in a browser, or send it to the participants")


def _tabulate_study(paths: list[Path], as_json: bool) -> None:
    """Print the table of a user study."""
    from rltn_cli.engine.evaluation.study_results import (
        read_answers,
        study_json,
        study_markdown,
        tabulate_study,
    )

    table = tabulate_study(read_answers(paths))
    show_text(study_json(table) if as_json else study_markdown(table))


def _show(results: "Sequence[Evaluation]", as_json: bool) -> None:
    """Print the reports as JSON, as tables on a terminal, or else as Markdown."""
    from rich.console import Console

    from rltn_cli.engine.evaluation.report import paper_markdown, to_json, to_markdown

    if as_json:
        text = to_json(results[0]) if len(results) == 1 else f"[{','.join(map(to_json, results))}]\n"
        show_text(text)
        return
    console = Console()
    if len(results) > 1:
        show_text(paper_markdown(results) + "\n")
    for result in results:
        if console.is_terminal:
            _draw_tables(result, console)
        else:
            show_text(to_markdown(result))


def _draw_tables(result: "Evaluation", console: "Console") -> None:
    """Draw a report's tables on a terminal."""
    from rich.table import Table
    from rich.text import Text

    from rltn_cli.engine.evaluation import report

    tables = {
        f"{report.data_name(result)}: average of the sources (all pictures)": report.summary_table(result),
        "Colour error relative to methods without training": report.ratio_table(result.rows),
        "Colour error by source": report.source_table(result.rows, "color_error"),
        "Region accuracy by source": report.source_table(result.rows, "region_accuracy"),
    }
    for title, (head, body) in tables.items():
        table = Table(title=Text(escape_controls(title)))
        for number, heading in enumerate(head):
            table.add_column(Text(escape_controls(heading)), justify="right" if number else "left")
        for line in body:
            table.add_row(*(Text(escape_controls(cell)) for cell in line))
        console.print(table)
    for text in [f"Note: {warning}." for warning in result.warnings] + report.describe_missing(result):
        console.print(escape_controls(text), highlight=False, markup=False)
