"""What a picture's file reveals before it is decoded."""

import struct
import warnings
from pathlib import Path

from PIL import Image

from rltn_cli.imaging.decoding import BROKEN, open_image

_BEGINNINGS = (
    (b"version https://git-lfs", "a pointer of Git LFS and not the picture itself; run git lfs pull"),
    (b"<!doctype", "a web page, saved under this name"),
    (b"<html", "a web page, saved under this name"),
    (b"PK\x03\x04", "a ZIP archive; unpack it"),
)


def find_file_fault(path: Path) -> str | None:
    """Return why a file is no picture, by its first bytes; None if nothing is wrong with those."""
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    if not start:
        return "the file is empty; its download or copy was cut off"
    if not start.strip(b"\0"):
        return "the file contains only zeros; its download or copy was cut off"
    lowered = start.lstrip().lower()
    return next((fault for beginning, fault in _BEGINNINGS if lowered.startswith(beginning.lower())), None)


def read_header_size(path: Path) -> tuple[int, int] | None:
    """Return (H, W) in pixels from the file's header, without decoding; None if it has no readable header.

    Pictures that their EXIF orientation turns by 90 degrees have the two sides swapped.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with open_image(path) as image:
                return image.height, image.width
    except Image.DecompressionBombError:
        return _png_size(path)
    except BROKEN:
        return None


def _png_size(path: Path) -> tuple[int, int] | None:
    """Return (H, W) from a PNG's own header."""
    with path.open("rb") as file:
        start = file.read(24)
    if start[:8] != b"\x89PNG\r\n\x1a\n":
        return None
    width, height = struct.unpack(">II", start[16:24])
    return height, width
