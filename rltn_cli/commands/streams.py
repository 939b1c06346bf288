"""Standard input and output: as pictures, and as streams that may be closed, full or shorter than asked."""

import io
import os
import sys
from typing import TYPE_CHECKING

from rltn_cli.errors import UsageError
from rltn_cli.imaging.files.formats import STANDARD_STREAM

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

OUTPUT = "standard output"


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


def prepare_streams() -> None:
    """Make the standard streams of this process safe to use.

    A closed one is replaced by the null device, so that no file opened later gets its number. What is
    written to standard output is written whole or an error, also where Python does not buffer. Messages that
    cannot be written are lost, and the work goes on.
    """
    if sys.platform == "win32":
        return
    closed = [number for number in (0, 1, 2) if _take(number)]
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Output(1 not in closed)),
        encoding=sys.stdout.encoding if sys.stdout else "utf-8",
        errors="backslashreplace",
        line_buffering=True,
    )
    sys.stderr = _Messages(
        io.BufferedWriter(io.FileIO(2, "w", closefd=False)),
        encoding=sys.stderr.encoding if sys.stderr else "utf-8",
        errors="backslashreplace",
        line_buffering=True,
    )


def finish_streams() -> str:
    """Write what is still to be written, and return what went wrong; nothing is written after that."""
    reason = ""
    try:
        sys.stdout.flush()
    except OSError as error:
        reason = f"{OUTPUT}: cannot be written ({error.strerror or error})"
        sys.stdout = io.StringIO()  # else Python tries again when it ends
    if isinstance(sys.stderr, _Messages) and sys.stderr.lost:
        reason = reason or "messages could not be written"
    return reason


def _take(number: int) -> bool:
    """Open the null device in place of a closed stream, and return whether it was closed."""
    try:
        os.fstat(number)
    except OSError:
        assert os.open(os.devnull, os.O_RDWR) == number
        return True
    return False


class _Output(io.FileIO):
    """Standard output, whose errors name it."""

    def __init__(self, is_open: bool) -> None:
        super().__init__(1, "w", closefd=False)
        self._is_open = is_open

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write some of the data, and return how much."""
        if not self._is_open:
            raise OSError(0, "it is closed", OUTPUT)
        try:
            return super().write(data)
        except OSError as error:
            error.filename = OUTPUT
            raise


class _Messages(io.TextIOWrapper):
    """Standard error, where a message that cannot be written is no failure of the work."""

    lost = False
    """Whether something could not be written."""

    def write(self, text: str, /) -> int:
        """Write text, or lose it."""
        try:
            return super().write(text)
        except OSError:
            self.lost = True
            return len(text)

    def flush(self) -> None:
        """Write what is still buffered, or lose it."""
        try:
            super().flush()
        except OSError:
            self.lost = True
