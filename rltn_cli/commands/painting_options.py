"""Options of the commands that paint."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rltn_cli import choices
from rltn_cli.commands.options import check_pencil
from rltn_cli.errors import UsageError
from rltn_cli.sizes import GAP_MAXIMUM, SIDE_MAXIMUM, SIDE_MINIMUM, WEIGHT_LEAST, WEIGHT_MOST

if TYPE_CHECKING:
    from rltn_cli.painting.fixes import Fix

ReferenceWeights = Annotated[
    list[float] | None,
    typer.Option(
        "--ref-weight",
        metavar="NUMBER",
        min=WEIGHT_LEAST,
        max=WEIGHT_MOST,
        help="How likely a reference is to be matched, 1 if left out; one for each --ref, in order.",
    ),
]
Size = Annotated[
    int,
    typer.Option(
        min=SIDE_MINIMUM, max=SIDE_MAXIMUM, help="Shorter side, in pixels, of what the network sees."
    ),
]
Finish = Annotated[choices.Finish, typer.Option(help=f"How to finish: {choices.describe(choices.FINISHES)}.")]
Gap = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=GAP_MAXIMUM,
        help="Widest gap in a line that is always closed, in pixels of the drawing; gaps up to six times as "
        "wide are closed where the network sees different colours on both sides.",
        show_default="1.2 % of the shorter side",
    ),
]
PaletteValue = Annotated[
    str | None,
    typer.Option(
        "--palette",
        metavar="FILE|HEX,HEX",
        help="The only colours that flats may have: a .gpl, .ase, .aco or .kpl file, or "
        "hex values separated by commas.",
        show_default="the references' own",
    ),
]
Lines = Annotated[
    choices.Lines,
    typer.Option(help="Keep the artist's lines on top, let the network draw them, or have colours only."),
]
Alpha = Annotated[
    choices.AlphaMode,
    typer.Option(help="Transparency of the drawing: as it was probably meant, kept, or dropped."),
]
Paper = Annotated[
    choices.PaperMode,
    typer.Option(help="Turn paper that is not white, and its shadows, white; or keep it as it is."),
]
DropPencil = Annotated[
    str | None,
    typer.Option(
        metavar="blue|red|#rrggbb",
        help="Remove pencil of this colour from under the ink.",
        callback=check_pencil,
    ),
]
Margins = Annotated[
    choices.MarginMode,
    typer.Option(help="Leave wide blank margins out of what the network sees, or keep them."),
]
Page = Annotated[
    int, typer.Option(min=1, metavar="N", help="Page or frame to read if the sketch's file has several.")
]
Extract = Annotated[
    bool, typer.Option("--extract", help="The sketch is a colour picture or a photo: draw its lines first.")
]
FixValues = Annotated[
    list[str] | None,
    typer.Option(
        "--fix",
        metavar="X,Y=HEX|X,Y=@N",
        help="Give the region under this pixel a colour, or colour N of the palette; can be repeated.",
    ),
]
FixFile = Annotated[
    Path | None,
    typer.Option("--fixes", metavar="FILE.csv|FILE.json", help="The same from a file: x, y and color."),
]
FixAlike = Annotated[
    bool,
    typer.Option(
        "--fix-alike", help="Also fix the regions that would have had the same colour as a fixed one."
    ),
]
TransparentPaper = Annotated[
    bool,
    typer.Option(
        "--transparent-paper", help="Make white regions at the picture's edge transparent; lines stay."
    ),
]
Layers = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.ora|FILE.psd|FOLDER",
        help="Also write the layers: lines, paint, flats with their shading, and the warped reference.",
    ),
]
Save = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.rltn",
        help="Save the painting, to finish and fix it again without the network; -o may then be left out.",
    ),
]


def hexes_of(palette: str | None) -> str | None:
    """Return a palette that was named as hex values with commas.

    Raises:
        UsageError: it cannot be read.
    """
    if palette is None:
        return None
    from rltn_cli.imaging.colors.palette_files import load_palette

    return ",".join(load_palette(palette).hexes)


def check_weights(weights: Sequence[float] | None, references: Sequence[object] | None) -> None:
    """Refuse another number of weights than of references.

    Raises:
        UsageError: as above.
    """
    count = len(references or ())
    if weights and len(weights) != count:
        raise UsageError(
            f"--ref-weight is given {len(weights)} times for {count} references: give one for each --ref"
        )


def fixes_of(values: list[str] | None, file: Path | None) -> tuple["Fix", ...]:
    """Return the fixes of a file, then those of the command line.

    Raises:
        UsageError: one makes no sense.
    """
    if not values and file is None:
        return ()
    from rltn_cli.painting.fixes import parse_fixes, read_fixes

    return (*(read_fixes(file) if file else ()), *parse_fixes(values or ()))
