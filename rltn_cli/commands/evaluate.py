"""`rltn evaluate`: figures of models, and of ways to paint without one, on a folder of pairs."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from rltn_cli import __version__
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
    from rltn_cli.engine.evaluator import Evaluation
    from rltn_cli.engine.painters import Painter
    from rltn_cli.engine.report import Row


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
            help="A shipped name, a folder, a .safetensors file, or org/repo[@revision]; can be repeated.",
            autocompletion=complete_model,
        ),
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
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for report.json, report.md and a contact sheet a model."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the choice of references and drawings.")] = 0,
    batch: Annotated[int, typer.Option(min=1, help="Drawings painted at once.")] = 8,
    device: Device = "auto",
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
    dry_run: DryRun = False,
    offline: Offline = False,
) -> None:
    """Paint a split's drawings by every model, and without one, and compare with the true pictures."""
    names = model or [DEFAULT_MODEL]
    if len(set(names)) < len(names):
        raise UsageError("a model is named twice: name each once")
    if output and (output / "report.json").exists() and not overwrite:
        raise OutputError(f"{output}/report.json exists already: choose another folder, or add --overwrite")

    from rltn_cli.data.pairs import read_pairs
    from rltn_cli.engine import evaluator, report
    from rltn_cli.engine.baselines import BASELINES

    trials = evaluator.plan(read_pairs(data), protocol, split=split, limit=limit, seed=seed)
    settings = {
        "rltn": __version__,
        "data": str(data),
        "models": names,
        "protocol": protocol,
        "split": split,
        "limit": limit,
        "seed": seed,
        "size": evaluator.SIZE,
        "pictures": len(trials),
    }
    painters = {name: _load(name, device, offline) for name in names} | dict(BASELINES)
    if dry_run:
        for key, value in settings.items():
            typer.echo(f"{key:10} {value}")
        return
    with _progress(quiet) as bar:
        task = bar.add_task("evaluating", total=len(trials))
        result = evaluator.evaluate(
            trials, painters, batch=batch, progress=lambda done: bar.advance(task, done)
        )
    rows = report.tabulate(result, list(BASELINES))
    if output:
        _write(output, result, rows, settings, {name: painters[name] for name in names}, overwrite)
    if as_json:
        typer.echo(report.to_json(result, rows, settings), nl=False)
    elif not quiet:
        _show(rows, settings)


def _load(name: str, device: str, offline: bool) -> "Painter":
    """Return the method that paints by a model."""
    import torch

    from rltn_cli.engine.checkpoint import find_model, load_model
    from rltn_cli.engine.painters import network_painter

    place = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device)
    return network_painter(load_model(find_model(name, offline=offline), device=place), place)


def _progress(quiet: bool) -> Progress:
    """Return a progress bar on standard error, seen only on a terminal."""
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=quiet or not console.is_terminal)


def _write(
    folder: Path,
    result: "Evaluation",
    rows: Sequence["Row"],
    settings: Mapping[str, Any],
    painters: Mapping[str, "Painter"],
    overwrite: bool,
) -> None:
    """Write report.json, report.md and a contact sheet for each model."""
    from rltn_cli.encoding import write_file, write_picture
    from rltn_cli.engine import report
    from rltn_cli.engine.contact_sheet import draw_sheet

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: the folder cannot be made ({error.strerror})") from error
    write_file(folder / "report.json", report.to_json(result, rows, settings).encode(), overwrite=overwrite)
    write_file(folder / "report.md", report.to_markdown(rows, settings).encode(), overwrite=overwrite)
    for number, (name, painter) in enumerate(painters.items(), start=1):
        label = re.sub(r"[^\w.-]+", "-", name).strip("-.")
        sheet = draw_sheet(result, name, painter)
        write_picture(folder / f"sheet-{number}-{label}.png", sheet, overwrite=overwrite)


def _show(rows: Sequence["Row"], settings: Mapping[str, Any]) -> None:
    """Print the tables: drawn on a terminal, else as Markdown."""
    from rltn_cli.engine import report

    console = Console()
    if not console.is_terminal:
        typer.echo(report.to_markdown(rows, settings), nl=False)
        return
    titles = ("all figures", "colour error against no training", "colour error (region accuracy) by source")
    tables = (report.summary_table(rows), report.ratio_table(rows), report.source_table(rows))
    for title, (head, body) in zip(titles, tables, strict=True):
        table = Table(title=title)
        for number, heading in enumerate(head):
            table.add_column(heading, justify="right" if number else "left")
        for line in body:
            table.add_row(*line)
        console.print(table)
