"""Strips and tiles of TIFFs: whether they are whole, and their samples where Pillow cannot give them."""

import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.files.foreign_files import ForeignFileError
from rltn_cli.imaging.files.lzw import count_tiff_values
from rltn_cli.imaging.files.packbits import count_bytes, unpack_rows
from rltn_cli.imaging.files.tiff.directory import (
    BITS,
    COMPRESSION,
    DEFLATE,
    LZW,
    NONE,
    OLD_DEFLATE,
    PACKBITS,
    PHOTOMETRIC,
    PLANAR,
    PREDICTOR,
    STRIP_BYTES,
    STRIP_HEIGHT,
    STRIPS,
    TILE_BYTES,
    TILE_HEIGHT,
    TILE_WIDTH,
    TILES,
    Directory,
)

_UNREAD = {
    6: "old-style JPEG", 34712: "JPEG 2000", 33003: "JPEG 2000", 33005: "JPEG 2000", 34887: "LERC",
    50001: "WebP", 50002: "JPEG XL", 52546: "JPEG XL", 34661: "JBIG", 34715: "JBIG2", 34933: "PNG",
}  # fmt: skip
_YCBCR, _SUBSAMPLING = 6, 530
_LZW_MOST = 4 << 20
"""Bytes of LZW codes, at most, that are followed; it takes half a second per megabyte."""


def check_page(data: bytes, page: Directory) -> None:
    """Check that the parts of a page lie within the file and hold as much as its size requires.

    What deflate has compressed has checksums. LZW and PackBits show damage by giving more or fewer bytes.

    Raises:
        ForeignFileError: it is compressed in a way that is not read.
        ValueError, zlib.error: it is damaged.
    """
    packing = page.get(COMPRESSION, NONE)
    if packing in _UNREAD:
        raise ForeignFileError(
            f"a TIFF compressed with {_UNREAD[packing]}; save it with LZW or deflate, or as PNG"
        )
    if PHOTOMETRIC not in page.tags or page.get(PREDICTOR, 1) not in (1, 2, 3):
        raise ValueError("its header is invalid")
    parts, sizes = list(_parts(data, page)), _sizes(page)
    if packing in (DEFLATE, OLD_DEFLATE):
        for part, size in zip(parts, sizes, strict=False):
            if len(part) not in size:
                raise ValueError("a part of its pixels does not fit its size")
    if packing == LZW and sum(map(len, parts)) <= _LZW_MOST:
        for part, (least, most) in zip(parts, sizes, strict=False):
            old = part[:1] == b"\0" and part[1:2] and part[1] & 1
            if not old and count_tiff_values(part, most) not in (least, most):
                raise ValueError("a part of its pixels does not fit its size")
    if packing == PACKBITS:
        for part, (least, most) in zip(parts, sizes, strict=False):
            if count_bytes(part) not in (least, most):
                raise ValueError("a part of its pixels does not fit its size")


def _sizes(page: Directory) -> Iterator[tuple[int, int]]:
    """Yield how many bytes each strip or tile has: a last strip at least, and at most."""
    height, _ = page.size
    tall, wide, down, across = _layout(page)
    planes = page.channels if page.get(PLANAR, 1) == 2 else 1
    bits = page.bits * page.channels // planes if page.bits else sum(page.tags.get(BITS, (1,)))
    row = -(-wide * bits // 8)
    if page.get(PHOTOMETRIC, 1) == _YCBCR and page.tags.get(_SUBSAMPLING, (2, 2)) != (1, 1):
        return
    for _ in range(planes):
        for place in range(down * across):
            rows = tall if TILES in page.tags else min(tall, height - place // across * tall)
            yield rows * row, tall * row


def read_samples(data: bytes, page: Directory) -> NDArray[Any]:
    """Decode a page of any depth that is not compressed, or compressed with deflate or PackBits.

    Returns:
        (H, W, C) as it is stored: unsigned, signed or floating.

    Raises:
        ForeignFileError: it is of another kind.
        ValueError, zlib.error: it is damaged.
    """
    height, width = page.size
    planes = page.channels if page.get(PLANAR, 1) == 2 else 1
    channels = page.channels // planes
    if not page.bits or not page.kind or page.get(COMPRESSION, NONE) not in _UNPACKED:
        raise ForeignFileError(page.describe())
    tall, wide, down, across = _layout(page)
    decoded: NDArray[Any] | None = None
    for number, part in enumerate(_parts(data, page)):
        plane, place = divmod(number, down * across)
        if plane >= planes:
            raise ValueError("it has more parts than its size requires")
        top, left = place // across * tall, place % across * wide
        rows = tall if TILES in page.tags else min(tall, height - top)
        values = _samples(part, page, rows, wide, channels)
        if decoded is None:
            decoded = np.zeros((height, width, page.channels), values.dtype)
        fitting = values[: height - top, : width - left]
        where = decoded[top : top + tall, left : left + wide]
        where[..., plane * channels : (plane + 1) * channels] = fitting
    if decoded is None or number + 1 != planes * down * across:
        raise ValueError("some of its parts are missing")
    return decoded


_UNPACKED = (NONE, DEFLATE, OLD_DEFLATE, PACKBITS)


def _layout(page: Directory) -> tuple[int, int, int, int]:
    """Return height and width of a part, and how many there are in a column and in a row."""
    height, width = page.size
    tall = page.get(TILE_HEIGHT, 0) if TILES in page.tags else page.get(STRIP_HEIGHT, height)
    wide = page.get(TILE_WIDTH, 0) if TILES in page.tags else width
    tall = min(tall, height) if TILES not in page.tags else tall
    if not (tall and wide and height and width):
        raise ValueError("its size is invalid")
    return tall, wide, -(-height // tall), -(-width // wide)


def _places(page: Directory) -> Iterator[tuple[int, int]]:
    """Yield where each strip or tile lies, and its bytes."""
    tiled = TILES in page.tags
    places = page.tags.get(TILES if tiled else STRIPS, ())
    sizes = page.tags.get(TILE_BYTES if tiled else STRIP_BYTES, ())
    if not places or len(sizes) != len(places):
        raise ValueError("it does not say where its pixels are")
    yield from zip(places, sizes, strict=True)


def _parts(data: bytes, page: Directory) -> Iterator[bytes]:
    """Yield the strips or tiles, unpacked from deflate with their checksums checked."""
    tall, wide, _, _ = _layout(page)
    channels = 1 if page.get(PLANAR, 1) == 2 else page.channels
    bits = sum(page.tags.get(BITS, (1,))) if channels > 1 else page.bits
    most = tall * (-(-wide * max(bits, 1) * (channels if page.bits else 1) // 8) + 8) + 64
    for place, size in _places(page):
        if place + size > len(data):
            raise ValueError("its pixels are cut short")
        part = data[place : place + size]
        if page.get(COMPRESSION, NONE) in (DEFLATE, OLD_DEFLATE):
            inflate = zlib.decompressobj()
            part = inflate.decompress(part, most)
            if not inflate.eof:
                raise ValueError("a part of its pixels is cut short or too long")
        yield part


def _samples(part: bytes, page: Directory, rows: int, wide: int, channels: int) -> NDArray[Any]:
    """Return the samples of a strip or tile, (rows, wide, channels)."""
    length = -(-wide * channels * page.bits // 8)
    if page.get(COMPRESSION, NONE) == PACKBITS:
        part = unpack_rows(part, rows * length)
    if len(part) < rows * length:
        raise ValueError("a part of its pixels is cut short")
    lines = np.frombuffer(part, np.uint8, rows * length).reshape(rows, length)
    predictor = page.get(PREDICTOR, 1)
    if predictor == 3:
        return _floats_by_bytes(lines, page.bits // 8, wide, channels)
    if page.bits in (8, 16, 32, 64):
        values: NDArray[Any] = lines.view(f"{page.order}{page.kind}{page.bits // 8}")
        values = values.reshape(rows, wide, channels)
    else:
        values = _narrow(lines, page, wide * channels).reshape(rows, wide, channels)
    if predictor == 2:
        native = values.astype(values.dtype.newbyteorder("="))
        values = np.add.accumulate(native, axis=1, dtype=native.dtype)
    return values


def _narrow(lines: NDArray[np.uint8], page: Directory, count: int) -> NDArray[np.uint16]:
    """Return samples of odd numbers of bits up to 16."""
    if page.kind != "u" or page.bits > 16:
        raise ForeignFileError(page.describe())
    digits = np.unpackbits(lines, axis=1)[:, : count * page.bits].reshape(len(lines), count, page.bits)
    weights = (1 << np.arange(page.bits)[::-1]).astype(np.uint32)
    return (digits @ weights).astype(np.uint16)


def _floats_by_bytes(lines: NDArray[np.uint8], size: int, wide: int, channels: int) -> NDArray[Any]:
    """Undo the predictor for floats: the bytes of a row apart, the highest first, as differences."""
    summed = lines.copy()
    for first in range(channels):
        summed[:, first::channels] = np.add.accumulate(lines[:, first::channels], axis=1, dtype=np.uint8)
    planes = summed.reshape(len(lines), size, wide * channels)
    values = np.ascontiguousarray(planes.transpose(0, 2, 1)).view(f">f{size}")
    return values.reshape(len(lines), wide, channels)
