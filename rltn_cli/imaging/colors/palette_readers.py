"""Palette files of painting programs: GIMP's .gpl, Adobe's .ase and .aco, Krita's .kpl."""

import io
import struct
import xml.etree.ElementTree as ElementTree
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping

import cv2
import numpy as np

from rltn_cli.imaging.colors.palette import Color
from rltn_cli.text_files import decode_text

GPL = "GIMP Palette"
_ASE = b"ASEF"
_MOST_XML = 1 << 20
_RGB, _HSB, _CMYK, _LAB, _GREY = 0, 1, 2, 7, 8
"""Colour spaces of .aco files."""


class PaletteFileError(Exception):
    """What is wrong with a palette file."""


def read_gpl(data: bytes) -> list[Color]:
    """Return the colours of a GIMP palette.

    Raises:
        PaletteFileError: it is not one.
    """
    lines = decode_text(data, "replace").splitlines()
    if not lines or lines[0].strip() != GPL:
        raise PaletteFileError(f'is not a GIMP palette: its first line is not "{GPL}"')
    colors = []
    for number, line in enumerate(lines[1:], 2):
        text = line.strip()
        if not text or text.startswith(("#", "Name:", "Columns:")):
            continue
        fields = text.split()[:3]
        if len(fields) < 3 or not all(field.isdecimal() and int(field) <= 255 for field in fields):
            raise PaletteFileError(
                f"line {number}: expected red, green and blue from 0 to 255, not {text[:60]!r}"
            )
        red, green, blue = map(int, fields)
        colors.append((red, green, blue))
    return colors


def read_ase(data: bytes) -> list[Color]:
    """Return the colours of an Adobe Swatch Exchange file; layout as its writers agree on it.

    Raises:
        PaletteFileError: it is not one, or is damaged.
    """
    if not data.startswith(_ASE):
        raise PaletteFileError("is not an Adobe Swatch Exchange file")
    return _read_whole(_ase_colors, data)


def _ase_colors(data: bytes) -> Iterator[Color]:
    """Yield the colours of an .ase file's blocks."""
    _, _, count = struct.unpack_from(">HHI", data, 4)
    place = 12
    for _ in range(count):
        kind, length = struct.unpack_from(">HI", data, place)
        block = data[place + 6 : place + 6 + length]
        place += 6 + length
        if len(block) != length:
            raise ValueError("a block is cut short")
        if kind != 1:  # the beginning or the end of a group
            continue
        (name,) = struct.unpack_from(">H", block)
        model = block[2 + 2 * name : 6 + 2 * name].decode("latin-1").strip().upper()
        channels = {"RGB": 3, "CMYK": 4, "LAB": 3, "GRAY": 1}.get(model)
        if channels is None:
            raise ValueError(f"a colour has the unknown model {model!r}")
        values = struct.unpack_from(f">{channels}f", block, 6 + 2 * name)
        if not np.isfinite(values).all():
            raise ValueError("a colour is not a number")
        if model == "LAB":
            yield _from_lab(100 * values[0], values[1], values[2])
        elif model == "CMYK":
            yield _from_cmyk(*values)
        else:
            yield _bytes(values if channels == 3 else 3 * values[:1])


def read_aco(data: bytes) -> list[Color]:
    """Return the colours of an Adobe Color file (Adobe Photoshop File Formats Specification, 2019).

    Raises:
        PaletteFileError: it is not one, or is damaged.
    """
    if len(data) < 4 or struct.unpack_from(">H", data)[0] not in (1, 2):
        raise PaletteFileError("is not an Adobe Color file")
    return _read_whole(_aco_colors, data)


def _aco_colors(data: bytes) -> Iterator[Color]:
    """Yield the colours of the first section of an .aco file; a second one names the same ones."""
    version, count = struct.unpack_from(">HH", data)
    place = 4
    for _ in range(count):
        space, first, second, third, fourth = struct.unpack_from(">5H", data, place)
        place += 10
        if version == 2:
            (length,) = struct.unpack_from(">I", data, place)
            place += 4 + 2 * length
            if place > len(data):
                raise ValueError("a name is cut short")
        if space == _RGB:
            yield _bytes((first / 65535, second / 65535, third / 65535))
        elif space == _HSB:
            pixel = np.array([[(first / 65535 * 360, second / 65535, third / 65535)]], np.float32)
            yield _bytes(cv2.cvtColor(pixel, cv2.COLOR_HSV2RGB)[0, 0])
        elif space == _CMYK:
            yield _from_cmyk(*(1 - value / 65535 for value in (first, second, third, fourth)))
        elif space == _LAB:
            signed = [value - 65536 if value >= 32768 else value for value in (second, third)]
            yield _from_lab(first / 100, signed[0] / 100, signed[1] / 100)
        elif space == _GREY:
            yield _bytes(3 * [1 - first / 10000])
        else:
            raise ValueError(f"a colour has the unknown colour space {space}")


def read_kpl(data: bytes) -> list[Color]:
    """Return the colours of a Krita palette.

    Raises:
        PaletteFileError: it is not one, or is damaged.
    """
    if not data.startswith(b"PK\x03\x04"):
        raise PaletteFileError("is not a Krita palette")
    return _read_whole(_kpl_colors, data)


def _kpl_colors(data: bytes) -> Iterator[Color]:
    """Yield the colours of a Krita palette's swatches, row by row."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if archive.getinfo("colorset.xml").file_size > _MOST_XML:
            raise ValueError("its list of colours is too long")
        text = archive.read("colorset.xml")
    if b"<!DOCTYPE" in text or b"\0" in text:
        raise ValueError("its list of colours is not plain XML")
    root = ElementTree.fromstring(text)
    for group in (root, *root.iter("Group")):
        for entry in sorted(group.findall("ColorSetEntry"), key=_position):
            values = next((child for child in entry if child.tag in _KPL_MODELS), None)
            if values is None:
                raise ValueError("a colour has an unknown model")
            yield _KPL_MODELS[values.tag](values.attrib)


def _position(entry: ElementTree.Element) -> tuple[int, int]:
    """Return a swatch's row and column."""
    place = entry.find("Position")
    return (0, 0) if place is None else (int(place.get("row", "0")), int(place.get("column", "0")))


_KPL_MODELS: Mapping[str, Callable[[Mapping[str, str]], Color]] = {
    "RGB": lambda values: _bytes([float(values[name]) for name in "rgb"]),
    "sRGB": lambda values: _bytes([float(values[name]) for name in "rgb"]),
    "Gray": lambda values: _bytes(3 * [float(values["g"])]),
    "CMYK": lambda values: _from_cmyk(*(float(values[name]) for name in "cmyk")),
    "Lab": lambda values: _from_lab(
        100 * float(values["L"]), 255 * float(values["a"]) - 128, 255 * float(values["b"]) - 128
    ),
}
"""How a swatch's values become a colour, by the name of its element."""


def _read_whole(read: Callable[[bytes], Iterator[Color]], data: bytes) -> list[Color]:
    """Return all colours, or raise PaletteFileError if the file is damaged."""
    try:
        return list(read(data))
    except (
        struct.error, ValueError, KeyError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError,
        NotImplementedError, ElementTree.ParseError,
    ) as error:  # fmt: skip
        raise PaletteFileError(f"is damaged or cut short ({error})") from error


def _bytes(values: Iterable[float]) -> Color:
    """Return a colour of three values in [0, 1]."""
    red, green, blue = np.rint(255 * np.clip(np.array([*values], np.float64), 0, 1)).astype(int).tolist()
    return red, green, blue


def _from_cmyk(cyan: float, magenta: float, yellow: float, black: float) -> Color:
    """Return a colour of inks in [0, 1], without a profile, as a plain printer would mix them."""
    return _bytes([(1 - ink) * (1 - black) for ink in (cyan, magenta, yellow)])


def _from_lab(lightness: float, a: float, b: float) -> Color:
    """Return a colour of Lab, L in [0, 100]."""
    pixel = np.array([[(lightness, a, b)]], np.float32)
    return _bytes(cv2.cvtColor(pixel, cv2.COLOR_LAB2RGB)[0, 0])


READERS: Mapping[str, Callable[[bytes], list[Color]]] = {
    ".gpl": read_gpl,
    ".ase": read_ase,
    ".aco": read_aco,
    ".kpl": read_kpl,
}
"""By the suffix of a file's name."""
