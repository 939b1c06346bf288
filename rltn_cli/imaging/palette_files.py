"""Palettes from files and from hex values, and GIMP's palette files."""

import re
from pathlib import Path

import numpy as np

from rltn_cli.errors import UsageError
from rltn_cli.imaging.palette import Palette
from rltn_cli.text_files import decode_text

_HEX = re.compile(r"#?([0-9a-fA-F]{6})")
_GPL = "GIMP Palette"
_MOST_COLORS = 256
_LARGEST = 1 << 20
"""Bytes of a palette file."""


def load_palette(value: str) -> Palette:
    """Read a palette: a GIMP file (.gpl), or hex values with commas, with or without `#`.

    Raises:
        UsageError: it is neither, holds no colour, or more than 256.
    """
    parts = [part.strip() for part in value.split(",")]
    found = [_HEX.fullmatch(part) for part in parts]
    if all(found):
        return _palette([tuple(bytes.fromhex(match[1])) for match in found if match], value)
    path = Path(value)
    if not path.is_file():
        raise UsageError(
            f"{value} is neither a palette file nor hex values with commas, such as ffe2cd,3a4c96"
        )
    return _palette(_read_gpl(path), value)


def _palette(colors: list[tuple[int, ...]], name: str) -> Palette:
    """Return a palette of colours, each once, in their order."""
    distinct = list(dict.fromkeys(colors))
    if not 1 <= len(distinct) <= _MOST_COLORS:
        raise UsageError(f"{name}: a palette has from 1 to {_MOST_COLORS} colours, not {len(distinct)}")
    return Palette(np.array(distinct, np.uint8))


def _read_gpl(path: Path) -> list[tuple[int, ...]]:
    """Return the colours of a GIMP palette file."""
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{path} is too large for a palette file")
        lines = decode_text(path.read_bytes(), "replace").splitlines()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    if not lines or lines[0].strip() != _GPL:
        raise UsageError(f'{path} is no GIMP palette: its first line is not "{_GPL}"')
    colors = []
    for number, line in enumerate(lines[1:], 2):
        text = line.strip()
        if not text or text.startswith(("#", "Name:", "Columns:")):
            continue
        fields = text.split()[:3]
        if len(fields) < 3 or not all(field.isdecimal() and int(field) <= 255 for field in fields):
            raise UsageError(
                f"{path}, line {number}: expected red, green and blue from 0 to 255, not {text!r}"
            )
        colors.append(tuple(int(field) for field in fields))
    return colors


def to_gpl(palette: Palette, name: str) -> str:
    """Return a palette as the text of a GIMP palette file; each colour is named by its hex value."""
    title = " ".join(name.split()) or "palette"
    rows = [
        f"{red:3d} {green:3d} {blue:3d}\t{code}"
        for (red, green, blue), code in zip(palette.colors.tolist(), palette.hexes, strict=True)
    ]
    return "\n".join([_GPL, f"Name: {title}", "Columns: 8", "#", *rows, ""])
