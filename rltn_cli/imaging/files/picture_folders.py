"""The pictures in a folder, without those that rltn itself made there."""

import logging
import os
from collections.abc import Callable
from pathlib import Path

from rltn_cli.imaging.files.formats import is_picture_file
from rltn_cli.result_folders import is_result_folder, listed_results

_log = logging.getLogger(__name__)


def list_pictures(
    folder: Path,
    *,
    recursive: bool = False,
    output: Path | None = None,
    onerror: Callable[[OSError], None] | None = None,
) -> list[Path]:
    """Return the pictures of a folder in alphabetical order, without hidden files and folders.

    Files are recognised by their suffixes; what is not a file, such as a pipe, is left out. So are results in
    folders below: training runs, reports, explanations, and what a manifest lists. A folder that is named
    itself may hold results, unless it is the output as well.

    Args:
        folder: that was named.
        recursive: whether to look into subfolders.
        output: the folder for the results of this command.
        onerror: called with the error of a folder that cannot be read; if None, such a folder is skipped.
    """
    found: list[Path] = []
    results: set[Path] = set()
    own = output.resolve() if output is not None else None
    for parent, folders, files in os.walk(folder, onerror=onerror):
        here = Path(parent)
        if here != folder or here.resolve() == own:
            listed = listed_results(here)
            results |= listed
            if listed and here.resolve() != own:
                _log.info("%s: left out the results of rltn in it", here)
        folders[:] = sorted(
            name
            for name in folders
            if recursive and not name.startswith((".", "__MACOSX")) and not _is_left_out(here / name)
        )
        found += [here / name for name in sorted(files) if not name.startswith(".")]
    return [path for path in found if is_picture_file(path) and path not in results]


def _is_left_out(folder: Path) -> bool:
    """Return whether a folder holds results, and log it."""
    if not is_result_folder(folder):
        return False
    _log.info("%s: left out, as it holds results of rltn", folder)
    return True
