"""Photoshop's PSD and PSB: the merged picture, of any depth and colour mode, decoded strictly.

Layout: Adobe Photoshop File Formats Specification, 2019. Pillow's reader knows only 8 bits, and does not
notice damage.
"""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.files.foreign_files import ForeignFileError
from rltn_cli.imaging.files.packbits import check_rows, unpack
from rltn_cli.imaging.pixels import Pixels, top_value

SIGNATURE = b"8BPS"
_BITMAP, _GREY, _INDEXED, _RGB, _CMYK, _DUOTONE, _LAB = 0, 1, 2, 3, 4, 8, 9
_MODES = {_BITMAP: "L", _GREY: "L", _INDEXED: "P", _RGB: "RGB", _CMYK: "CMYK", _DUOTONE: "L", _LAB: "LAB"}
_COLORS = {"L": 1, "P": 1, "RGB": 3, "CMYK": 4, "LAB": 3}
_RAW, _PACKED, _ZIP, _ZIP_PREDICTED = range(4)
_RESOLUTION, _PROFILE, _ALPHA_NAMES, _ALPHA_NUMBERS, _VERSION = 1005, 1039, (1006, 1045), 1053, 1057
_CHANNELS_MOST = 56


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged picture of a PSD."""

    mode: str
    """Pillow's name: L, RGB, CMYK (0 is no ink) or LAB."""
    samples: NDArray[Any]
    """(H, W, C), uint8, uint16, or float32 of linear light; not multiplied by alpha."""
    alpha: NDArray[Any] | None
    """(H, W) of the same type."""
    profile: bytes | None
    dpi: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Header:
    """The first 26 bytes."""

    version: int
    channels: int
    height: int
    width: int
    depth: int
    mode: str

    @property
    def row(self) -> int:
        """Bytes of a channel's row."""
        return -(-self.width * self.depth // 8)


def read_header(data: bytes) -> Header:
    """Return what the header says.

    Raises:
        ValueError, struct.error: it is damaged.
        ForeignFileError: it is of a kind that is not read.
    """
    version, channels, height, width, depth, number = struct.unpack_from(">4xH6x HIIHH", data)
    if number == 7:
        raise ForeignFileError("a PSD in multichannel mode; convert it to RGB")
    most = 30_000 if version == 1 else 300_000
    if version not in (1, 2) or not 0 < height <= most or not 0 < width <= most:
        raise ValueError("its header is invalid")
    if number not in _MODES or depth not in (1, 8, 16, 32) or (depth == 1) != (number == _BITMAP):
        raise ValueError("its header is invalid")
    mode = _MODES[number]
    if not _COLORS[mode] <= channels <= _CHANNELS_MOST:
        raise ValueError("its header is invalid")
    return Header(version, channels, height, width, depth, mode)


def read_merged(data: bytes) -> Merged:
    """Decode the merged picture.

    Raises:
        ValueError, struct.error, zlib.error: the file is damaged.
        ForeignFileError: it is of a kind that is not read, or was saved without the merged picture.
    """
    header = read_header(data)
    palette, place = _section(data, 26)
    stored, place = _section(data, place)
    layers, place = _section(data, place, wide=header.version == 2)
    resources = _resources(stored)
    if not resources.get(_VERSION, b"\0\0\0\0\1")[4:5].strip(b"\0"):
        raise ForeignFileError(
            "a PSD without its merged picture; save it with Photoshop's setting Maximize Compatibility"
        )
    colors = _COLORS[header.mode]
    seen_through = header.channels > colors and _is_transparent(layers, resources, header)
    planes = _read_planes(data, place, header)
    used = planes[: colors + seen_through]
    samples = np.ascontiguousarray(np.moveaxis(_values(used, header), 0, 2))
    alpha = np.ascontiguousarray(samples[..., colors]) if seen_through else None
    samples, mode = samples[..., :colors], header.mode
    if mode == "P":
        samples, mode = _look_up_colors(samples[..., 0], palette), "RGB"
    if alpha is not None and mode != "LAB":
        samples = _remove_white(samples, alpha)
    if mode == "CMYK":
        samples = top_value(samples) - samples if samples.dtype.kind == "u" else 1 - samples
    return Merged(mode, samples, alpha, resources.get(_PROFILE), _dpi(resources.get(_RESOLUTION, b"")))


def _section(data: bytes, place: int, *, wide: bool = False) -> tuple[bytes, int]:
    """Return a section that begins with its length, and where the next one begins."""
    (length,) = struct.unpack_from(">Q" if wide else ">I", data, place)
    place += 8 if wide else 4
    if place + length > len(data):
        raise ValueError("a section is cut short")
    return data[place : place + length], place + length


def _resources(data: bytes) -> dict[int, bytes]:
    """Return the image resources by their numbers."""
    found: dict[int, bytes] = {}
    place = 0
    while place + 12 <= len(data):
        number, name = struct.unpack_from(">4xHB", data, place)
        place += 6 + (name + 2) // 2 * 2
        value, end = _section(data, place)
        found[number] = value
        place = end + len(value) % 2
    return found


def _is_transparent(layers: bytes, resources: Mapping[int, bytes], header: Header) -> bool:
    """Return whether the channel after the colours is transparency, and not a saved selection."""
    wide = header.version == 2
    length = struct.unpack_from(">Q" if wide else ">I", layers)[0] if len(layers) >= 10 else 0
    first = 8 if wide else 4
    if length >= 2:
        return bool(struct.unpack_from(">h", layers, first)[0] < 0)
    if any(key in layers for key in (b"Mtrn", b"Mt16", b"Mt32")):
        return True
    for key in (b"Lr16", b"Lr32"):
        place = layers.find(b"8BIM" + key)
        if place >= 0:
            count = struct.unpack_from(">h", layers, place + 8 + first)
            return bool(count[0] < 0)
    numbers = resources.get(_ALPHA_NUMBERS, b"")
    if len(numbers) >= 4:
        return not any(numbers[:4])
    return not any(resources.get(name) for name in _ALPHA_NAMES)


def _read_planes(data: bytes, place: int, header: Header) -> NDArray[np.uint8]:
    """Unpack the merged picture's channels: (C, H, bytes of a row)."""
    (packing,) = struct.unpack_from(">H", data, place)
    place += 2
    shape = (header.channels, header.height, header.row)
    total = shape[0] * shape[1] * shape[2]
    if packing == _RAW:
        if len(data) - place < total:
            raise ValueError("its pixels are cut short")
        return np.frombuffer(data, np.uint8, total, place).reshape(shape)
    if packing == _PACKED:
        return np.frombuffer(_unpack_run_lengths(data, place, header, total), np.uint8).reshape(shape)
    if packing in (_ZIP, _ZIP_PREDICTED):
        inflate = zlib.decompressobj()
        planes = np.frombuffer(inflate.decompress(data[place:], total + 1), np.uint8)
        if not inflate.eof or planes.size != total:
            raise ValueError("its pixels are cut short or too long")
        planes = planes.reshape(shape)
        return _undo_prediction(planes, header) if packing == _ZIP_PREDICTED else planes
    raise ValueError("its pixels are compressed in an unknown way")


def _unpack_run_lengths(data: bytes, place: int, header: Header, total: int) -> bytes:
    """Unpack run lengths, after the lengths of all rows."""
    rows = header.channels * header.height
    kind = ">u2" if header.version == 1 else ">u4"
    first = place + rows * int(kind[-1])
    lengths = np.frombuffer(data[place:first], kind).astype(np.int64)
    if len(lengths) != rows or first + int(lengths.sum()) > len(data):
        raise ValueError("its pixels are cut short")
    ends = np.cumsum(lengths)
    packed = data[first : first + int(ends[-1])]
    check_rows(np.frombuffer(packed, np.uint8), ends - lengths, ends, np.full(rows, header.row))
    return unpack(packed, total)


def _undo_prediction(planes: NDArray[np.uint8], header: Header) -> NDArray[np.uint8]:
    """Undo the prediction of rows."""
    if header.depth == 32:
        raise ForeignFileError("a PSD of 32 bits packed in an unusual way; save it with 16 bits")
    values = planes.view(">u2") if header.depth == 16 else planes
    summed = np.add.accumulate(values.astype(values.dtype.newbyteorder("=")), axis=2, dtype=values.dtype)
    return np.ascontiguousarray(summed).view(np.uint8)


def _values(planes: NDArray[np.uint8], header: Header) -> NDArray[Any]:
    """Return channels as uint8, uint16 or float32: (C, H, W)."""
    if header.depth == 1:
        return np.where(np.unpackbits(planes, axis=2)[..., : header.width], np.uint8(0), np.uint8(255))
    if header.depth == 8:
        return planes
    kind = ">u2" if header.depth == 16 else ">f4"
    return planes.view(kind).astype(kind.replace(">", "="))


def _look_up_colors(indices: NDArray[np.uint8], palette: bytes) -> Pixels:
    """Return the colours of an indexed picture."""
    if len(palette) < 768:
        raise ValueError("its palette is cut short")
    return np.frombuffer(palette, np.uint8, 768).reshape(3, 256).T[indices]


def _remove_white(samples: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Remove the white that a merged picture is laid on where it is transparent."""
    white = 1.0 if samples.dtype.kind == "f" else float(top_value(samples))
    result = samples.copy()
    for row in range(0, len(samples), 256):
        part = slice(row, row + 256)
        share = alpha[part, :, None].astype(np.float32) / white
        bare = white - (white - samples[part]) / np.maximum(share, 1 / white)
        bare = np.clip(bare, 0, white)
        result[part] = np.rint(bare) if samples.dtype.kind == "u" else bare
    return result


def _dpi(data: bytes) -> tuple[float, float] | None:
    """Return dots per inch across and down, as the file states them."""
    if len(data) < 16:
        return None
    across, down = struct.unpack_from(">I4xI", data)
    return across / 65536, down / 65536
