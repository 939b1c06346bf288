"""Lists of files on standard input, as `ls` and `find` write them, or as other programs save them."""

import os
import sys
from pathlib import Path

from rltn_cli.errors import UsageError
from rltn_cli.text_files import decode_text


def read_list(*, null: bool = False) -> list[Path]:
    """Read the files that standard input names.

    Args:
        null: names end in a NUL byte, as `find -print0` writes them, and not with the line; then they may
            hold any character. Lines may end in LF or CRLF and have a byte order mark or be UTF-16.

    Raises:
        UsageError: standard input is closed or cannot be read, or lines contain NUL bytes.
    """
    if sys.stdin is None:
        raise UsageError("standard input is closed: pipe a list of sketches to rltn, or name them")
    try:
        data = sys.stdin.buffer.read()
    except OSError as error:
        raise UsageError(f"standard input: cannot be read ({error.strerror or error})") from error
    if null:
        return [Path(os.fsdecode(name)) for name in data.split(b"\0") if name.strip(b"\r\n")]
    text = decode_text(data, sys.getfilesystemencodeerrors())
    if "\0" in text:
        raise UsageError("standard input: names end in NUL bytes, as find -print0 writes them: add -0")
    return [_find_named(line) for line in text.replace("\r\n", "\n").split("\n") if line.strip()]


def _find_named(line: str) -> Path:
    """Return the file that a line names; spaces around it are removed unless there is such a file."""
    exact = Path(line)
    return exact if line == line.strip() or exact.exists() else Path(line.strip())
