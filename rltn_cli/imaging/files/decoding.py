"""From an image file to upright sRGB arrays: depth, mode, colour profile, orientation, density.

Every file is decoded once and strictly: what its format or its reader reveals of damage is an error.
"""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from rltn_cli.imaging.files import jpeg_scan, psd
from rltn_cli.imaging.files.color_profiles import deep_to_srgb, read_profile, to_srgb
from rltn_cli.imaging.files.foreign_files import ForeignFileError, name_foreign
from rltn_cli.imaging.files.formats import codecs, of_codec
from rltn_cli.imaging.files.image_decoding import Decoded, decode_image, opaque_is_none, sensible_dpi
from rltn_cli.imaging.files.integrity import check_file, complete_png
from rltn_cli.imaging.files.merged_archives import merged_png
from rltn_cli.imaging.files.opencv_log import quiet_opencv
from rltn_cli.imaging.files.optional_readers import codec_of
from rltn_cli.imaging.files.tiff import pages as tiff_pages
from rltn_cli.imaging.files.tiff.directory import RAW_PHOTO, read_directories
from rltn_cli.imaging.files.tiff.samples import check_page
from rltn_cli.imaging.pixels import Pixels, split_alpha, to_eight_bit

_ARCHIVE = b"PK\x03\x04"
_JPEG = b"\xff\xd8\xff"
_TIFF = (b"II", b"MM")
_TIFF_VERSIONS = {b"II": (b"*\0", b"+\0"), b"MM": (b"\0*", b"\0+")}
_KNOWN = (b"\x89PNG", _JPEG, b"GIF8", b"BM", b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51")
"""How files of our formats begin."""


class NoSuchPageError(Exception):
    """The requested page does not exist; the message says how many pages there are."""


def open_image(file: BinaryIO | Path) -> Image.Image:
    """Open an image file by the readers of our formats, without decoding it.

    Raises:
        UnidentifiedImageError: it has no format that is read here.
        One of `BROKEN`: the file is damaged.
    """
    Image.init()
    return Image.open(file, formats=[codec for codec in codecs() if codec in Image.OPEN])


def decode_file(data: bytes, name: str, *, page: int = 1, most: int) -> Decoded:
    """Decode an encoded picture.

    Args:
        data: the file.
        name: what to call the picture in notices.
        page: which of its pages or frames, from 1.
        most: pixels that it may have.

    Raises:
        ForeignFileError: it is of a kind that is not read.
        UnidentifiedImageError: it is of no known kind.
        NoSuchPageError: it has fewer pages.
        DecompressionBombError: it is too large.
        One of `BROKEN`: the file is damaged.
    """
    if data.startswith(_ARCHIVE):
        data = merged_png(data)
    if data.startswith(psd.SIGNATURE):
        return _decode_psd(data, name, page, most)
    if data[:2] in _TIFF and data[2:4] in _TIFF_VERSIONS[data[:2]]:
        return _decode_tiff(data, name, page, most)
    return _decode_by_pillow(data, name, page, most)


def _decode_by_pillow(data: bytes, name: str, page: int, most: int) -> Decoded:
    """Decode what Pillow reads."""
    notices: tuple[str, ...] = ()
    is_jpeg = data.startswith(_JPEG)
    if is_jpeg:
        data, added = jpeg_scan.complete(data)
        notices = (jpeg_scan.NO_END,) if added else ()
    codec_of(data)  # from now on Pillow knows a reader that is installed
    with _open(data) as image:
        _check_size(image.width, image.height, most)
        row = of_codec(image.format)
        several = row.several if row else ""
        notices += _check_page(int(getattr(image, "n_frames", 1)) if several else 1, several, page)
        if several:
            image.seek(page - 1)
        notices += check_file(image.format or "", data)
        deep = (
            _decode_deep_png(data)
            if image.format == "PNG" and page == 1 and _is_deep_png(image, data)
            else None
        )
        decoded = decode_image(image, name, deep)
        if is_jpeg:
            jpeg_scan.check_scans(data)
    return _add_notices(decoded, notices, name)


def _open(data: bytes) -> Image.Image:
    """Open a file, or raise an error that names what it is instead."""
    try:
        image = open_image(io.BytesIO(data))
    except UnidentifiedImageError:
        if (foreign := name_foreign(data)) is not None:
            raise ForeignFileError(foreign) from None
        if data.startswith(_KNOWN):
            raise ValueError("its header is broken") from None
        raise
    if image.format == "TGA" and (foreign := name_foreign(data)) is not None:
        raise ForeignFileError(foreign)  # its first bytes do not identify it
    return image


def _check_size(width: int, height: int, most: int) -> None:
    if width * height > most:
        raise Image.DecompressionBombError(f"{width}x{height}")


def _check_page(count: int, several: str, page: int) -> tuple[str, ...]:
    """Return a notice if there are more pages or frames than the first, or raise NoSuchPageError."""
    if page > count:
        raise NoSuchPageError(f"has {count} {several}" if count > 1 else "has one page")
    return (f"only the first of {count} {several} is read",) if count > 1 and page == 1 else ()


def _add_notices(decoded: Decoded, notices: Sequence[str], name: str) -> Decoded:
    return replace(decoded, notices=(*(f"{name}: {text}" for text in notices), *decoded.notices))


def _decode_tiff(data: bytes, name: str, page: int, most: int) -> Decoded:
    """Decode a page of a TIFF."""
    if (foreign := name_foreign(data)) is not None:
        raise ForeignFileError(foreign)
    pages = read_directories(data)
    if not pages:
        raise ValueError("it contains no picture")
    notices = _check_page(len(pages), "pages", page)
    directory = pages[page - 1]
    if RAW_PHOTO in directory.tags:
        raise ForeignFileError("a camera's raw file (DNG); develop it to TIFF or JPEG")
    _check_size(directory.size[1], directory.size[0], most)
    if tiff_pages.is_ordinary(directory):
        check_page(data, directory)
        return _add_notices(_decode_tiff_by_pillow(data, name, page), notices, name)
    try:
        color, alpha, remark = tiff_pages.read_page(data, pages, page)
    except ForeignFileError as error:
        if directory.kind != "u":
            raise
        try:
            decoded = _decode_tiff_by_pillow(data, name, page)
        except UnidentifiedImageError:
            raise error from None
        return _add_notices(decoded, (*notices, "it is read with 8 bits"), name)
    profile, unknown = read_profile(tiff_pages.profile_of(directory), name)
    if profile is not None:
        color = deep_to_srgb(color, profile)
    decoded = Decoded(color, opaque_is_none(alpha), sensible_dpi(tiff_pages.dpi_of(directory)), unknown)
    return _add_notices(decoded, (*notices, *([remark] if remark else ())), name)


def _decode_tiff_by_pillow(data: bytes, name: str, page: int) -> Decoded:
    with open_image(io.BytesIO(data)) as image:
        image.seek(page - 1)
        return decode_image(image, name)


def _decode_psd(data: bytes, name: str, page: int, most: int) -> Decoded:
    """Decode the merged picture of a PSD."""
    _check_page(1, "", page)
    header = psd.read_header(data)
    _check_size(header.width, header.height, most)
    merged = psd.read_merged(data)
    profile, notices = read_profile(merged.profile, name)
    alpha = merged.alpha
    if merged.samples.dtype.kind == "f":
        linear = np.clip(merged.samples, 0, 1)
        curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
        merged = replace(merged, samples=np.rint(65_535 * curved).astype(np.uint16))
        alpha = None if alpha is None else np.rint(65_535 * np.clip(alpha, 0, 1)).astype(np.uint16)
        profile = None  # it describes linear light
    if merged.mode in ("L", "RGB"):
        color, _ = split_alpha(merged.samples)
        color = color if profile is None else deep_to_srgb(color, profile)
    else:
        eight = to_eight_bit(merged.samples)
        channels = [Image.fromarray(channel) for channel in np.ascontiguousarray(np.moveaxis(eight, 2, 0))]
        color = to_srgb(Image.merge(merged.mode, channels), profile)
        alpha = None if alpha is None else to_eight_bit(alpha)
    return Decoded(color, opaque_is_none(alpha), sensible_dpi(merged.dpi), notices)


def _is_deep_png(image: Image.Image, data: bytes) -> bool:
    """Return whether Pillow would silently reduce the file from 16 to 8 bits per channel."""
    return image.mode in ("RGB", "RGBA", "LA") and data[24] == 16


def _decode_deep_png(data: bytes) -> Pixels:
    """Decode a 16-bit PNG with OpenCV, in RGB order; warnings are silenced, failures raised."""
    with quiet_opencv():
        pixels = cv2.imdecode(np.frombuffer(complete_png(data), np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint16:
        raise ValueError("its 16-bit pixels cannot be decoded")
    if pixels.ndim == 3 and pixels.shape[2] >= 3:
        order = cv2.COLOR_BGRA2RGBA if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGB
        pixels = cv2.cvtColor(pixels, order)
    return pixels
