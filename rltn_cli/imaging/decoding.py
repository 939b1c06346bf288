"""From an opened image file to upright sRGB arrays: depth, mode, colour profile, orientation, density."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from rltn_cli.imaging.formats import codecs, of_codec
from rltn_cli.imaging.pixels import Pixels, split_alpha, to_eight_bit, top_value

BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
    cv2.error,
)
"""What Pillow and OpenCV raise on files that are damaged; they have no common class."""


class Decoded(NamedTuple):
    """What a file holds; see `rltn_cli.imaging.pictures.Picture`."""

    color: Pixels
    alpha: Pixels | None
    dpi: tuple[float, float] | None
    notices: tuple[str, ...]


def open_image(file: BinaryIO | Path) -> Image.Image:
    """Open an image file by the readers of our formats, without decoding it.

    Raises:
        UnidentifiedImageError: it is of no format that is read here.
        One of `BROKEN`: the file is damaged.
    """
    Image.init()
    return Image.open(file, formats=[codec for codec in codecs() if codec in Image.OPEN])


def decode_image(image: Image.Image, data: bytes | None, name: str) -> Decoded:
    """Decode an opened image.

    Args:
        image: Pillow's view of the file, not yet loaded.
        data: the file's bytes, which give the pixels where Pillow would reduce 16 bits to 8; or None.
        name: what to call the picture in notices.

    Raises:
        One of `BROKEN`: the file is damaged.
    """
    notices = _frame_notices(image, name)
    deep = data is not None and _is_deep(image, data)
    swapped = _orientation(image) >= 5
    image.load()
    turn = _orientation(image)  # 1 for TIFF, which Pillow and OpenCV turn upright themselves
    dpi = _dpi(image)
    profile, unknown = _profile(image, name)
    notices += unknown
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        color, alpha = split_alpha(_high_range(np.asarray(image)))
    elif deep and data is not None:
        color, alpha = split_alpha(_decode_deep(data))
    else:
        color, alpha = _eight_bit(image, profile)
        profile = None
    if profile is not None:
        color = _deep_to_srgb(color, profile)
    color = _turned(color, turn)
    alpha = None if alpha is None else _turned(alpha, turn)
    if alpha is not None and (alpha == top_value(alpha)).all():
        alpha = None
    return Decoded(color, alpha, (dpi[1], dpi[0]) if dpi and swapped else dpi, notices)


def _frame_notices(image: Image.Image, name: str) -> tuple[str, ...]:
    """Say that a picture has more frames or pages than the one that is read."""
    row = of_codec(image.format)
    several = row.several if row else ""
    count = int(getattr(image, "n_frames", 1)) if several else 1
    image.seek(0)
    return (f"{name}: only the first of {count} {several} is read",) if count > 1 else ()


def _is_deep(image: Image.Image, data: bytes) -> bool:
    """Tell whether Pillow would silently reduce the file from 16 to 8 bits a channel."""
    if image.mode not in ("RGB", "RGBA", "LA"):
        return False
    if image.format == "PNG":
        return data[24] == 16
    return image.format == "TIFF" and set(getattr(image, "tag_v2", {}).get(258, ())) == {16}


def _decode_deep(data: bytes) -> Pixels:
    """Decode a 16-bit file with OpenCV, in RGB order; its warnings are silenced, its failures raised."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    finally:
        cv2.utils.logging.setLogLevel(level)
    if pixels is None or pixels.dtype != np.uint16:
        raise ValueError("its 16-bit pixels cannot be decoded")
    if pixels.ndim == 3 and pixels.shape[2] >= 3:
        order = cv2.COLOR_BGRA2RGBA if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGB
        pixels = cv2.cvtColor(pixels, order)
    return pixels


def _high_range(values: NDArray[Any]) -> Pixels:
    """Return 16-bit, 32-bit or float grey values as uint16 (or uint8 where whole numbers fit)."""
    if values.dtype.kind == "f":
        values = np.nan_to_num(values, nan=0.0, posinf=65535.0, neginf=0.0)
        top = float(values.max(initial=0.0))
        values = np.rint(values * (65535 if top <= 1 else 257 if top <= 255 else 1))
    narrow = values.dtype.kind == "i" and values.max(initial=0) <= 255
    depth = np.uint8 if narrow else np.uint16
    result: Pixels = np.clip(values, 0, np.iinfo(depth).max).astype(depth)
    return result


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1 where there is none or it makes no sense."""
    try:
        value = image.getexif().get(0x0112, 1)
    except BROKEN:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _turned(pixels: Pixels, orientation: int) -> Pixels:
    """Apply an EXIF orientation to (H, W[, C])."""
    if orientation == 1:
        return pixels
    flipped = pixels[:, ::-1] if orientation in (2, 4, 5, 7) else pixels
    quarters = {3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}.get(orientation, 0)
    return np.ascontiguousarray(np.rot90(flipped, quarters))


def _dpi(image: Image.Image) -> tuple[float, float] | None:
    """Return dots per inch across and down, where the file states sensible ones."""
    try:
        across, down = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if 1 < across < 1e5 and 1 < down < 1e5 else None


def _profile(image: Image.Image, name: str) -> tuple[ImageCms.ImageCmsProfile | None, tuple[str, ...]]:
    """Return the colour profile where it is one to convert from, and a notice where it is broken."""
    data = image.info.get("icc_profile")
    if not isinstance(data, bytes) or not data:
        return None, ()
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        description = ImageCms.getProfileDescription(profile)
    except (OSError, ImageCms.PyCMSError):
        return None, (f"{name}: its colour profile is damaged and is left out",)
    return (None if "srgb" in description.lower() else profile), ()


def _convert(image: Image.Image, profile: ImageCms.ImageCmsProfile | None) -> Pixels:
    """Return an 8-bit image as (H, W, 3) in sRGB; without a fitting profile the plain conversion serves."""
    space = (
        {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}.get(profile.profile.xcolor_space) if profile else None
    )
    if profile is None or space is None or (space == "CMYK") != (image.mode == "CMYK"):
        return np.array(image.convert("RGB"))
    try:
        converted = ImageCms.profileToProfile(
            image.convert(space),
            profile,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except ImageCms.PyCMSError:
        return np.array(image.convert("RGB"))
    return np.array(converted)


def _eight_bit(image: Image.Image, profile: ImageCms.ImageCmsProfile | None) -> tuple[Pixels, Pixels | None]:
    """Return the (H, W, 3) sRGB pixels and the (H, W) alpha of an 8-bit image of any mode."""
    alpha: Pixels | None = None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = np.array(image.getchannel("A"))
    return _convert(image, profile), alpha


def _deep_to_srgb(color: Pixels, profile: ImageCms.ImageCmsProfile) -> Pixels:
    """Convert 16-bit colours to sRGB: the upper 8 bits by the profile, the rest carried over.

    Pillow's colour management has 8 bits a channel only; the result is right to one 8-bit step and keeps the
    fine gradations in between.
    """
    eight = to_eight_bit(color)
    converted = _convert(Image.fromarray(eight), profile)
    if color.dtype == np.uint8:
        return converted
    rest = color.astype(np.int32) - 257 * eight.astype(np.int32)
    return np.clip(257 * converted.astype(np.int32) + rest, 0, 65535).astype(np.uint16)
