"""`rltn colorize`: one drawing, one or several references, one painted picture."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rltn_cli import choices
from rltn_cli.commands.messages import say, show, show_text
from rltn_cli.commands.options import (
    DEFAULT_MODEL,
    Device,
    DryRun,
    Json,
    Model,
    Offline,
    Overwrite,
    Quiet,
    check_pencil,
)
from rltn_cli.commands.progress import Waiting, working
from rltn_cli.commands.streams import check_standard_output
from rltn_cli.engine.checkpoints.header import read_model_files
from rltn_cli.engine.checkpoints.hub_client import commit_of
from rltn_cli.engine.checkpoints.model_names import find_model
from rltn_cli.errors import UsageError
from rltn_cli.imaging.formats import STANDARD_STREAM, format_of_output
from rltn_cli.sizes import GAP_MAXIMUM, SIDE_MAXIMUM, SIDE_MINIMUM

if TYPE_CHECKING:
    from rltn_cli.engine.inference.colorization import Colorization
    from rltn_cli.imaging.pictures import Picture

Sketch = Annotated[str, typer.Argument(metavar="SKETCH", help="The line drawing; - for standard input.")]
References = Annotated[
    list[str],
    typer.Option(
        "--ref",
        "-r",
        metavar="PICTURE",
        help="A picture to take the colours from; can be given several times.",
    ),
]
Output = Annotated[
    str,
    typer.Option(
        "--output", "-o", metavar="PICTURE", help="The painted picture; - for standard output, as PNG."
    ),
]
Size = Annotated[
    int,
    typer.Option(
        min=SIDE_MINIMUM, max=SIDE_MAXIMUM, help="Shorter side in pixels that the network works at."
    ),
]
Finish = Annotated[choices.Finish, typer.Option(help=f"How to finish: {choices.describe(choices.FINISHES)}.")]
Gap = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=GAP_MAXIMUM,
        help="Widest gap in a line that bounds a flat, in pixels of the drawing.",
        show_default="1.2 % of the shorter side",
    ),
]
PaletteValue = Annotated[
    str | None,
    typer.Option(
        "--palette",
        metavar="FILE|HEX,HEX",
        help="The only colours of flats: a GIMP palette file, or hex values with commas.",
        show_default="the references' own",
    ),
]
Lines = Annotated[
    choices.Lines,
    typer.Option(help="Keep the artist's lines on top, or let the network draw them."),
]
Alpha = Annotated[
    choices.AlphaMode,
    typer.Option(help="Transparency of the drawing: as it was meant, kept, or dropped."),
]
Paper = Annotated[
    choices.PaperMode,
    typer.Option(help="Level paper that is not white, with its shadows, or keep it as it is."),
]
DropPencil = Annotated[
    str | None,
    typer.Option(
        metavar="blue|red|#rrggbb",
        help="Leave out pencil of this colour under the ink.",
        callback=check_pencil,
    ),
]
Margins = Annotated[
    choices.MarginMode,
    typer.Option(help="Leave wide blank margins out of what the network sees, or keep them."),
]
Page = Annotated[
    int, typer.Option(min=1, metavar="N", help="Page or frame of the sketch's file, where it has several.")
]
Extract = Annotated[
    bool, typer.Option("--extract", help="The sketch is a colour picture or a photo: draw its lines first.")
]
Explain = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER", help="Also write the warped reference, the confidence and the matches there."
    ),
]


_PAINTING = (
    "size", "finish", "lines", "alpha", "gap", "paper", "drop_pencil", "margins", "page", "extract",
)  # fmt: skip
"""Settings that the Colorizer takes."""


def colorize(
    sketch: Sketch,
    ref: References,
    output: Output,
    model: Model = DEFAULT_MODEL,
    size: Size = 256,
    finish: Finish = "auto",
    gap: Gap = None,
    palette: PaletteValue = None,
    lines: Lines = "keep",
    alpha: Alpha = "auto",
    paper: Paper = "auto",
    drop_pencil: DropPencil = None,
    margins: Margins = "auto",
    page: Page = 1,
    extract: Extract = False,
    explain: Explain = None,
    device: Device = "auto",
    as_json: Json = False,
    quiet: Quiet = False,
    dry_run: DryRun = False,
    overwrite: Overwrite = False,
    offline: Offline = False,
) -> None:
    """Paint a line drawing in the colours of reference pictures."""
    _check_streams(sketch, ref, output, as_json)
    _check_outputs(sketch, ref, output, explain, overwrite)
    folder = find_model(model, offline=offline)
    settings: dict[str, Any] = {
        "sketch": sketch,
        "references": ref,
        "output": output,
        "model": model,
        "model_path": str(read_model_files(folder).weights),
        "model_revision": commit_of(folder),
        "size": size,
        "finish": finish,
        "gap": gap,
        "palette": hexes_of(palette),
        "lines": lines,
        "alpha": alpha,
        "paper": paper,
        "drop_pencil": drop_pencil,
        "margins": margins,
        "page": page,
        "extract": extract,
        "explain": str(explain) if explain else None,
        "device": device,
    }
    if dry_run:
        _read(settings, streams=False)
        _show(settings, as_json)
        return
    started = time.monotonic()
    result, used = _paint(settings, folder, quiet)
    with working("writing", quiet=quiet):
        _write(result, output, explain, overwrite)
    _report(settings | {"device": used}, result, time.monotonic() - started, as_json, quiet)


def _report(
    settings: dict[str, Any], result: "Colorization", seconds: float, as_json: bool, quiet: bool
) -> None:
    """Print what was painted, and in how many seconds."""
    height, width = result.image.shape[:2]
    if as_json:
        outcome = {"width": width, "height": height, "seconds": round(seconds, 2)}
        _show(settings | outcome | {"notices": list(result.notices)}, as_json)
    elif not quiet and settings["output"] != STANDARD_STREAM:
        say(f"{settings['output']}, {width}x{height}, in {seconds:.1f} s")


def hexes_of(palette: str | None) -> str | None:
    """Return a palette that was named as hex values with commas.

    Raises:
        UsageError: it cannot be read.
    """
    if palette is None:
        return None
    from rltn_cli.imaging.palette_files import load_palette

    return ",".join(load_palette(palette).hexes)


def _check_streams(sketch: str, references: list[str], output: str, as_json: bool) -> None:
    """Refuse to use a standard stream twice, or to write a picture to a terminal."""
    if [sketch, *references].count(STANDARD_STREAM) > 1:
        raise UsageError("standard input can hold only one picture: name - once")
    check_standard_output(output, as_json)


def _check_outputs(
    sketch: str, references: list[str], output: str, explain: Path | None, overwrite: bool
) -> None:
    """Refuse outputs that cannot be written, and one that is also an input."""
    from rltn_cli.engine.inference.explanation import check_explanation
    from rltn_cli.imaging.encoding import check_output

    target = Path(output)
    inputs = [Path(name) for name in (sketch, *references) if name != STANDARD_STREAM]
    if target.exists() and any(path.exists() and target.samefile(path) for path in inputs):
        raise UsageError(f"{output} is also an input: choose another name")
    check_output(output, overwrite)
    if explain:
        check_explanation(explain, overwrite)


def _read(settings: dict[str, Any], *, streams: bool = True) -> "tuple[Picture | None, list[Picture]]":
    """Read the drawing and the references; without `streams` not what comes from standard input."""
    from rltn_cli.imaging.encoding import check_size
    from rltn_cli.imaging.pictures import read_picture

    sketch = None
    if streams or settings["sketch"] != STANDARD_STREAM:
        sketch = read_picture(settings["sketch"], page=settings["page"])
        check_size(sketch.size, format_of_output(settings["output"]), settings["output"])
    references = [read_picture(name) for name in settings["references"] if streams or name != STANDARD_STREAM]
    return sketch, references


def _paint(settings: dict[str, Any], folder: Path, quiet: bool) -> tuple["Colorization", str]:
    """Read the pictures, load the model and paint; also return the device used."""
    from rltn_cli.imaging.palette_files import load_palette

    with working("reading the pictures", quiet=quiet):
        sketch, references = _read(settings)
        assert sketch is not None
    with working("loading the model", quiet=quiet):
        from rltn_cli.engine.inference.colorizer import Colorizer

        colorizer = Colorizer.from_pretrained(folder, device=settings["device"])
    with Waiting("painting", quiet=quiet) as waiting:
        options = {name: settings[name] for name in _PAINTING}
        palette = load_palette(settings["palette"]) if settings["palette"] else None
        result = colorizer(sketch, references, palette=palette, **options, foresee=waiting.expect)
        return result, str(colorizer.device)


def _write(result: "Colorization", output: str, explain: Path | None, overwrite: bool) -> None:
    """Write the picture, and the explanation if one was requested."""
    from rltn_cli.engine.inference.explanation import write_explanation

    result.save(output, overwrite=overwrite)
    if explain:
        write_explanation(result, explain, overwrite=overwrite)


def _show(values: dict[str, Any], as_json: bool) -> None:
    """Print values to standard output."""
    if as_json:
        show_text(json.dumps(values, indent=2) + "\n")
        return
    for name, value in values.items():
        show(f"{name:10}  {', '.join(value) if isinstance(value, list) else value}")
