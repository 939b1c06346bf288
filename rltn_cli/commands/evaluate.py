"""`rltn evaluate`: figures of models, and of ways to paint without one, on a folder of pairs."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rltn_cli.commands.options import (
    DEFAULT_MODEL,
    Device,
    DryRun,
    Json,
    Offline,
    Overwrite,
    Quiet,
    complete_model,
)
from rltn_cli.errors import OutputError, UsageError

if TYPE_CHECKING:
    from rltn_cli.engine.evaluator import Evaluation, Evaluator

RESULT = "report.json"


def evaluate(
    data: Annotated[
        Path, typer.Argument(help="Folder of pairs: color/NAME.*, optional line/NAME.* and index.csv.")
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            metavar="NAME",
            help=f"A shipped name, a folder, a .safetensors file, or org/repo[@revision] on the Hub; can be "
            f"repeated. Without --model and --outputs: {DEFAULT_MODEL}.",
            autocompletion=complete_model,
        ),
    ] = None,
    outputs: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=DIR", help="Pictures DIR/ID.* made by another program; can be repeated."),
    ] = None,
    protocol: Annotated[
        Literal["nearest", "group", "self"],
        typer.Option(
            help="The reference: the most similar other picture, another one of the same group and palette, "
            "or the deformed truth."
        ),
    ] = "nearest",
    split: Annotated[str, typer.Option(help="Split of index.csv to evaluate on.")] = "val",
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most so many drawings, evenly from the sources.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out FID, KID, FD-VGG16 and LPIPS, which need networks.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Folder for report.html, .md and .json and a contact sheet a model."
        ),
    ] = None,
    frozen: Annotated[
        Path | None,
        typer.Option(help="Folder of the frozen VGG16 and AlexNet; otherwise what RLTN_FROZEN names."),
    ] = None,
    inception: Annotated[Path | None, typer.Option(help="File of FID's Inception weights.")] = None,
    finish: Annotated[
        Literal["paint", "flat", "raw"], typer.Option(help="How models finish, as in rltn colorize.")
    ] = "paint",
    seed: Annotated[int, typer.Option(help="Of the choice of references and drawings.")] = 0,
    batch: Annotated[int, typer.Option(min=1, help="Drawings read and judged at once.")] = 8,
    device: Device = "auto",
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
    dry_run: DryRun = False,
    offline: Offline = False,
) -> None:
    """Paint a split's drawings by every model, and without one, and compare with the true pictures."""
    if output and (output / RESULT).exists() and not overwrite:
        raise OutputError(f"{output / RESULT} exists already: choose another folder, or add --overwrite")
    named = _named(outputs or [])

    from rltn_cli.engine.evaluator import EvaluationConfig, Evaluator

    config = EvaluationConfig(
        data=str(data),
        models=tuple(model or ([] if named else [DEFAULT_MODEL])),
        outputs=named,
        protocol=protocol,
        split=split,
        limit=limit,
        seed=seed,
        batch=batch,
        device=device,
        finish=finish,
        quick=quick,
        frozen=str(frozen) if frozen else None,
        inception=str(inception) if inception else None,
    )
    evaluator = Evaluator(config, offline=offline)
    if dry_run:
        _show_plan(evaluator)
        return
    result = _run(evaluator, quiet)
    if not evaluator.processes.is_main:
        return
    if output:
        _write(output, evaluator, result, overwrite)
    if as_json:
        from rltn_cli.engine.report import to_json

        typer.echo(to_json(result), nl=False)
    elif not quiet:
        _show(result)


def _named(values: list[str]) -> dict[str, str]:
    """Return the folders of --outputs by their names."""
    named: dict[str, str] = {}
    for value in values:
        name, equals, folder = value.partition("=")
        if not (name and equals and folder):
            raise UsageError(f"--outputs must be NAME=DIR, not {value!r}")
        if name in named:
            raise UsageError(f"--outputs names {name!r} twice: give each folder a name of its own")
        named[name] = folder
    return named


def _show_plan(evaluator: "Evaluator") -> None:
    """Print the settings and how many drawings there are."""
    import dataclasses

    for key, value in dataclasses.asdict(evaluator.config).items():
        typer.echo(f"{key:10} {', '.join(value) if isinstance(value, tuple) else value}")
    typer.echo(f"{'drawings':10} {len(evaluator.trials)}")
    typer.echo(f"{'methods':10} {', '.join(evaluator.painters)}")


def _run(evaluator: "Evaluator", quiet: bool) -> "Evaluation":
    """Evaluate, with a progress bar on standard error where that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    hidden = quiet or not console.is_terminal or not evaluator.processes.is_main
    with Progress(console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task("evaluating", total=len(evaluator.trials) // evaluator.processes.count)
        result = evaluator.run(lambda done: bar.advance(task, done))
    evaluator.processes.leave()
    return result


def _write(folder: Path, evaluator: "Evaluator", result: "Evaluation", overwrite: bool) -> None:
    """Write the report, and a contact sheet for each model and folder of outputs."""
    from rltn_cli.encoding import write_file, write_picture
    from rltn_cli.engine.contact_sheet import draw_sheet
    from rltn_cli.engine.gallery import show
    from rltn_cli.engine.report import to_json, to_markdown
    from rltn_cli.engine.report_page import to_html

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: the folder cannot be made ({error.strerror})") from error
    write_file(folder / RESULT, to_json(result).encode(), overwrite=overwrite)
    write_file(folder / "report.md", to_markdown(result).encode(), overwrite=overwrite)
    galleries = {name: show(result, name, painter) for name, painter in evaluator.painters.items()}
    write_file(folder / "report.html", to_html(result, galleries).encode(), overwrite=overwrite)
    for number, row in enumerate(result.rows, start=1):
        if row.kind != "untrained":
            label = re.sub(r"[^\w.-]+", "-", row.name).strip("-.")
            sheet = draw_sheet(galleries[row.name])
            write_picture(folder / f"sheet-{number}-{label}.png", sheet, overwrite=overwrite)


def _show(result: "Evaluation") -> None:
    """Print the tables: drawn on a terminal, else as Markdown."""
    from rich.console import Console
    from rich.table import Table

    from rltn_cli.engine import report

    console = Console()
    if not console.is_terminal:
        typer.echo(report.to_markdown(result), nl=False)
        return
    tables = {
        "Average of the sources (all pictures)": report.summary_table(result),
        "Colour error over that without training": report.ratio_table(result.rows),
        "Colour error by source": report.source_table(result.rows, "color_error"),
        "Region accuracy by source": report.source_table(result.rows, "region_accuracy"),
    }
    for title, (head, body) in tables.items():
        table = Table(title=title)
        for number, heading in enumerate(head):
            table.add_column(heading, justify="right" if number else "left")
        for line in body:
            table.add_row(*line)
        console.print(table)
    for text in result.warnings:
        console.print(f"Note: {text}.")
