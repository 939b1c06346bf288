"""The journal next to a painting: each step is on disk before it is answered, so that a kill loses nothing.

    courier.rltn.journal    JSON lines: a header with the painting's SHA-256, then one line per step

A line that a kill cut short was never answered, and is left out. One process holds the journal; others read.
"""

import json
import os
from pathlib import Path
from typing import Any

from rltn_cli.errors import OutputError
from rltn_cli.output_files import open_alone

_SUFFIX = ".journal"
_OLD = ".journal.old"


class Journal:
    """What was done to a painting since it was last closed with everything saved."""

    def __init__(self, painting: Path) -> None:
        """Take hold of a painting's journal, or only read it where another process has it.

        Raises:
            OutputError: it can be neither read nor written.
        """
        self._path = painting.with_name(painting.name + _SUFFIX)
        self._old = painting.with_name(painting.name + _OLD)
        try:
            self._file = open_alone(self._path)
            data = self._path.read_bytes() if self._path.exists() else b""
            whole = data[: data.rfind(b"\n") + 1]
            if self._file is not None and len(whole) < len(data):
                self._file.truncate(len(whole))
        except OSError as error:
            raise _failed(self._path, error) from error
        self.entries = _parse(whole)
        """The lines, the header first; none where there is no journal or it makes no sense."""
        self._is_void = bool(whole) and not self.entries

    @property
    def is_held(self) -> bool:
        """Whether this process may add to it."""
        return self._file is not None

    def begin(self, header: dict[str, Any]) -> str | None:
        """Begin anew, and return where the old journal was set aside; None where there was none.

        Raises:
            OutputError: it cannot be written.
        """
        aside = None
        try:
            if self.entries or self._is_void:
                aside = str(self._old)
                self._old.write_bytes(self._path.read_bytes())
            if self._file is not None:
                self._file.truncate(0)
        except OSError as error:
            raise _failed(self._path, error) from error
        self.entries, self._is_void = [], False
        self.add(header)
        return aside

    def add(self, entry: dict[str, Any]) -> None:
        """Append a line; it is on the disk when this returns.

        Raises:
            OutputError: it cannot be written; nothing of it stays.
        """
        assert self._file is not None
        end = self._file.seek(0, os.SEEK_END)
        try:
            data = json.dumps(entry).encode() + b"\n"
            if self._file.write(data) != len(data):
                raise OSError("only a part was written")
            os.fsync(self._file.fileno())
        except OSError as error:
            self._file.truncate(end)
            raise _failed(self._path, error) from error
        self.entries.append(entry)

    def close(self, *, keep: bool) -> None:
        """Let the journal go, and remove it unless there is something in it to keep."""
        if self._file is None:
            return
        if not keep:
            self._path.unlink(missing_ok=True)
        self._file.close()
        self._file = None


def has_journal(painting: Path) -> bool:
    """Return whether steps of a painting are kept next to it."""
    path = painting.with_name(painting.name + _SUFFIX)
    return path.exists() and path.read_bytes().count(b"\n") > 1


def _parse(data: bytes) -> list[dict[str, Any]]:
    """Return the lines of a journal; none where one of them makes no sense."""
    try:
        entries = [json.loads(line) for line in data.splitlines()]
    except (ValueError, RecursionError):
        return []
    return entries if all(isinstance(entry, dict) for entry in entries) else []


def _failed(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path}: the steps cannot be kept there ({error.strerror or error})")
