"""Standard input and output as pictures."""

import sys

from rltn_cli.errors import UsageError
from rltn_cli.imaging.formats import STANDARD_STREAM


def check_standard_output(output: str, as_json: bool) -> None:
    """Refuse to use standard output twice, or to write a picture to a terminal.

    Raises:
        UsageError: as above; never if `output` is a file.
    """
    if output != STANDARD_STREAM:
        return
    if as_json:
        raise UsageError(
            "--json and the picture cannot both go to standard output: name a file for the picture"
        )
    if sys.stdout.isatty():
        raise UsageError("standard output is a terminal: name a file, or pipe the picture to another program")
