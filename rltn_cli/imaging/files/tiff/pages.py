"""Pages of TIFFs that Pillow cannot read, misreads, or reduces to 8 bits: all whose samples are not bytes."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.files.depth import to_depth
from rltn_cli.imaging.files.foreign_files import ForeignFileError
from rltn_cli.imaging.files.opencv_log import quiet_opencv
from rltn_cli.imaging.files.tiff.directory import (
    COMPRESSION,
    EXTRA_SAMPLES,
    LZW,
    NONE,
    PHOTOMETRIC,
    PLANAR,
    Directory,
)
from rltn_cli.imaging.files.tiff.samples import check_page, read_samples
from rltn_cli.imaging.pixels import Pixels, split_alpha, top_value

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB = 0, 1, 2
_ASSOCIATED, _UNASSOCIATED = 1, 2
_X_RESOLUTION, _Y_RESOLUTION, _UNIT, _ORIENTATION, _MAXIMUM, _PROFILE = 282, 283, 296, 274, 281, 34675
_PER_INCH = {2: 1.0, 3: 2.54}
_OPENCV_BITS = (10, 12, 14, 16, 32, 64)
_OPENCV_KINDS = (("u", 16), ("i", 16), ("u", 32), ("f", 32), ("f", 64))
"""What OpenCV reads of LZW where nothing is damaged."""


def is_ordinary(page: Directory) -> bool:
    """Return whether Pillow reads a page as it is: bits and bytes of integers, in any colours."""
    return 0 < page.bits <= 8 and page.kind == "u"


def read_page(data: bytes, pages: list[Directory], number: int) -> tuple[Pixels, Pixels | None, str | None]:
    """Decode a page that is not ordinary.

    Args:
        data: the file.
        pages: its pages.
        number: of the page, from 1.

    Returns:
        Upright (H, W, 3) and (H, W) or None, uint8 or uint16, and notices about them.

    Raises:
        ForeignFileError: its samples are of a kind that is not read.
        One of `rltn_cli.imaging.files.decoding.BROKEN`: it is damaged.
    """
    page = pages[number - 1]
    check_page(data, page)
    photometric = page.get(PHOTOMETRIC, _BLACK_IS_ZERO)
    colors = 3 if photometric == _RGB else 1
    if photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB) or page.channels < colors:
        raise ForeignFileError(_make_error(page))
    samples, bits = _samples(data, page, number)
    extra = page.tags.get(EXTRA_SAMPLES, (_UNASSOCIATED,))[0]
    seen_through = page.channels > colors and extra in (_ASSOCIATED, _UNASSOCIATED)
    used = samples[..., : colors + seen_through]
    pixels, remark = to_depth(used, bits, white=page.get(_MAXIMUM, 0))
    color, alpha = split_alpha(pixels)
    if photometric == _WHITE_IS_ZERO:
        color = top_value(color) - color
    if alpha is not None and extra == _ASSOCIATED:
        color = _unmultiply(color, alpha)
    return color, alpha, remark


def _samples(data: bytes, page: Directory, number: int) -> tuple[NDArray[Any], int]:
    """Return a page's samples (H, W, C), upright, and how many bits they have now."""
    try:
        samples = read_samples(data, page)
    except ForeignFileError:
        return _decode_by_opencv(data, page, number)
    return apply_orientation(samples, page.get(_ORIENTATION, 1)), page.bits


def _decode_by_opencv(data: bytes, page: Directory, number: int) -> tuple[NDArray[Any], int]:
    """Decode other compressions; OpenCV turns the picture upright, and makes 16 bits of 10, 12 and 14."""
    if page.bits not in _OPENCV_BITS or page.get(PLANAR, 1) != 1 or page.channels > 4:
        raise ForeignFileError(_make_error(page))
    with quiet_opencv():
        encoded = np.frombuffer(data, np.uint8)
        done, pages = cv2.imdecodemulti(encoded, cv2.IMREAD_UNCHANGED, range=(number - 1, number))
    if not done or len(pages) != 1:
        if page.get(COMPRESSION, NONE) == LZW and (page.kind, page.bits) in _OPENCV_KINDS:
            raise ValueError("its pixels cannot be decoded")
        raise ForeignFileError(_make_error(page))
    pixels: NDArray[Any] = pages[0] if pages[0].ndim == 3 else pages[0][..., None]
    if pixels.shape[2] != page.channels:
        raise ValueError("its pixels do not fit its header")
    if pixels.shape[2] >= 3:
        pixels = np.concatenate([pixels[..., 2::-1], pixels[..., 3:]], axis=2)
    return pixels, 16 if page.bits < 16 else page.bits


def _make_error(page: Directory) -> str:
    return f"a TIFF of {page.describe()}, compressed or arranged in an unusual way; save it with 8 or 16 bits"


def _unmultiply(color: Pixels, alpha: Pixels) -> Pixels:
    """Divide colours by the alpha that they are multiplied with."""
    top = top_value(color)
    divided = color * (top / np.maximum(alpha, 1).astype(np.float32))[..., None]
    return np.rint(np.minimum(divided, top)).astype(color.dtype)


def dpi_of(page: Directory) -> tuple[float, float] | None:
    """Return dots per inch across and down, of the upright page."""
    across, down = (page.tags.get(tag, ()) for tag in (_X_RESOLUTION, _Y_RESOLUTION))
    scale = _PER_INCH.get(page.get(_UNIT, 2))
    if scale is None or len(across) != 2 or len(down) != 2 or not across[1] or not down[1]:
        return None
    values = across[0] / across[1] * scale, down[0] / down[1] * scale
    return values[::-1] if page.get(_ORIENTATION, 1) >= 5 else values


def profile_of(page: Directory) -> bytes:
    """Return the colour profile; empty where there is none."""
    return bytes(page.tags.get(_PROFILE, ()))


def apply_orientation(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Apply an EXIF orientation to (H, W[, C])."""
    if not 2 <= orientation <= 8:
        return pixels
    flipped = pixels[:, ::-1] if orientation in (2, 4, 5, 7) else pixels
    quarters = {3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}.get(orientation, 0)
    return np.ascontiguousarray(np.rot90(flipped, quarters))
