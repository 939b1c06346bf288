"""Geometry: from a picture's own size to the network's, with the record that undoes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.errors import PictureError
from rltn_cli.imaging.pixels import Bytes, Floats
from rltn_cli.sizes import PICTURE_SHORTEST, PICTURE_WIDEST, SIDE_MINIMUM, SIDE_MULTIPLE

T = TypeVar("T", bound=np.generic)

TILE = 4
"""A canvas longer than this many times its shorter side is painted in overlapping tiles."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How a picture was brought to the network's canvas; can undo it.

    The picture was resized to `inner` and mirrored at the right and the bottom to fill `canvas`.
    """

    native: tuple[int, int]
    """(H, W) of the picture."""
    inner: tuple[int, int]
    """(H, W) of the resized picture on the canvas."""
    canvas: tuple[int, int]
    """(H, W) of the canvas, multiples of 16."""

    def crop(self, values: NDArray[T], stride: int = 1) -> NDArray[T]:
        """Cut the picture out of values on the canvas.

        Args:
            values: (canvas H / stride, canvas W / stride, ...).
            stride: pixels of the canvas that a value stands for.

        Returns:
            (inner H / stride, inner W / stride, ...), rounded up.
        """
        height, width = (-(-side // stride) for side in self.inner)
        return values[:height, :width]

    def tiles(self) -> tuple[tuple[slice, slice], ...]:
        """Return the rows and columns of the tiles that cover the canvas; one, unless it is longer than 4:1.

        Tiles have one size, begin at multiples of 16 and overlap by at least half the shorter side.
        """
        short, long = min(self.canvas), max(self.canvas)
        if long <= TILE * short:
            return ((slice(0, self.canvas[0]), slice(0, self.canvas[1])),)
        length = TILE * short
        count = 1 + -(-(long - length) // (length - short // 2))
        starts = [
            round(i * (long - length) / (count - 1) / SIDE_MULTIPLE) * SIDE_MULTIPLE for i in range(count)
        ]
        spans = [slice(start, start + length) for start in starts]
        whole = slice(0, short)
        return tuple((span, whole) if self.canvas[0] == long else (whole, span) for span in spans)

    def join(self, parts: Sequence[Floats], stride: int = 1) -> Floats:
        """Put the values of the tiles together; where tiles overlap, one fades into the other.

        Args:
            parts: for each of `tiles()`, (tile H / stride, tile W / stride, C).
            stride: pixels of the canvas that a value stands for.

        Returns:
            (canvas H / stride, canvas W / stride, C) float32.
        """
        if len(parts) == 1:
            return parts[0]
        height, width = self.canvas[0] // stride, self.canvas[1] // stride
        total = np.zeros((height, width, parts[0].shape[2]), np.float32)
        weights = np.zeros((height, width, 1), np.float32)
        for (rows, columns), part in zip(self.tiles(), parts, strict=True):
            place = (
                slice(rows.start // stride, rows.stop // stride),
                slice(columns.start // stride, columns.stop // stride),
            )
            ramps = [np.minimum(np.arange(n) + 1, np.arange(n)[::-1] + 1) for n in part.shape[:2]]
            long = 0 if part.shape[0] >= part.shape[1] else 1
            weight = np.minimum(ramps[long], min(part.shape[:2]) // 2).astype(np.float32)
            weight = weight[:, None, None] if long == 0 else weight[None, :, None]
            total[place] += part * weight
            weights[place] += weight
        return total / weights


def plan_fit(native: tuple[int, int], size: int, name: str = "picture") -> Fit:
    """Choose the canvas: the shorter side becomes `size`, the aspect stays, both sides are multiples of 16.

    Args:
        native: (H, W) of the picture.
        size: pixels of the shorter side for the network, at least 64.
        name: what to call the picture in messages.

    Raises:
        PictureError: the picture is too small or too narrow.
    """
    short, long = min(native), max(native)
    if short < PICTURE_SHORTEST:
        raise PictureError(
            f"{name}: {native[1]}x{native[0]} is too small; each side needs at least {PICTURE_SHORTEST}"
            " pixels"
        )
    if long > PICTURE_WIDEST * short:
        raise PictureError(
            f"{name}: {native[1]}x{native[0]} is too narrow; cut it into parts of {PICTURE_WIDEST}:1 at most"
        )
    scale = max(size, SIDE_MINIMUM) / short
    inner = (max(1, round(native[0] * scale)), max(1, round(native[1] * scale)))
    canvas = (_whole(inner[0]), _whole(inner[1]))
    return Fit(native, inner, canvas)


def _whole(side: int) -> int:
    """Round up to a multiple of 16."""
    return -(-side // SIDE_MULTIPLE) * SIDE_MULTIPLE


def fit_sketch(grey: Bytes, size: int, name: str = "sketch") -> tuple[Bytes, Fit]:
    """Bring a sketch to the network's canvas without losing thin lines.

    Args:
        grey: (H, W), black lines on white.
        size: pixels of the shorter side.
        name: what to call the picture in messages.

    Returns:
        (canvas, fit): (H', W') uint8, and the record that undoes it.

    Raises:
        PictureError: the picture is too small or too narrow.
    """
    fit = plan_fit((grey.shape[0], grey.shape[1]), size, name)
    return _pad(shrink_lines(grey, fit.inner), fit), fit


def fit_reference(color: Bytes, size: int, name: str = "reference") -> tuple[Bytes, Fit]:
    """Bring a reference to the network's canvas; one longer than 4:1 is squeezed to that.

    Args:
        color: (H, W, 3).
        size: pixels of the shorter side.
        name: what to call the picture in messages.

    Returns:
        (canvas, fit): (H', W', 3) uint8, and the record that undoes it.

    Raises:
        PictureError: the picture is too small or too narrow.
    """
    fit = plan_fit((color.shape[0], color.shape[1]), size, name)
    height, width = (min(side, TILE * min(fit.canvas)) for side in fit.canvas)
    smaller = height * width < color.shape[0] * color.shape[1]
    resized = cv2.resize(color, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
    return np.asarray(resized, np.uint8), Fit(fit.native, (height, width), (height, width))


def shrink_lines(grey: Bytes, size: tuple[int, int], emphasis: float = 0.5) -> Bytes:
    """Resize line art; when shrinking, lines lose width but only part of their darkness.

    A plain average of a 2-pixel line over 8 pixels is a quarter as dark as the line. Here the picture is
    halved step by step, each time to a mix of the block's mean and its darkest pixel.

    Args:
        grey: (H, W), black lines on white.
        size: (H', W') wanted.
        emphasis: share of the darkest pixel in the mix, 0 to 1.

    Returns:
        (H', W') uint8.
    """
    height, width = size
    scale = min(grey.shape[0] / height, grey.shape[1] / width)
    if scale < 1:
        return np.asarray(cv2.resize(grey, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
    steps = int(np.floor(np.log2(scale) + 1e-9))
    first = (width << steps, height << steps)
    values = np.asarray(cv2.resize(grey, first, interpolation=cv2.INTER_AREA), np.uint8)
    for _ in range(steps):
        mean = cv2.resize(values, (values.shape[1] // 2, values.shape[0] // 2), interpolation=cv2.INTER_AREA)
        darkest = np.minimum(values[::2], values[1::2])
        darkest = np.minimum(darkest[:, ::2], darkest[:, 1::2])
        values = np.asarray(cv2.addWeighted(mean, 1 - emphasis, darkest, emphasis, 0), np.uint8)
    return values


def _pad(picture: Bytes, fit: Fit) -> Bytes:
    """Mirror a picture at the right and the bottom to fill the canvas."""
    bottom, right = fit.canvas[0] - picture.shape[0], fit.canvas[1] - picture.shape[1]
    if not bottom and not right:
        return picture
    return np.asarray(cv2.copyMakeBorder(picture, 0, bottom, 0, right, cv2.BORDER_REFLECT_101), np.uint8)


def upsample_rows(picture: Floats, rows: slice, size: tuple[int, int]) -> Floats:
    """Return some rows of a picture resized linearly, without computing the whole.

    Args:
        picture: (h, w, C) or (h, w).
        rows: which rows of the result, with start and stop.
        size: (H, W) of the whole result.

    Returns:
        (stop - start, W, C) or (stop - start, W) float32, as `cv2.resize` places the pixels.
    """
    height, width = picture.shape[:2]
    if size == (height, width):
        return picture[rows]
    y = (np.arange(rows.start, rows.stop, dtype=np.float32) + 0.5) * (height / size[0]) - 0.5
    y = np.clip(y, 0, height - 1)
    above = np.floor(y).astype(np.intp)
    below = np.minimum(above + 1, height - 1)
    share = (y - above).astype(np.float32).reshape(-1, *[1] * (picture.ndim - 1))
    band = np.ascontiguousarray(picture[above] * (1 - share) + picture[below] * share)
    if size[1] == width:
        return band
    return np.asarray(cv2.resize(band, (size[1], len(band)), interpolation=cv2.INTER_LINEAR), np.float32)
