"""Colour profiles: from whatever colours a file has to sRGB."""

import io

import numpy as np
from PIL import Image, ImageCms

from rltn_cli.imaging.pixels import Pixels, to_eight_bit

_SPACES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab ": "LAB"}


def read_profile(data: object, name: str) -> tuple[ImageCms.ImageCmsProfile | None, tuple[str, ...]]:
    """Return the colour profile if it has to be converted from, and a notice if it is broken.

    Args:
        data: the profile's bytes; anything else stands for none.
        name: what to call the picture in notices.
    """
    if not isinstance(data, bytes) or not data:
        return None, ()
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        description = ImageCms.getProfileDescription(profile)
    except (OSError, ImageCms.PyCMSError):
        return None, (f"{name}: its colour profile is damaged and is ignored",)
    return (None if "srgb" in description.lower() else profile), ()


def to_srgb(image: Image.Image, profile: ImageCms.ImageCmsProfile | None) -> Pixels:
    """Return an 8-bit image as (H, W, 3) in sRGB; without a matching profile by the plain conversion."""
    if image.mode == "LAB":
        profile = ImageCms.createProfile("LAB")  # type: ignore[assignment]
        space: str | None = "LAB"
    else:
        space = _SPACES.get(profile.profile.xcolor_space) if profile else None
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


def deep_to_srgb(color: Pixels, profile: ImageCms.ImageCmsProfile) -> Pixels:
    """Convert 16-bit colours to sRGB: the upper 8 bits by the profile, the rest carried over.

    Pillow's colour management has only 8 bits per channel; the result is right to one 8-bit step and keeps
    the fine gradations in between.
    """
    eight = to_eight_bit(color)
    converted = to_srgb(Image.fromarray(eight), profile)
    if color.dtype == np.uint8:
        return converted
    rest = color.astype(np.int32) - 257 * eight.astype(np.int32)
    return np.clip(257 * converted.astype(np.int32) + rest, 0, 65535).astype(np.uint16)
