"""Damage that the readers of picture files ignore, found from checksums and lengths.

Without these it cannot be found: a changed byte of a BMP, of a raw TIFF or of a palette is another picture.
"""

import struct
import zlib
from collections.abc import Callable, Mapping

from rltn_cli.imaging.files.lzw import count_gif_values

_PNG_SIGNATURE = 8
_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
_JPEG_2000_END = b"\xff\xd9"


def check_file(codec: str, data: bytes) -> tuple[str, ...]:
    """Check a file as far as its format allows, in addition to what decoding shows.

    Args:
        codec: Pillow's name of the format.
        data: the file's bytes.

    Returns:
        Notices of what is missing without harm.

    Raises:
        ValueError, IndexError, struct.error: the file is damaged or cut short.
    """
    check = _CHECKS.get(codec)
    return check(data) if check else ()


def _check_png(data: bytes) -> tuple[str, ...]:
    """Check the checksum of every chunk; the end chunk alone may be missing."""
    place, view, kind = _PNG_SIGNATURE, memoryview(data), b""
    while kind != b"IEND":
        if kind == b"IDAT" and len(data) < place + len(_PNG_END) and _PNG_END.startswith(data[place:]):
            return ("its last bytes are missing; the picture is complete",)
        (length,) = struct.unpack_from(">I", data, place)
        end = place + 8 + length
        if end + 4 > len(data):
            raise ValueError("a chunk is cut short")
        kind = data[place + 4 : place + 8]
        if zlib.crc32(view[place + 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            raise ValueError(f"the checksum of chunk {kind.decode('latin-1')!r} is wrong")
        place = end + 4
    return ()


def complete_png(data: bytes) -> bytes:
    """Return a PNG that was checked, with an end chunk if that is missing."""
    place = _PNG_SIGNATURE
    while place + 12 <= len(data):
        end = place + 12 + int(struct.unpack_from(">I", data, place)[0])
        if data[place + 4 : place + 8] == b"IEND" or end > len(data):
            break
        place = end
    return data[:place] + _PNG_END


def _check_webp(data: bytes) -> tuple[str, ...]:
    """Check that the file is as long as it says."""
    (length,) = struct.unpack_from("<4xI", data)
    if length + 8 > len(data):
        raise ValueError(f"{length + 8 - len(data)} bytes are missing")
    return ()


def _check_boxes(data: bytes) -> tuple[str, ...]:
    """Check that the boxes of an AVIF or JP2 file fill it."""
    place = 0
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, place + 8)
        if length == 0:
            break
        if length < 8 or place + length > len(data):
            raise ValueError("a box is cut short")
        place += length
    return ()


def _check_jpeg_2000(data: bytes) -> tuple[str, ...]:
    """Check that the boxes fill the file, or that a bare code stream has its end marker."""
    if data.startswith(b"\xff\x4f"):
        if not data.rstrip(b"\0").endswith(_JPEG_2000_END):
            raise ValueError("its end is missing")
        return ()
    return _check_boxes(data)


def _check_gif(data: bytes) -> tuple[str, ...]:
    """Check that the first frame has as many pixels as its size says."""
    place = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    while data[place] != 0x2C:
        if data[place] != 0x21:
            raise ValueError("a block is of an unknown kind")
        place = _after_blocks(data, place + 2)
    width, height, flags = struct.unpack_from("<5xHHB", data, place)
    place += 10 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    end = _after_blocks(data, place + 1)
    packed, at = bytearray(), place + 1
    while data[at]:
        packed += data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]
    if end > len(data) or count_gif_values(bytes(packed), data[place], width * height) != width * height:
        raise ValueError("its pixels do not fit its size")
    return ()


def _after_blocks(data: bytes, place: int) -> int:
    """Return where a row of blocks ends."""
    while data[place]:
        place += 1 + data[place]
    return place + 1


_CHECKS: Mapping[str, Callable[[bytes], tuple[str, ...]]] = {
    "PNG": _check_png,
    "WEBP": _check_webp,
    "AVIF": _check_boxes,
    "JPEG2000": _check_jpeg_2000,
    "GIF": _check_gif,
}
"""By Pillow's name of the format."""
