"""`rltn colorize`: one drawing, one or several references, one painted picture."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rltn_cli.commands.finish_saved import finish_saved
from rltn_cli.commands.options import (
    DEFAULT_MODEL,
    Device,
    DryRun,
    Json,
    Model,
    Offline,
    Overwrite,
    Precision,
    Quiet,
)
from rltn_cli.commands.painting_options import (
    Alpha,
    DropPencil,
    Extract,
    Finish,
    FixAlike,
    FixFile,
    FixValues,
    Gap,
    Layers,
    Lines,
    Margins,
    Page,
    PaletteValue,
    Paper,
    ReferenceWeights,
    Save,
    Size,
    TransparentPaper,
    check_weights,
    fixes_of,
    hexes_of,
)
from rltn_cli.commands.painting_results import Results, check_transparency, report, show_settings
from rltn_cli.commands.progress import Waiting, show_status
from rltn_cli.engine.checkpoints.header import read_model_files
from rltn_cli.engine.checkpoints.hub_client import commit_of
from rltn_cli.engine.checkpoints.model_names import find_model
from rltn_cli.errors import UsageError
from rltn_cli.imaging.files.formats import PAINTING_SUFFIX, STANDARD_STREAM
from rltn_cli.model_config import ModelConfig

if TYPE_CHECKING:
    from rltn_cli.engine.inference.colorization import Colorization
    from rltn_cli.imaging.files.pictures import Picture

Sketch = Annotated[
    str,
    typer.Argument(
        metavar="SKETCH", help="The line drawing; - for standard input. Or a painting that --save wrote."
    ),
]
References = Annotated[
    list[str] | None,
    typer.Option(
        "--ref",
        "-r",
        metavar="PICTURE",
        help="A picture to take the colours from; can be given several times.",
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="PICTURE",
        help="The painted picture; - for standard output, as PNG. May be left out with --save, --layers or "
        "--explain.",
    ),
]
Explain = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Also write there where the colours came from: numbered regions, regions.json, the warped "
        "reference, the confidence and the matches.",
    ),
]

_PAINTING = (
    "ref_weights", "size", "finish", "lines", "alpha", "gap", "paper", "drop_pencil", "margins", "page",
    "extract", "fix_alike", "transparent_paper",
)  # fmt: skip
"""Settings that the Colorizer takes as they are."""


def colorize(
    context: typer.Context,
    sketch: Sketch,
    output: Output = None,
    ref: References = None,
    ref_weight: ReferenceWeights = None,
    model: Model = DEFAULT_MODEL,
    size: Size = 256,
    finish: Finish = "auto",
    gap: Gap = None,
    palette: PaletteValue = None,
    fix: FixValues = None,
    fixes: FixFile = None,
    fix_alike: FixAlike = False,
    lines: Lines = "keep",
    alpha: Alpha = "auto",
    paper: Paper = "auto",
    drop_pencil: DropPencil = None,
    margins: Margins = "auto",
    transparent_paper: TransparentPaper = False,
    page: Page = 1,
    extract: Extract = False,
    layers: Layers = None,
    save: Save = None,
    explain: Explain = None,
    device: Device = "auto",
    precision: Precision = "auto",
    as_json: Json = False,
    quiet: Quiet = False,
    dry_run: DryRun = False,
    overwrite: Overwrite = False,
    offline: Offline = False,
) -> None:
    """Paint a line drawing in the colours of reference pictures."""
    results = Results(output, layers, save, explain, overwrite)
    results.check([name for name in (sketch, *(ref or ())) if name != STANDARD_STREAM], as_json)
    asked = {
        "finish": finish, "gap": gap, "palette": hexes_of(palette),
        "fixes": [str(one) for one in fixes_of(fix, fixes)], "fix_alike": fix_alike, "lines": lines,
        "transparent_paper": transparent_paper,
    }  # fmt: skip
    check_transparency(transparent_paper, output)
    if Path(sketch).suffix.lower() == PAINTING_SUFFIX:
        finish_saved(context, Path(sketch), asked, results, as_json=as_json, quiet=quiet, dry_run=dry_run)
        return
    _check_references(sketch, ref)
    check_weights(ref_weight, ref)
    folder = find_model(model, offline=offline)
    files = read_model_files(folder)
    if not isinstance(files.config, ModelConfig):
        results.check_correspondence(files.config.network)
    settings: dict[str, Any] = {
        "sketch": sketch, "references": ref, "ref_weights": ref_weight, **results.settings, "model": model,
        "model_path": str(files.weights), "model_revision": commit_of(folder),
        "size": size, **asked, "alpha": alpha, "paper": paper, "drop_pencil": drop_pencil,
        "margins": margins, "page": page, "extract": extract, "device": device, "precision": precision,
    }  # fmt: skip
    _paint_and_write(settings, results, folder, as_json=as_json, quiet=quiet, dry_run=dry_run)


def _paint_and_write(
    settings: dict[str, Any], results: Results, folder: Path, *, as_json: bool, quiet: bool, dry_run: bool
) -> None:
    """Paint with the model in a folder, write the results and say so; in a dry run, only check and show."""
    if dry_run:
        _read(settings, results, streams=False)
        show_settings(settings, as_json)
        return
    started = time.monotonic()
    result, used = _paint(settings, results, folder, quiet)
    with show_status("writing", quiet=quiet):
        results.write(result.finished, lambda: result.painting)
    seconds = time.monotonic() - started
    report(settings | used, results, result.finished, result.notices, seconds, as_json=as_json, quiet=quiet)


def _check_references(sketch: str, references: list[str] | None) -> None:
    """Refuse to paint without a reference, or to use standard input twice."""
    if not references:
        raise UsageError("no reference: name a picture whose colours to use with --ref")
    if [sketch, *references].count(STANDARD_STREAM) > 1:
        raise UsageError("standard input can hold only one picture: name - once")


def _read(
    settings: dict[str, Any], results: Results, *, streams: bool = True
) -> "tuple[Picture | None, list[Picture]]":
    """Read the drawing and the references; without `streams` not what comes from standard input."""
    from rltn_cli.imaging.files.pictures import read_picture

    sketch = None
    if streams or settings["sketch"] != STANDARD_STREAM:
        sketch = read_picture(settings["sketch"], page=settings["page"])
        results.check_size(sketch.size)
    references = [read_picture(name) for name in settings["references"] if streams or name != STANDARD_STREAM]
    return sketch, references


def _paint(
    settings: dict[str, Any], results: Results, folder: Path, quiet: bool
) -> tuple["Colorization", dict[str, str]]:
    """Read the pictures, load the model and paint; also return the device and the precision used."""
    from rltn_cli.imaging.colors.palette_files import load_palette
    from rltn_cli.painting.fixes import parse_fixes

    with show_status("reading the pictures", quiet=quiet):
        sketch, references = _read(settings, results)
        assert sketch is not None
    with show_status("loading the model", quiet=quiet):
        from rltn_cli.engine.inference.colorizer import Colorizer

        colorizer = Colorizer.from_pretrained(
            folder, device=settings["device"], precision=settings["precision"]
        )
    with Waiting("painting", quiet=quiet) as waiting:
        options = {name: settings[name] for name in _PAINTING}
        palette = load_palette(settings["palette"]) if settings["palette"] else None
        fixes = parse_fixes(settings["fixes"])
        result = colorizer(
            sketch, references, palette=palette, fixes=fixes, **options, foresee=waiting.expect
        )
        return result, {"device": str(colorizer.device), "precision": colorizer.precision}
