"""`rltn batch`: many drawings, from shell scripts."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rltn_cli import choices
from rltn_cli.commands.event_display import Display, EventLines, Failures, ProgressBar, exit_code, write_event
from rltn_cli.commands.interruption import stop_on_signals
from rltn_cli.commands.messages import show
from rltn_cli.commands.options import (
    DEFAULT_MODEL,
    Device,
    DryRun,
    Format,
    JsonEvents,
    Model,
    Offline,
    OverwriteAll,
    Precision,
    Quiet,
    Recursive,
)
from rltn_cli.commands.painting_options import (
    Alpha,
    DropPencil,
    Extract,
    Finish,
    FixAlike,
    Gap,
    Lines,
    Margins,
    Page,
    PaletteValue,
    Paper,
    ReferenceWeights,
    Size,
    TransparentPaper,
    check_weights,
    hexes_of,
)
from rltn_cli.commands.painting_results import check_transparency
from rltn_cli.engine.batch.events import BatchEvent, BatchSummary, SketchPlanned
from rltn_cli.engine.checkpoints.model_names import find_model
from rltn_cli.errors import UsageError

if TYPE_CHECKING:
    from rltn_cli.engine.batch.session import BatchRequest

Sketches = Annotated[
    list[str],
    typer.Argument(
        metavar="SKETCHES...",
        help="Folders, files, patterns, or a .csv or .jsonl manifest (sketch,reference,output,fixes,"
        "color_palette); - is a list on standard input.",
    ),
]
Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the painted pictures go.")
]
References = Annotated[
    list[Path] | None,
    typer.Option(
        "--ref", "-r", metavar="PICTURE", help="A picture to take the colours from, for all; can be repeated."
    ),
]
ReferenceFolder = Annotated[
    Path | None,
    typer.Option("--ref-dir", metavar="FOLDER", help="References with the names of the sketches."),
]
Match = Annotated[
    choices.ReferenceMatch,
    typer.Option(
        help="Which reference of --ref-dir to use: the one with the sketch's name, or the most similar one."
    ),
]
Null = Annotated[
    bool,
    typer.Option(
        "--null", "-0", help="Names on standard input end in NUL bytes, as find -print0 writes them."
    ),
]
SaveFolder = Annotated[
    Path | None,
    typer.Option("--save", metavar="FOLDER", help="Also save the paintings there, as .rltn."),
]
LayersFolder = Annotated[
    Path | None,
    typer.Option("--layers", metavar="FOLDER", help="Also write the layers of each picture there."),
]
LayersKind = Annotated[
    choices.LayersFormat,
    typer.Option("--layers-format", help="Layers as OpenRaster, Photoshop, or a folder of PNG files each."),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        max=256,
        help="Sketches painted at the same time; by default one more than there are processor cores.",
    ),
]


def batch(
    sketches: Sketches,
    output: Output,
    ref: References = None,
    ref_weight: ReferenceWeights = None,
    ref_dir: ReferenceFolder = None,
    match: Match = "name",
    recursive: Recursive = False,
    null: Null = False,
    format: Format = "png",  # noqa: A002 (the option's name)
    overwrite: OverwriteAll = False,
    model: Model = DEFAULT_MODEL,
    page: Page = 1,
    extract: Extract = False,
    paper: Paper = "auto",
    drop_pencil: DropPencil = None,
    margins: Margins = "auto",
    alpha: Alpha = "auto",
    size: Size = 256,
    lines: Lines = "keep",
    finish: Finish = "auto",
    gap: Gap = None,
    palette: PaletteValue = None,
    fix_alike: FixAlike = False,
    transparent_paper: TransparentPaper = False,
    save: SaveFolder = None,
    layers: LayersFolder = None,
    layers_format: LayersKind = "ora",
    device: Device = "auto",
    precision: Precision = "auto",
    jobs: Jobs = None,
    as_json: JsonEvents = False,
    quiet: Quiet = False,
    dry_run: DryRun = False,
    offline: Offline = False,
) -> int:
    """Paint many line drawings; finished ones are skipped, so an interrupted batch can go on."""
    _check_references(ref, ref_dir, match)
    check_weights(ref_weight, ref)
    check_transparency(transparent_paper, f"results.{format}")
    folder = find_model(model, offline=offline)
    from rltn_cli.engine.batch.plan import Guide
    from rltn_cli.engine.batch.run import Options
    from rltn_cli.engine.batch.session import BatchRequest

    guide = Guide(tuple(ref or ()), ref_dir, match == "auto", tuple(ref_weight) if ref_weight else None)
    options = Options(
        alpha, paper, drop_pencil, margins, page, extract, size, finish, lines, gap, hexes_of(palette),
        fix_alike, transparent_paper,
    )  # fmt: skip
    request = BatchRequest(
        tuple(sketches), output, guide, folder, options, format, recursive, null, overwrite, device, jobs,
        save, layers, layers_format, precision,
    )  # fmt: skip
    if dry_run:
        _show_plan(request, as_json)
        return 0
    return _run(request, EventLines() if as_json else Failures() if quiet else ProgressBar())


def _check_references(
    references: list[Path] | None, folder: Path | None, match: choices.ReferenceMatch
) -> None:
    """Refuse options that contradict each other about where the colours come from."""
    if references and folder:
        raise UsageError("--ref and --ref-dir cannot both say where the colours come from: pass one")
    if match == "auto" and not folder:
        raise UsageError("--match auto chooses from a folder: pass --ref-dir")


def _run(request: "BatchRequest", display: Display[BatchEvent]) -> int:
    """Run a batch, show its events and return the exit code."""
    from rltn_cli.engine.batch.session import paint_all

    summary: BatchSummary | None = None
    with stop_on_signals("the pictures at work") as stop, display:
        for event in paint_all(request, stop):
            display.show(event)
            if event["event"] == "summary":
                summary = event
    return 0 if summary is None else exit_code(summary)  # without one, another process reports


def _show_plan(request: "BatchRequest", as_json: bool) -> None:
    """Write to standard output which sketches would be painted from which references."""
    for task in request.plan():
        names = [str(path) for path in task.references]
        if as_json:
            event: SketchPlanned = {
                "event": "planned",
                "sketch": str(task.sketch),
                "output": str(task.output),
                "references": names,
                "choose": task.choose,
            }
            if task.problem:
                event["problem"] = task.problem
            write_event(event)
        else:
            with_what = task.problem or (f"the best of {len(names)}" if task.choose else ", ".join(names))
            show(f"{task.sketch} -> {task.output}  ({with_what})")
