"""`rltn touch-up`: a page on the artist's own machine, where wrong regions are corrected by clicking."""

from pathlib import Path
from typing import Annotated

import typer

from rltn_cli.commands.finish_saved import refuse_options
from rltn_cli.commands.messages import say, show
from rltn_cli.commands.options import DEFAULT_MODEL, Device, Model, Offline, Quiet
from rltn_cli.commands.painting_options import Size
from rltn_cli.commands.progress import Waiting, show_status
from rltn_cli.engine.checkpoints.header import read_model_files
from rltn_cli.engine.checkpoints.model_names import find_model
from rltn_cli.errors import UsageError
from rltn_cli.imaging.files.formats import PAINTING_SUFFIX
from rltn_cli.model_config import ModelConfig
from rltn_cli.optional_packages import library

Work = Annotated[
    Path,
    typer.Argument(
        metavar="PAINTING|FOLDER|SKETCH",
        help="A painting that --save wrote, a folder of them, or a drawing, with --ref.",
    ),
]
References = Annotated[
    list[str] | None,
    typer.Option(
        "--ref", "-r", metavar="PICTURE",
        help="Paint the drawing in the colours of this picture first; can be given several times.",
    ),
]  # fmt: skip
Save = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.rltn",
        help="Where a drawing is saved when it is painted.",
        show_default="next to the drawing, under its name",
    ),
]
Port = Annotated[
    int, typer.Option(min=0, max=65535, help="Port of the page on this machine; 0 chooses a free one.")
]
NoOpen = Annotated[bool, typer.Option("--no-open", help="Print the page's address, but open no browser.")]


def touch_up(
    context: typer.Context,
    work: Work,
    ref: References = None,
    save: Save = None,
    model: Model = DEFAULT_MODEL,
    size: Size = 256,
    port: Port = 0,
    no_open: NoOpen = False,
    device: Device = "auto",
    quiet: Quiet = False,
    offline: Offline = False,
) -> None:
    """Correct a painting by clicking, on a page in your browser.

    The page is served to this machine alone, at an address that is printed. It ends with Ctrl-C or Done.
    """
    for package in ("starlette", "uvicorn"):
        library(package, extra="page")
    if work.suffix.lower() == PAINTING_SUFFIX or work.is_dir():
        refuse_options(context, work, ("ref", "save", "model", "size", "device"))
        painting = work
    else:
        painting = _paint(work, ref, save, find_model(model, offline=offline), size, device, quiet)
    from rltn_cli.touch_up import serving

    serving.touch_up(painting, port=port, open_browser=not no_open, tell=show)


def _paint(
    sketch: Path,
    references: list[str] | None,
    save: Path | None,
    folder: Path,
    size: int,
    device: str,
    quiet: bool,
) -> Path:
    """Paint a drawing, and return where it was saved."""
    from rltn_cli.imaging.files.pictures import read_picture
    from rltn_cli.painting.finish import no_correspondence
    from rltn_cli.painting.saved import check_saving

    if not references:
        raise UsageError(
            f"{sketch} is not a {PAINTING_SUFFIX} file: to paint it first, name a picture with --ref"
        )
    path = save or sketch.with_suffix(PAINTING_SUFFIX)
    if save is None and path.exists():
        raise UsageError(f"{path} exists already: touch it up, or name another file with --save")
    check_saving(path)
    config = read_model_files(folder).config
    if not isinstance(config, ModelConfig):
        raise no_correspondence(config.network, "a painting to touch up")
    drawing, pictures = read_picture(sketch), [read_picture(name) for name in references]
    with show_status("loading the model", quiet=quiet):
        from rltn_cli.engine.inference.colorizer import Colorizer

        colorizer = Colorizer.from_pretrained(folder, device=device)
    with Waiting("painting", quiet=quiet) as waiting:
        colorizer(drawing, pictures, size=size, foresee=waiting.expect).save_painting(path)
    if not quiet:
        say(f"saved as {path}")
    return path
