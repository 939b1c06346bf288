"""Pictures in: every format, mode, depth, orientation and colour profile becomes one kind of array."""

import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
from PIL import Image, UnidentifiedImageError

from rltn_cli.errors import PictureError
from rltn_cli.imaging.files.decoding import NoSuchPageError, decode_file
from rltn_cli.imaging.files.foreign_files import ForeignFileError
from rltn_cli.imaging.files.formats import STANDARD_STREAM
from rltn_cli.imaging.files.image_decoding import BROKEN, Decoded, decode_image
from rltn_cli.imaging.pixels import Pixels, lay_on_paper, split_alpha

PictureSource: TypeAlias = str | Path | bytes | Image.Image | Pixels
"""A path (`-` is standard input), an encoded file, a Pillow image, or an array (H, W[, 1..4])."""

MAX_PIXELS = 150_000_000
MAX_BYTES = 1 << 30


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded picture, upright, in sRGB."""

    pixels: Pixels
    """(H, W, 3) RGB, uint8 or uint16; not multiplied by alpha."""
    alpha: Pixels | None
    """(H, W) of the same type, 0 is transparent; None where all is opaque."""
    dpi: tuple[float, float] | None = None
    """Dots per inch across and down."""
    name: str = "picture"
    notices: tuple[str, ...] = ()
    """What a user should know, such as that only the first frame was read."""

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]

    def flatten(self) -> Pixels:
        """Return the picture laid on white paper: (H, W, 3) of the same type."""
        return self.pixels if self.alpha is None else lay_on_paper(self.pixels, self.alpha)


def read_picture(source: PictureSource, *, name: str = "picture", page: int = 1) -> Picture:
    """Read a picture from a file, from standard input, or from memory.

    EXIF orientation is applied, a colour profile is converted to sRGB, alpha is kept aside.

    Args:
        source: see `PictureSource`.
        name: what to call a picture from memory in messages; a file is called by its path.
        page: which page or frame of a file that has several, from 1.

    Raises:
        PictureError: it is missing, not a picture, damaged, over 150 million pixels, or has no such page.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if isinstance(source, Image.Image):
        return _from_image(source, name)
    if isinstance(source, bytes):
        return _decode(source, name, page)
    if str(source) == STANDARD_STREAM:
        return _decode(_read_standard_input(), "standard input", page)
    return _decode(read_bytes(Path(source)), str(source), page)


def read_bytes(path: Path) -> bytes:
    """Read a picture's file whole, without decoding it.

    Raises:
        PictureError: it is missing, a folder, larger than 1 GiB, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            return _read_all(file, str(path))
    except FileNotFoundError as error:
        raise PictureError(f"{path}: there is no such file") from error
    except IsADirectoryError as error:
        raise PictureError(f"{path} is a folder; name a picture, or use rltn batch for folders") from error
    except OSError as error:
        raise PictureError(f"{path}: cannot be read ({error.strerror or error})") from error


def _read_standard_input() -> bytes:
    """Read standard input whole."""
    if sys.stdin is None:
        raise PictureError("standard input is closed; name a picture, or pipe one to rltn")
    try:
        return _read_all(sys.stdin.buffer, "standard input")
    except OSError as error:
        raise PictureError(f"standard input: cannot be read ({error.strerror or error})") from error


def _read_all(file: BinaryIO, name: str) -> bytes:
    """Read a file or a pipe to its end, or raise PictureError if it is too long."""
    parts, total = [], 0
    while part := file.read(1 << 20):
        parts.append(part)
        total += len(part)
        if total > MAX_BYTES:
            raise PictureError(f"{name}: larger than 1 GiB; save it smaller")
    return b"".join(parts)


def _decode(data: bytes, name: str, page: int) -> Picture:
    """Decode an encoded picture."""
    if not data:
        raise PictureError(f"{name}: the file is empty; save it again")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _picture(decode_file(data, name, page=page, most=MAX_PIXELS), name)
    except Image.DecompressionBombError as error:
        raise PictureError(f"{name}: more than {MAX_PIXELS:,} pixels; save it smaller") from error
    except ForeignFileError as error:
        raise PictureError(f"{name}: {error}") from error
    except NoSuchPageError as error:
        raise PictureError(f"{name}: {error}; there is no page {page}") from error
    except UnidentifiedImageError as error:
        raise PictureError(f"{name}: not a picture that can be read (PNG, JPEG, WebP, TIFF, ...)") from error
    except BROKEN as error:
        raise _damaged(name, error) from error


def _damaged(name: str, error: BaseException) -> PictureError:
    """Return the error for a file that begins well and cannot be decoded."""
    reason = (str(error).strip().splitlines() or ["unreadable"])[0]
    return PictureError(f"{name}: damaged or cut short ({reason}); save it again")


def _check_size(height: int, width: int, name: str) -> None:
    """Refuse a picture that is too large, before its pixels are decoded."""
    if height * width > MAX_PIXELS:
        raise PictureError(f"{name}: {width}x{height} is more than {MAX_PIXELS:,} pixels; save it smaller")


def _from_image(image: Image.Image, name: str) -> Picture:
    """Turn an image of Pillow's into a Picture."""
    _check_size(image.height, image.width, name)
    try:
        return _picture(decode_image(image, name), name)
    except BROKEN as error:
        raise _damaged(name, error) from error


def _picture(decoded: Decoded, name: str) -> Picture:
    return Picture(decoded.color, decoded.alpha, decoded.dpi, name, decoded.notices)


def _from_array(array: Pixels) -> Picture:
    """Check an array that a caller handed over, and turn it into a Picture."""
    shape = f"an array of shape {array.shape} and type {array.dtype}"
    if array.dtype not in (np.uint8, np.uint16) or array.ndim not in (2, 3) or not array.size:
        raise PictureError(f"{shape} is not a picture; give (H, W), (H, W, 1..4), uint8 or uint16")
    if array.ndim == 3 and not 1 <= array.shape[2] <= 4:
        raise PictureError(f"{shape} is not a picture; the last axis must hold 1 to 4 channels")
    _check_size(array.shape[0], array.shape[1], "array")
    color, alpha = split_alpha(array)
    return Picture(color, alpha, name="array")
