"""The record of a batch: journals while it runs, one manifest when it ends; neither is ever half written.

Each process appends to a journal of its own, two lines per picture: `writing`, with the hash of the file that
is about to appear, and `done`. A process that is killed leaves its journal; the next run reads it, and the
picture's own hash tells whether it was still written. At the end the journals become `manifest.jsonl`.
"""

import errno
import hashlib
import io
import json
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from rltn_cli.errors import OutputError
from rltn_cli.output_files import make_folder, open_alone, remove_leftovers, write_file
from rltn_cli.result_folders import JOURNAL, MANIFEST, journals, read_entries

KEY = ("input_sha256", "reference_sha256", "model_sha256", "options")
"""Fields that must be equal for a picture to count as done."""
_HASHES = ("output_sha256", "replaces")
"""Hashes of what a batch wrote to an output, the last one and, while it is being replaced, the one before."""

_COMPANIONS = "companions"
"""Key of an output's companions: their hashes by name."""

Entry: TypeAlias = Mapping[str, Any]
"""One line: `status` (writing, done or failed), `output`, the fields that `KEY` names, and others."""


class Record:
    """The record of the pictures in one output folder."""

    def __init__(self, folder: Path, rank: int = 0) -> None:
        """Read the records of earlier runs in a folder, and begin this process's journal.

        Args:
            folder: the output folder; exists.
            rank: number of this process; tells its journal from those of others.

        Raises:
            OutputError: the manifest cannot be read, the journal cannot be written, or another batch is
                writing to the folder.
        """
        self._folder = folder
        self._lock = threading.Lock()
        self._path = folder / JOURNAL.format(rank)
        self._journal = _open(self._path)
        self._torn = self._journal.tell() > 0  # an earlier process may have been killed within a line
        self.entries: dict[str, Entry] = {}
        """The last entry of each output, by its name below the folder."""
        for path in [folder / MANIFEST, *journals(folder)]:
            for entry in _read(path):
                self.entries[entry["output"]] = entry
        self._before = dict(self.entries)
        self.news: dict[str, Entry] = {}
        """The entries that this process adds."""

    def name(self, output: Path) -> str:
        """Return the name of an output in the record."""
        return Path(os.path.relpath(output, self._folder)).as_posix()

    def is_done(self, output: Path, key: Entry, companions: Iterable[Path] = ()) -> bool:
        """Return whether an output and its companions exist, from the same inputs and options."""
        entry = self.entries.get(self.name(output))
        if entry is None or any(entry.get(name) != key[name] for name in KEY) or not output.is_file():
            return False
        if not all(path.is_file() for path in companions):
            return False
        if entry["status"] == "writing":
            return bool(file_hash(output) == entry.get("output_sha256"))
        return bool(entry["status"] == "done")

    def is_own(self, output: Path) -> bool:
        """Return whether a file is exactly what a batch wrote there."""
        entry = self.entries.get(self.name(output), {})
        return file_hash(output) in {entry.get(name) for name in _HASHES}

    def is_own_companion(self, output: Path, companion: Path) -> bool:
        """Return whether a companion of an output was written by a batch, or was about to be."""
        known = self.entries.get(self.name(output), {}).get(_COMPANIONS)
        name = self.name(companion)
        if not isinstance(known, dict) or name not in known:
            return False
        return known[name] is None or bool(file_hash(companion) == known[name])

    def companions(self, hashes: Mapping[Path, str | None]) -> Entry:
        """Return the hashes of an output's companions according to an entry; None until they are written."""
        return {_COMPANIONS: {self.name(path): value for path, value in hashes.items()}} if hashes else {}

    def sweep(self, output: Path, companions: Iterable[Path] = ()) -> None:
        """Remove temporary files that a killed process left next to an output and its companions."""
        if self.entries.get(self.name(output), {}).get("status") == "writing":
            for path in (output, *companions):
                remove_leftovers(path)

    def may_replace(self, output: Path, overwrite: bool, companions: Iterable[Path] = ()) -> bool:
        """Return whether a replaceable file exists, and remove what a killed process left.

        Raises:
            OutputError: it is there and not from an earlier run, and nothing is to be overwritten.
        """
        self.sweep(output, companions)
        if not output.exists():
            return False
        if not overwrite and not (output.is_file() and self.is_own(output)):
            raise OutputError(
                f"{output} exists already and is not from an earlier run; choose another folder or pass "
                "--overwrite"
            )
        return True

    def write(
        self,
        output: Path,
        data: bytes,
        entry: Entry,
        *,
        overwrite: bool,
        companions: Iterable[Path] = (),
        write_companions: Callable[[], Mapping[Path, str]] = dict,
    ) -> None:
        """Write a file, with an entry about it, so that a run that is killed meanwhile knows of it.

        Args:
            output: the file; once it is there, its companions are, too.
            data: its content.
            entry: what there is to say about it.
            overwrite: whether an existing file is replaced.
            companions: files that are written in addition to it.
            write_companions: writes them and returns their hashes.

        Raises:
            OutputError: a file, its folder or the journal cannot be written.
        """
        entry = {**entry, "output_sha256": hashlib.sha256(data).hexdigest()}
        make_folder(output.parent)
        self.begin(output, {**entry, **self.companions(dict.fromkeys(companions))})
        hashes = write_companions()
        write_file(output, data, overwrite=overwrite)
        self.finish(output, {**entry, **self.companions(hashes)})

    def finish(self, output: Path, entry: Entry) -> None:
        """Record that a file was written.

        Raises:
            OutputError: the journal cannot be written.
        """
        self._note(output, {**entry, "status": "done"})

    def begin(self, output: Path, entry: Entry) -> None:
        """Record that a file is about to be written, or to replace an existing one.

        Raises:
            OutputError: the journal cannot be written.
        """
        replaces = {"replaces": file_hash(output)} if output.is_file() else {}
        self._note(output, {**entry, **replaces, "status": "writing"})

    def fail(self, output: Path, entry: Entry) -> None:
        """Record that a picture failed; an existing file still counts as the batch's own."""
        name = self.name(output)
        with self._lock:
            earlier = self.entries.get(name, {})
            known = {key: earlier[key] for key in (*_HASHES, _COMPANIONS) if key in earlier}
            self.entries[name] = self.news[name] = {"output": name, **entry, **known, "status": "failed"}

    def _note(self, output: Path, entry: Entry) -> None:
        """Append an entry to the journal and remember it."""
        name = self.name(output)
        entry = {"output": name, **entry}
        data = _line(entry)
        with self._lock:
            try:
                written = self._journal.write(b"\n" * self._torn + data)
                self._torn = written < len(data)
                os.fsync(self._journal.fileno())
            except OSError as error:
                raise _unwritable(self._path, error) from error
            if self._torn:
                raise _unwritable(self._path, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
            self.entries[name] = self.news[name] = entry

    def close(self) -> None:
        """Close the journal; it stays until the manifest is written."""
        self._journal.close()

    def write_manifest(self, news: Iterable[Mapping[str, Entry]]) -> None:
        """Write the manifest from the earlier entries and those of all processes, then remove the journals.

        Args:
            news: the `news` of every process.

        Raises:
            OutputError: the manifest cannot be written; the journals stay.
        """
        entries = dict(self._before)
        for part in news:
            entries.update(part)
        data = b"".join(_line(entries[name]) for name in sorted(entries))
        write_file(self._folder / MANIFEST, data, overwrite=True)
        for path in journals(self._folder):
            path.unlink(missing_ok=True)


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open(path: Path) -> io.FileIO:
    """Open a journal that no other process writes to, or raise OutputError."""
    try:
        journal = open_alone(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    if journal is None:
        raise OutputError(f"{path.parent}: another batch is writing there; wait until it ends")
    return journal


def _read(path: Path) -> list[dict[str, Any]]:
    """Return the entries of a file."""
    try:
        return read_entries(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be read ({error.strerror}); choose another folder") from error


def _line(entry: Entry) -> bytes:
    try:
        return json.dumps(entry, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # a file name that is not text
        return json.dumps(entry).encode() + b"\n"


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path.parent}: finished pictures cannot be recorded ({error.strerror or error}); free some space "
        "or choose another folder, then run it again"
    )
