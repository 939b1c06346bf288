"""Files that are written whole or not at all, and the folders that they go into."""

import contextlib
import errno
import io
import os
import secrets
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from rltn_cli.errors import OutputError

if sys.platform != "win32":
    import fcntl

_NAME_LENGTH = 100
"""Characters of a file's name in that of its temporary file; file systems allow 255 bytes."""
_LOCK = ".rltn-lock"
"""File in a folder that a process writes to."""
_unfinished: set[Path] = set()
"""Temporary files that this process is writing."""


def check_file(path: Path, overwrite: bool = False) -> None:
    """Check, before any work is done, that a file can be written.

    Raises:
        OutputError: missing folder, a folder or an existing file of that name, no permission.
    """
    if path.is_dir():
        raise OutputError(f"{path} is a folder; name a file in it")
    if path.exists() and not overwrite:
        raise OutputError(f"{path} exists already; choose another name or pass --overwrite")
    if not path.parent.is_dir():
        raise OutputError(f"{path.parent}: there is no such folder; make it first")
    if not os.access(path.resolve().parent, os.W_OK):
        raise OutputError(f"{path.parent}: no permission to write in this folder")


def check_folder(folder: Path, names: Iterable[str], overwrite: bool = False) -> None:
    """Check, before any work is done, that files can be written into a folder, which need not exist.

    Raises:
        OutputError: the folder is a file, its parent is missing, or it already has such files.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file; name a folder")
    if not folder.is_dir() and not folder.absolute().parent.is_dir():
        raise OutputError(f"{folder.parent}: there is no such folder; make it first")
    if folder.is_dir():
        for name in names:
            check_file(folder / name, overwrite)


def make_folder(folder: Path) -> None:
    """Make a folder and its parents; an existing folder is left as it is.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder}: the folder cannot be made ({error.strerror or error}); choose another"
        ) from error


def write_file(path: Path, data: bytes, *, overwrite: bool = False) -> None:
    """Write a file so that it appears whole or not at all.

    Raises:
        OutputError: the file exists and may not be replaced, or cannot be written.
    """
    with replacement(path, overwrite=overwrite) as temporary, temporary.open("wb") as file:
        file.write(data)


def write_all(file: BinaryIO, data: bytes) -> None:
    """Write to a stream that may take only part of the data, until all is written.

    Raises:
        OSError: the rest cannot be written.
    """
    left = memoryview(data)
    while left:
        count = file.write(left)
        if not count:
            raise OSError(errno.EIO, "only a part was taken")
        left = left[count:]
    file.flush()


@contextlib.contextmanager
def replacement(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Yield an empty temporary file in the same folder, which takes the name `path` when the block ends.

    What is in it is on the disk before it takes the name. Where the block raises, the temporary file is
    removed and nothing else changes.

    Args:
        path: the file to write; where it is a link, the file that it leads to is written.
        overwrite: whether an existing file may be replaced.

    Raises:
        OutputError: the file exists and may not be replaced, or cannot be written.
    """
    target = path.resolve()
    temporary = target.with_name(f".{target.name[:_NAME_LENGTH]}.{secrets.token_hex(4)}.tmp")
    _unfinished.add(temporary)
    try:
        temporary.touch(exist_ok=False)
        yield temporary
        _sync(temporary)
        if overwrite:
            temporary.replace(target)
        else:
            _rename_without_replacing(temporary, target)
    except FileExistsError as error:
        raise OutputError(f"{path} exists already; choose another name or pass --overwrite") from error
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        _unfinished.discard(temporary)


@contextlib.contextmanager
def replacement_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty temporary folder next to `folder`, which takes its name when the block ends.

    The files in it are on the disk before it takes the name. Where the block raises, the temporary folder is
    removed and nothing else changes.

    Args:
        folder: the folder to write, which holds only files; an existing one is replaced.

    Raises:
        OSError: it cannot be written.
    """
    fresh, old = folder.with_name(f".{folder.name}.partial"), _set_aside(folder)
    try:
        if fresh.exists():  # a killed process left it
            shutil.rmtree(fresh)
        fresh.mkdir(parents=True)
        yield fresh
        for path in fresh.iterdir():
            _sync(path)
        if folder.exists():
            shutil.rmtree(old, ignore_errors=True)
            folder.replace(old)
        fresh.replace(folder)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def put_back_folder(folder: Path) -> None:
    """Give a folder its name back where a process was killed between setting it aside and replacing it.

    Raises:
        OSError: it cannot be renamed.
    """
    if not folder.exists() and _set_aside(folder).is_dir():
        _set_aside(folder).replace(folder)


def open_alone(path: Path) -> io.FileIO | None:
    """Open a file to append to it, for as long as it stays open for no other process of rltn.

    Where the system or the file system has no locks, others are not kept out.

    Args:
        path: made if it is missing; its holder may remove it before closing it.

    Returns:
        The file, unbuffered; None where another process holds it.

    Raises:
        OSError: it cannot be opened.
    """
    while True:
        file = path.open("ab", buffering=0)
        if sys.platform == "win32":
            return file
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        except OSError:  # a file system without locks
            return file
        if path.exists() and path.stat().st_ino == os.fstat(file.fileno()).st_ino:
            return file
        file.close()  # the other process ended in between and removed it


@contextlib.contextmanager
def hold(path: Path) -> Iterator[bool]:
    """Hold a lock file while a block runs, unless another process of rltn holds it.

    Where the system or the file system has no locks, others are not kept out.

    Args:
        path: made if it is missing, and removed afterwards; its folder exists.

    Yields:
        Whether this process holds it.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        file = open_alone(path)
    except OSError as error:
        raise OutputError(f"{path.parent}: cannot be written ({error.strerror})") from error
    if file is None:
        yield False
        return
    try:
        yield True
    finally:
        with contextlib.suppress(OSError):  # Windows removes no open file
            path.unlink(missing_ok=True)
        file.close()


@contextlib.contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Keep other processes of rltn that ask from writing to a folder while a block runs; make it if missing.

    Raises:
        OutputError: another process holds it, or it cannot be written.
    """
    make_folder(folder)
    with hold(folder / _LOCK) as held:
        if not held:
            raise OutputError(f"{folder}: another process is writing there; wait until it ends")
        yield


def _set_aside(folder: Path) -> Path:
    """Return the name that a folder has for the moment in which another takes its place."""
    return folder.with_name(f".{folder.name}.old")


def _sync(path: Path) -> None:
    """Return when a file is on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def remove_unfinished() -> None:
    """Remove the temporary files of this process, which is about to end."""
    for temporary in list(_unfinished):
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def remove_leftovers(path: Path) -> None:
    """Remove temporary files that a killed process left next to a file that it was writing."""
    name = "".join(f"[{char}]" if char in "*?[" else char for char in path.name[:_NAME_LENGTH])
    for temporary in path.parent.glob(f".{name}.*.tmp"):
        temporary.unlink(missing_ok=True)


def _rename_without_replacing(source: Path, target: Path) -> None:
    """Give a file its final name; raise FileExistsError where the name has been taken meanwhile."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if target.exists():
            raise FileExistsError(str(target)) from None
        source.replace(target)
