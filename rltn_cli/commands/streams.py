"""Standard input and output as pictures."""

import sys

from rltn_cli.errors import UsageError
from rltn_cli.imaging.formats import STANDARD_STREAM


def check_standard_output(output: str, as_json: bool) -> None:
    """Refuse two uses of standard output, and a picture on a terminal.

    Raises:
        UsageError: as above; never where `output` is a file.
    """
    if output != STANDARD_STREAM:
        return
    if as_json:
        raise UsageError("--json and the picture cannot both go to standard output: name a file for one")
    if sys.stdout.isatty():
        raise UsageError("standard output is a terminal: name a file, or send it to another program")
