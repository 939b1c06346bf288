"""Manifests that pair sketches with references: a table with a header line, or one JSON object per line."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rltn_cli.errors import UsageError
from rltn_cli.imaging.colors.palette_files import load_palette, parse_palette
from rltn_cli.painting.fixes import Fix, parse_fix, read_fixes
from rltn_cli.text_files import read_text, table_rows

MANIFEST_ENDINGS = (".csv", ".tsv", ".jsonl")
COLUMNS = ("sketch", "reference", "output", "fixes", "color_palette")
SEPARATOR = ";"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a manifest."""

    sketch: Path
    references: tuple[Path, ...]
    """References; empty if the line names none."""
    output: str | None
    """The output as written in the manifest."""
    fixes: tuple[Fix, ...]
    palette: str | None
    """The palette as hex values separated by commas."""
    place: str
    """Place of the line, for messages: `pages.csv, line 3`."""


def read_lines(manifest: Path) -> list[Line]:
    """Read a manifest; paths of sketches and references start at its folder.

    Raises:
        UsageError: it cannot be read, or a line is invalid; the message gives the line's number.
    """
    try:
        text = read_text(manifest)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 or UTF-16 text"
        raise UsageError(f"{manifest}: cannot be read ({reason})") from error
    rows = _json_rows(text, manifest) if manifest.suffix.lower() == ".jsonl" else _csv_rows(text, manifest)
    return [_line(values, manifest, number) for number, values in rows]


def _make_error(manifest: Path, number: int, reason: str) -> UsageError:
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
                raise _make_error(manifest, number, f"{len(row)} values for {len(header)} columns")
            yield number, dict(zip(header, row, strict=False))
    except csv.Error as error:
        raise _make_error(manifest, error.args[1], error.args[0]) from error


def _header(row: list[str], manifest: Path, number: int) -> list[str]:
    """Check the first line of a CSV file and return its columns."""
    header = [cell.strip().lower() for cell in row]
    if "sketch" not in header or set(header) - set(COLUMNS) or len(set(header)) < len(header):
        known = ", ".join(COLUMNS)
        raise _make_error(manifest, number, f"the columns must be {known} (all but the first optional)")
    return header


def _json_rows(text: str, manifest: Path) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield each line's number and its object."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except json.JSONDecodeError as error:
            raise _make_error(manifest, number, f"not JSON ({error.msg})") from error
        if not isinstance(values, dict):
            raise _make_error(manifest, number, 'not an object such as {"sketch": ..., "reference": ...}')
        if unknown := sorted(set(values) - set(COLUMNS)):
            raise _make_error(manifest, number, f"unknown key {unknown[0]!r}; known are {', '.join(COLUMNS)}")
        yield number, values


def _line(values: dict[str, object], manifest: Path, number: int) -> Line:
    """Turn a line's values into paths."""
    references = _texts(values, "reference", manifest, number)
    sketch, output = values.get("sketch"), values.get("output") or None
    if not isinstance(sketch, str) or not sketch.strip():
        raise _make_error(manifest, number, "it names no sketch")
    if output is not None and not isinstance(output, str):
        raise _make_error(manifest, number, "the output must be text")
    texts = {name: _texts(values, name, manifest, number) for name in ("fixes", "color_palette")}
    if "\0" in "".join([sketch, *references, output or "", *texts["fixes"], *texts["color_palette"]]):
        raise _make_error(manifest, number, "a name contains a NUL byte")
    folder = manifest.parent
    named = tuple(folder / name for name in references)
    output = output.strip() if output and output.strip() else None
    try:
        fixes = _fixes(texts["fixes"], folder)
        palette = _palette(texts["color_palette"], folder)
    except UsageError as error:
        raise _make_error(manifest, number, str(error)) from error
    return Line(folder / sketch.strip(), named, output, fixes, palette, _place(manifest, number))


def _texts(values: dict[str, object], name: str, manifest: Path, number: int) -> list[str]:
    """Return the parts of a value: a list of texts, or one text with separators."""
    found = values.get(name) or []
    if isinstance(found, str):
        found = found.split(SEPARATOR)
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        what = {"reference": "the reference"}.get(name, name)
        raise _make_error(manifest, number, f"{what} must be text, or a list of texts")
    return [text.strip() for text in found if text.strip()]


def _fixes(texts: list[str], folder: Path) -> tuple[Fix, ...]:
    """Read fixes, each as on a command line, or a file of them."""
    found: list[Fix] = []
    for text in texts:
        found += [parse_fix(text)] if "=" in text else read_fixes(folder / text)
    return tuple(found)


def _palette(texts: list[str], folder: Path) -> str | None:
    """Read a palette: a file's name, or hex values."""
    if not texts:
        return None
    if len(texts) == 1 and (folder / texts[0]).is_file():
        return ",".join(load_palette(str(folder / texts[0])).hexes)
    return ",".join(parse_palette(",".join(texts)).hexes)
