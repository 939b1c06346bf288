"""Palettes from files and from hex values, and to GIMP's palette files."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rltn_cli.errors import UsageError
from rltn_cli.imaging.colors.palette import Palette
from rltn_cli.imaging.colors.palette_readers import GPL, READERS, PaletteFileError

HEX = re.compile(r"#?([0-9a-fA-F]{6})")
"""A colour as a user writes it."""
_MOST_COLORS = 256
LARGEST_FILE = 1 << 20
"""Bytes of a palette file."""


def load_palette(value: str) -> Palette:
    """Read a palette: a file of a painting program, or hex values separated by commas, with or without `#`.

    Raises:
        UsageError: it is neither, is damaged, holds no colour, or more than 256.
    """
    if all(HEX.fullmatch(part.strip()) for part in value.split(",")):
        return parse_palette(value)
    path = Path(value)
    if not path.is_file():
        return parse_palette(value)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise UsageError(f"{path} is too large for a palette file")
        return decode_palette(path.read_bytes(), value)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def decode_palette(data: bytes, name: str) -> Palette:
    """Read a palette from the bytes of a painting program's file.

    Args:
        data: the file.
        name: its name, whose ending says what it is; nothing is opened.

    Raises:
        UsageError: as `load_palette`.
    """
    reader = READERS.get(Path(name).suffix.lower())
    if reader is None:
        raise UsageError(f"{name}: palettes are read from {', '.join(READERS)}")
    try:
        return _palette(reader(data), name)
    except PaletteFileError as error:
        raise UsageError(f"{name}: {error}") from error


def parse_palette(value: str) -> Palette:
    """Read a palette from hex values separated by commas, with or without `#`.

    Raises:
        UsageError: it is not a palette, or holds more than 256 colours.
    """
    found = [HEX.fullmatch(part.strip()) for part in value.split(",")]
    if not all(found):
        raise UsageError(
            f"{value} is neither a palette file nor hex values separated by commas, such as ffe2cd,3a4c96"
        )
    return _palette([tuple(bytes.fromhex(match[1])) for match in found if match], value)


def _palette(colors: Sequence[tuple[int, ...]], name: str) -> Palette:
    """Return a palette of colours, each once, in their order."""
    distinct = list(dict.fromkeys(colors))
    if not 1 <= len(distinct) <= _MOST_COLORS:
        raise UsageError(f"{name}: a palette has from 1 to {_MOST_COLORS} colours, not {len(distinct)}")
    return Palette(np.array(distinct, np.uint8))


def to_gpl(palette: Palette, name: str) -> str:
    """Return a palette as the text of a GIMP palette file; each colour is named by its hex value."""
    title = " ".join(name.split()) or "palette"
    rows = [
        f"{red:3d} {green:3d} {blue:3d}\t{code}"
        for (red, green, blue), code in zip(palette.colors.tolist(), palette.hexes, strict=True)
    ]
    return "\n".join([GPL, f"Name: {title}", "Columns: 8", "#", *rows, ""])
