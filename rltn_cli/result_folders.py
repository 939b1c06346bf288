"""What rltn writes into folders, so that no command mistakes its own results for pictures to work on."""

import json
from pathlib import Path
from typing import Any

RUN_CONFIG = "config.json"
"""The resolved configuration of a training run."""
_RUN_KEYS = {"batch", "minutes", "seed"}
"""Keys in the configuration of every run, including one that trains a line network."""
EDGES, LOGS, MODEL, SAMPLES = "edges", "logs", "model", "samples"
"""Folders of a training run; `edges` occurs in runs that train a line network."""
STATES = "step-*"
"""Folders of training states."""
REPORT, REPORT_PAGE = "report.json", "report.html"
"""Files of an evaluation's report."""
EXPLANATION = ("warped.png", "confidence.png", "matches.png")
"""Files that `rltn colorize --explain` writes."""
MANIFEST = "manifest.jsonl"
"""The manifest of a finished batch or extraction."""
JOURNAL = ".rltn-journal-{}.jsonl"
"""The journal of one process of a batch that is running or was killed."""


def is_result_folder(folder: Path) -> bool:
    """Return whether a folder was made by a training run, an evaluation or an explanation."""
    if _is_run_config(folder / RUN_CONFIG):
        parts = [folder / name for name in (EDGES, LOGS, MODEL, SAMPLES)]
        return any(part.is_dir() for part in (*parts, *folder.glob(STATES)))
    if (folder / REPORT).is_file():
        return (folder / REPORT_PAGE).is_file()
    return all((folder / name).is_file() for name in EXPLANATION)


def _is_run_config(path: Path) -> bool:
    """Return whether a file is the configuration of a training run; other programs use the same name."""
    try:
        values = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(values, dict) and set(values) >= _RUN_KEYS


def journals(folder: Path) -> list[Path]:
    """Return the journals in a folder."""
    return sorted(folder.glob(JOURNAL.format("*")))


def read_entries(path: Path) -> list[dict[str, Any]]:
    """Return the entries of a manifest or journal; lines that are cut short or not ours are left out.

    Raises:
        OSError: it cannot be read; a file that is not there has no entries.
    """
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    entries = []
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and isinstance(entry.get("output"), str) and "status" in entry:
            entries.append(entry)
    return entries


def listed_results(folder: Path) -> set[Path]:
    """Return the files that rltn wrote, according to the manifest and the journals in a folder.

    Raises:
        OSError: one of them cannot be read.
    """
    files = [path for path in (folder / MANIFEST, *journals(folder)) if path.is_file()]
    return {
        folder / entry["output"] for path in files for entry in read_entries(path) if "output_sha256" in entry
    }
