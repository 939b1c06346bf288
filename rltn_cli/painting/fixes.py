"""Fixes: colours that a user gives to single regions, as `X,Y=COLOUR` or in a file."""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rltn_cli.errors import UsageError
from rltn_cli.imaging.colors.palette import Color, Palette, to_hex
from rltn_cli.imaging.colors.palette_files import HEX
from rltn_cli.imaging.pixels import Bytes
from rltn_cli.imaging.regions.flats import INK

_FIX = re.compile(r"\s*(\d{1,9})\s*,\s*(\d{1,9})\s*=\s*(\S+)\s*")
_NUMBER = re.compile(r"@(\d{1,4})")
_COLUMNS = ["x", "y", "color"]
_LARGEST = 1 << 22
"""Bytes of a file of fixes."""
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Fix:
    """The colour of the region under a point."""

    x: int
    """Pixels from the left edge of the drawing, upright."""
    y: int
    """Pixels from its top edge."""
    color: Color | int
    """sRGB, or the number of a colour of the palette, from 1."""

    def __str__(self) -> str:
        """Return the fix as it is written on a command line."""
        color = f"@{self.color}" if isinstance(self.color, int) else to_hex(self.color)
        return f"{self.x},{self.y}={color}"

    def rgb(self, palette: Palette) -> Color:
        """Return the colour, which may be one of a palette.

        Raises:
            UsageError: the palette has no such number.
        """
        if not isinstance(self.color, int):
            return self.color
        if not 1 <= self.color <= len(palette):
            raise UsageError(f"fix {self}: the palette has colours @1 to @{len(palette)}")
        red, green, blue = palette.colors[self.color - 1].tolist()
        return red, green, blue

    def check(self, grey: Bytes) -> None:
        """Refuse a point that lies in no region.

        Args:
            grey: (H, W) the drawing, black lines on white.

        Raises:
            UsageError: it lies outside of the drawing, or on a line.
        """
        height, width = grey.shape
        if self.x >= width or self.y >= height:
            raise UsageError(f"fix {self}: the point lies outside of the drawing, which is {width}x{height}")
        if (255 - int(grey[self.y, self.x])) / 255 >= INK:
            raise UsageError(f"fix {self}: the point lies on a line; name one inside the region")


def parse_fix(text: str) -> Fix:
    """Read a fix such as `120,340=ffcc00`, `120,340=#ffcc00` or `120,340=@3`.

    Raises:
        UsageError: it is written in another way.
    """
    match = _FIX.fullmatch(text)
    if not match:
        raise UsageError(f"fix {text!r} is not written like 120,340=ffcc00 or 120,340=@3")
    return Fix(int(match[1]), int(match[2]), _color(match[3], f"fix {text!r}"))


def parse_fixes(texts: Sequence[str]) -> tuple[Fix, ...]:
    """Read fixes; see `parse_fix`."""
    return tuple(parse_fix(text) for text in texts)


def read_fixes(path: Path) -> tuple[Fix, ...]:
    """Read fixes from a file: CSV with the columns x, y and color, or JSON with a list of such objects.

    Raises:
        UsageError: it cannot be read, or a fix in it is invalid; the message says which.
    """
    kinds = {".csv": _csv_rows, ".json": _json_rows}
    if path.suffix.lower() not in kinds:
        raise UsageError(f"{path}: fixes are read from .csv and .json files")
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{path}: too large for a file of fixes")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UsageError(f"{path}: cannot be read ({reason})") from error
    found = tuple(_fix(values, where) for where, values in kinds[path.suffix.lower()](text, path))
    if len(found) > _MOST:
        raise UsageError(f"{path}: more than {_MOST:,} fixes")
    return found


def _csv_rows(text: str, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of a CSV file and where each is."""
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        if sorted(header) != sorted(_COLUMNS):
            raise UsageError(f"{path}: its first line must name the columns {','.join(_COLUMNS)}")
        for row in reader:
            where = f"{path}, line {reader.line_num}"
            if len(row) not in (0, len(header)):
                raise UsageError(f"{where}: {len(row)} values for {len(header)} columns")
            if row:
                yield where, dict(zip(header, row, strict=True))
    except csv.Error as error:
        raise UsageError(f"{path}, line {reader.line_num}: {error}") from error


def _json_rows(text: str, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the objects of a JSON file and where each is."""
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not JSON ({error})") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UsageError(f'{path}: must hold a list such as [{{"x": 120, "y": 340, "color": "#ffcc00"}}]')
    for number, row in enumerate(rows, 1):
        where = f"{path}, fix {number}"
        if sorted(row) != sorted(_COLUMNS):
            raise UsageError(f"{where}: must have exactly the keys {', '.join(_COLUMNS)}")
        yield where, row


def _fix(values: dict[str, Any], where: str) -> Fix:
    """Return a fix from its values."""
    places = []
    for axis in ("x", "y"):
        text = str(values[axis]).strip()
        if isinstance(values[axis], bool) or not re.fullmatch(r"\d{1,9}", text):
            raise UsageError(f"{where}: {axis} must be a whole number from 0, not {text[:40]!r}")
        places.append(int(text))
    return Fix(places[0], places[1], _color(str(values["color"]).strip(), where))


def _color(text: str, where: str) -> Color | int:
    """Return a colour from its text."""
    if match := HEX.fullmatch(text):
        red, green, blue = bytes.fromhex(match[1])
        return red, green, blue
    if match := _NUMBER.fullmatch(text):
        return int(match[1])
    raise UsageError(
        f"{where}: unknown colour {text[:40]!r}; write six hex digits such as ffcc00, or @3 for the third "
        "colour of the palette"
    )
