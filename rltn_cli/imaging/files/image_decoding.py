"""From an image of Pillow's to upright sRGB arrays: depth, mode, colour profile, orientation, density."""

import struct
import zlib
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageCms

from rltn_cli.imaging.files.color_profiles import deep_to_srgb, read_profile, to_srgb
from rltn_cli.imaging.files.depth import to_depth
from rltn_cli.imaging.files.tiff.pages import apply_orientation
from rltn_cli.imaging.pixels import Pixels, split_alpha, top_value

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
    RuntimeError,
    struct.error,
    zlib.error,
    cv2.error,
)
"""What Pillow and OpenCV raise on files that are damaged; they have no common class."""


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """What a file holds; see `rltn_cli.imaging.files.pictures.Picture`."""

    color: Pixels
    alpha: Pixels | None
    dpi: tuple[float, float] | None
    notices: tuple[str, ...]


def decode_image(image: Image.Image, name: str, deep: Pixels | None = None) -> Decoded:
    """Decode an opened image.

    Args:
        image: Pillow's view of the file, or an image from memory.
        name: what to call the picture in notices.
        deep: the file's pixels where Pillow would reduce them from 16 bits to 8.

    Raises:
        One of `BROKEN`: the file is damaged.
    """
    swapped = image.format == "TIFF" and _orientation(image) >= 5
    image.load()  # before all else: other calls load the pixels without reporting damage
    turn = _orientation(image)  # 1 for TIFF, which Pillow turns upright itself
    profile, notices = read_profile(image.info.get("icc_profile"), name)
    if deep is None and (image.mode.startswith("I;16") or image.mode in ("I", "F")):
        bits = 16 if image.mode.startswith("I;16") or image.format == "PPM" else 32
        deep, remark = to_depth(np.asarray(image), bits)
        notices += (f"{name}: {remark}",) if remark else ()
    if deep is not None:
        color, alpha = split_alpha(deep)
        color = color if profile is None else deep_to_srgb(color, profile)
    else:
        color, alpha = _decode_eight_bit(image, profile)
    color = apply_orientation(color, turn)
    alpha = None if alpha is None else apply_orientation(alpha, turn)
    dpi = sensible_dpi(image.info.get("dpi"))
    if dpi and (swapped or turn >= 5):
        dpi = dpi[1], dpi[0]
    return Decoded(color, opaque_is_none(alpha), dpi, notices)


def opaque_is_none(alpha: Pixels | None) -> Pixels | None:
    """Return alpha, or None where all is opaque."""
    return None if alpha is None or (alpha == top_value(alpha)).all() else alpha


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1 if there is none or it is invalid."""
    try:
        value = image.getexif().get(0x0112, 1)
    except BROKEN:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def sensible_dpi(dpi: object) -> tuple[float, float] | None:
    """Return dots per inch across and down, if they are plausible."""
    try:
        across, down = (float(value) for value in dpi)  # type: ignore[attr-defined]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if 1 < across < 1e5 and 1 < down < 1e5 else None


def _decode_eight_bit(
    image: Image.Image, profile: ImageCms.ImageCmsProfile | None
) -> tuple[Pixels, Pixels | None]:
    """Return the (H, W, 3) sRGB pixels and the (H, W) alpha of an 8-bit image of any mode."""
    alpha: Pixels | None = None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = np.array(image.getchannel("A"))
    return to_srgb(image, profile), alpha
