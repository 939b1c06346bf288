"""What libjpeg warns about, received through OpenCV.

Pillow drops libjpeg's warnings; OpenCV lets them go to standard error, where they are picked up.
"""

import contextlib
import os
import re
import tempfile
import threading
from collections.abc import Iterator
from typing import BinaryIO

import cv2
import numpy as np

_STANDARD_ERROR = 2
_DAMAGE = re.compile(rb"Corrupt JPEG data: ([^\r\n]*)")
_WARNING = re.compile(rb"(?m)^(Corrupt JPEG|Warning|Invalid SOS|Inconsistent progress|Premature end)[^\n]*\n")
_ALONE = threading.Lock()


def warning_about(data: bytes) -> str | None:
    """Return the first thing that libjpeg finds wrong with the data of a JPEG, or None."""
    with _ALONE, _capture_stderr() as file:
        if file is None:
            return None
        cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_8)
        file.seek(0)
        said = file.read()
    _say_again(_WARNING.sub(b"", said))
    found = _DAMAGE.search(said)
    return None if found is None else found[1].decode("ascii", "replace")


@contextlib.contextmanager
def _capture_stderr() -> Iterator[BinaryIO | None]:
    """Send standard error to a file for a moment; yield None if that is impossible."""
    with contextlib.ExitStack() as undo:
        file: BinaryIO | None = None
        with contextlib.suppress(OSError):
            opened = undo.enter_context(tempfile.TemporaryFile())
            try:
                usual = os.dup(_STANDARD_ERROR)
            except OSError:  # there is none
                undo.callback(os.close, _STANDARD_ERROR)
            else:
                undo.callback(os.close, usual)
                undo.callback(os.dup2, usual, _STANDARD_ERROR)
            os.dup2(opened.fileno(), _STANDARD_ERROR)
            file = opened
        yield file


def _say_again(rest: bytes) -> None:
    """Write what other threads wrote in that moment to standard error."""
    if rest:
        with contextlib.suppress(OSError):
            os.write(_STANDARD_ERROR, rest)
