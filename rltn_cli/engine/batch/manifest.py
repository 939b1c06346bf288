"""Manifests that say what to paint with what: a table with a header line, or one JSON object a line."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rltn_cli.errors import UsageError
from rltn_cli.text_files import read_text, table_rows

MANIFEST_ENDINGS = (".csv", ".tsv", ".jsonl")
COLUMNS = ("sketch", "reference", "output")
SEPARATOR = ";"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a manifest."""

    sketch: Path
    references: tuple[Path, ...]
    """Empty where the line names none."""
    output: str | None
    """As it is written there."""
    place: str
    """Of the line, for messages: `pages.csv, line 3`."""


def read_lines(manifest: Path) -> list[Line]:
    """Read a manifest; paths of sketches and references start at its folder.

    Raises:
        UsageError: it cannot be read, or a line makes no sense; the line's number is said.
    """
    try:
        text = read_text(manifest)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 or UTF-16 text"
        raise UsageError(f"{manifest}: cannot be read ({reason})") from error
    rows = _json_rows(text, manifest) if manifest.suffix.lower() == ".jsonl" else _csv_rows(text, manifest)
    return [_line(values, manifest, number) for number, values in rows]


def _wrong(manifest: Path, number: int, reason: str) -> UsageError:
    return UsageError(f"{_place(manifest, number)}: {reason}")


def _place(manifest: Path, number: int) -> str:
    return f"{manifest}, line {number}"


def _csv_rows(text: str, manifest: Path) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield each line's number and its values by column."""
    header: list[str] | None = None
    try:
        for number, row in table_rows(text, COLUMNS):
            if header is None:
                header = _header(row, manifest, number)
                continue
            if len(row) > len(header):
                raise _wrong(manifest, number, f"{len(row)} values for {len(header)} columns")
            yield number, dict(zip(header, row, strict=False))
    except csv.Error as error:
        raise _wrong(manifest, error.args[1], error.args[0]) from error


def _header(row: list[str], manifest: Path, number: int) -> list[str]:
    """Check the first line of a CSV file and return its columns."""
    header = [cell.strip().lower() for cell in row]
    if "sketch" not in header or set(header) - set(COLUMNS) or len(set(header)) < len(header):
        raise _wrong(manifest, number, f"the columns must be {', '.join(COLUMNS)} (the last two optional)")
    return header


def _json_rows(text: str, manifest: Path) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield each line's number and its object."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except json.JSONDecodeError as error:
            raise _wrong(manifest, number, f"not JSON ({error.msg})") from error
        if not isinstance(values, dict):
            raise _wrong(manifest, number, 'not an object such as {"sketch": ..., "reference": ...}')
        if unknown := sorted(set(values) - set(COLUMNS)):
            raise _wrong(manifest, number, f"unknown key {unknown[0]!r}; known are {', '.join(COLUMNS)}")
        yield number, values


def _line(values: dict[str, object], manifest: Path, number: int) -> Line:
    """Turn a line's values into paths."""
    references = values.get("reference") or []
    if isinstance(references, str):
        references = references.split(SEPARATOR)
    if not isinstance(references, list) or not all(isinstance(name, str) for name in references):
        raise _wrong(manifest, number, "the reference must be text, or a list of texts")
    sketch, output = values.get("sketch"), values.get("output") or None
    if not isinstance(sketch, str) or not sketch.strip():
        raise _wrong(manifest, number, "it names no sketch")
    if output is not None and not isinstance(output, str):
        raise _wrong(manifest, number, "the output must be text")
    if "\0" in "".join([sketch, *references, output or ""]):
        raise _wrong(manifest, number, "a name holds a zero byte")
    folder = manifest.parent
    named = tuple(folder / name.strip() for name in references if name.strip())
    output = output.strip() if output and output.strip() else None
    return Line(folder / sketch.strip(), named, output, _place(manifest, number))
