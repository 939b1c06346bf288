"""What a picture's file reveals before it is decoded."""

import struct
import warnings
from pathlib import Path

from PIL import Image

from rltn_cli.imaging.files.decoding import open_image
from rltn_cli.imaging.files.foreign_files import name_foreign
from rltn_cli.imaging.files.image_decoding import BROKEN


def find_file_fault(path: Path) -> str | None:
    """Return why a file is not a picture, by its first bytes; None if nothing is wrong with those."""
    try:
        with path.open("rb") as file:
            start = file.read(1500)
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    if start.startswith(b"PK") and Path(path).suffix.lower() in (".ora", ".kra"):
        return None
    return name_foreign(start)


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
