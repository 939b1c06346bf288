"""`rltn palette`: the palette of reference pictures, as a file for painting programs."""

import json
from pathlib import Path
from typing import Annotated

import typer

from rltn_cli.commands.messages import say, show_text
from rltn_cli.commands.options import Json, Overwrite, Quiet
from rltn_cli.commands.streams import check_standard_output
from rltn_cli.errors import UsageError
from rltn_cli.imaging.files.formats import STANDARD_STREAM
from rltn_cli.output_files import check_file, write_file

References = Annotated[
    list[str], typer.Argument(metavar="PICTURE", help="Pictures whose colours to list; - is standard input.")
]
Output = Annotated[
    str, typer.Option("--output", "-o", metavar="FILE.gpl", help="The palette file; - is standard output.")
]


def palette(
    pictures: References,
    output: Output,
    as_json: Json = False,
    quiet: Quiet = False,
    overwrite: Overwrite = False,
) -> None:
    """Write the palette that flats take from reference pictures, in the format that GIMP and Krita read."""
    if output != STANDARD_STREAM:
        if Path(output).suffix.lower() != ".gpl":
            raise UsageError(f"{output}: palettes are written as .gpl")
        check_file(Path(output), overwrite)
    elif as_json:
        check_standard_output(output, as_json)
    from rltn_cli.imaging.colors.palette import read_palette
    from rltn_cli.imaging.colors.palette_files import to_gpl
    from rltn_cli.imaging.files.pictures import read_picture
    from rltn_cli.imaging.pixels import to_eight_bit

    found = read_palette([to_eight_bit(read_picture(name).flatten()) for name in pictures])
    text = to_gpl(found, Path(pictures[0]).stem)
    if output == STANDARD_STREAM:
        show_text(text)
        return
    write_file(Path(output), text.encode(), overwrite=overwrite)
    if as_json:
        show_text(json.dumps({"output": output, "colors": found.hexes}, indent=2) + "\n")
    elif not quiet:
        say(f"{output}, {len(found)} colours")
