"""Sketches: what a drawing's file means, cleaned to dark lines on white paper.

A drawing comes as ink on transparency, as an opaque cut-out, as white lines on black, as a photographed page
under a lamp; afterwards it is black lines on white, without shadow, with the alpha that the result gets back.
"""

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.choices import AlphaMode
from rltn_cli.errors import PictureError
from rltn_cli.imaging.canvas import upsample_rows
from rltn_cli.imaging.pictures import Picture
from rltn_cli.imaging.pixels import Bytes, Floats, Pixels, percentiles, to_eight_bit, top_value

Mask: TypeAlias = NDArray[np.bool_]

_CELLS = 48
"""The paper's brightness is measured on a grid of so many cells along the longer side."""
_DARKEST_PAPER = 90
"""Paper darker than this is taken for a dark drawing."""
_SMALLEST_PAGE = 96
"""A picture with a shorter side in pixels is no scan; its grey is that of reduced lines."""
_BLANK = 16
"""A sketch whose darkest place is lighter than white by less than this is blank."""


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """A drawing, ready to paint."""

    ink: Pixels
    """(H, W, 3) the artist's pixels on white paper, uint8 or uint16; multiplied on the result."""
    grey: Bytes
    """(H, W) the same for the network: black lines on white, coloured lines dark too."""
    alpha: Pixels | None
    """(H, W) of `ink`'s type, to be restored in the result; None for an opaque result."""
    notices: tuple[str, ...] = ()
    """What was changed, for the user."""


def prepare_sketch(picture: Picture, alpha: AlphaMode = "auto") -> Sketch:
    """Clean a drawing.

    Args:
        picture: as it was read.
        alpha: `keep` restores the file's transparency in the result, `drop` makes the result opaque; `auto`
            restores it where an opaque figure was cut out, and not where only the ink is opaque.

    Raises:
        PictureError: the drawing is blank.
    """
    notices: list[str] = []
    kept: Pixels | None = None
    if picture.alpha is None:
        ink = picture.pixels
    elif _is_blank(ink_darkness(flat := picture.flattened())):
        ink = np.repeat(top_value(picture.alpha) - picture.alpha[..., None], 3, axis=2)
        if not _is_blank(ink_darkness(ink)) and ink.min() < ink.max():
            notices.append(f"{picture.name}: light ink on transparency is taken for black ink")
        else:
            ink = flat
    else:
        cut_out = is_cut_out(picture.pixels, picture.alpha)
        if alpha == "keep" or (alpha == "auto" and cut_out):
            kept = picture.alpha
        ink = flat if kept is None else _opaque_under(picture.pixels, picture.alpha)
    grey = ink_darkness(ink)
    if is_inverted(grey):
        ink = np.repeat((top_value(ink) - ink.max(axis=2))[..., None], 3, axis=2)
        notices.append(f"{picture.name}: white lines on black are taken for black lines on white")
        grey = ink_darkness(ink)
    levelled = level_paper(ink, grey)
    if levelled is not None:
        ink, grey = levelled, ink_darkness(levelled)
        notices.append(f"{picture.name}: the paper is levelled to white")
    if _is_blank(grey):
        raise PictureError(f"{picture.name}: the sketch is blank; there is nothing to paint")
    return Sketch(ink, _strengthened(grey), kept, tuple(notices))


def ink_darkness(pixels: Pixels) -> Bytes:
    """Return a drawing in grey, in which lines of every colour are dark.

    Args:
        pixels: (H, W, 3), uint8 or uint16.

    Returns:
        (H, W) uint8: the mean of the lightness and of the darkest channel.
    """
    eight = to_eight_bit(pixels)
    darkest = cv2.min(cv2.min(eight[..., 0], eight[..., 1]), eight[..., 2])
    return np.asarray(
        cv2.addWeighted(cv2.cvtColor(eight, cv2.COLOR_RGB2GRAY), 0.5, darkest, 0.5, 0), np.uint8
    )


def is_cut_out(pixels: Pixels, alpha: Pixels) -> bool:
    """Tell an opaque figure that was cut out from ink that lies on transparency.

    A cut-out is opaque over light areas that are wider than any line; ink is opaque only where it is drawn.

    Args:
        pixels: (H, W, 3), not multiplied by alpha.
        alpha: (H, W) of the same type.
    """
    grey, opaque = ink_darkness(pixels), to_eight_bit(alpha) >= 128
    light = (opaque & (grey >= 128)).astype(np.uint8)
    return bool(_opened(light).sum() > 0.2 * opaque.sum())


def _opened(mask: Bytes) -> Bytes:
    """Remove from a mask of 0 and 1 what is narrower than about 1.5 % of the shorter side."""
    width = max(3, round(0.015 * min(mask.shape)) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel, borderValue=0), np.uint8)


def _opaque_under(pixels: Pixels, alpha: Pixels) -> Pixels:
    """Return a cut-out's own pixels, white where nothing of them shows; half-transparent edges stay."""
    result = pixels.copy()
    result[alpha == 0] = top_value(pixels)
    return result


def is_inverted(grey: Bytes) -> bool:
    """Tell white lines on black from a dark drawing: the light parts are few and thin, the border is dark.

    Args:
        grey: (H, W).
    """
    small = _reduced(grey, 1024)
    low, middle, high = percentiles(small, 2, 50, 99.8)
    if high - low < 48 or middle > 110:
        return False
    light = (small > (low + high) / 2).astype(np.uint8)
    share = float(light.mean())
    border = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    return share < 0.35 and border.mean() < 0.35 and float(_opened(light).sum()) < 0.35 * light.sum()


def level_paper(pixels: Pixels, grey: Bytes) -> Pixels | None:
    """Level a scanned or photographed page: shadow, tint and grain of the paper become white.

    The paper's brightness is the upper envelope of the picture: a smooth surface over a grid of cells, then
    the cells that are near it, then those that join them without a jump (a shadow has a soft edge, an inked
    area has not). Nothing is done where the paper is white already, where too few cells hold paper, or
    where the paper would be darker than paper is.

    Args:
        pixels: (H, W, 3), uint8 or uint16.
        grey: (H, W), `ink_darkness(pixels)`.

    Returns:
        (H, W, 3) of the same type; None where the page needs no levelling.
    """
    if min(grey.shape) < _SMALLEST_PAGE:
        return None
    small = _reduced(grey, 768)
    cells = _cell_tops(small)
    surface, paper = _paper_surface(cells)
    if paper.mean() < 0.4 or np.median(surface[paper]) < _DARKEST_PAPER or surface[paper].min() >= 250:
        return None
    local: Floats = np.where(_joined(cells, paper), cells, surface).astype(np.float32)
    local = np.asarray(cv2.GaussianBlur(cv2.medianBlur(local, 3), (0, 0), 0.7), np.float32)
    height, width = grey.shape
    levels = cv2.resize(local, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_CUBIC)
    ratio = small / np.maximum(levels, 1)
    near = np.abs(ratio - 1) < 0.2
    if not near.any():
        return None
    grain = float(1.4826 * np.median(np.abs(ratio[near] - np.median(ratio[near]))))
    eight = to_eight_bit(cv2.resize(pixels, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA))
    tint = np.array([np.median(eight[..., c][near] / levels[near]) for c in range(3)], np.float32)
    white = tint * max(0.7, 1 - 3 * grain - 0.01)
    result = np.empty_like(pixels)
    top = top_value(pixels)
    for start in range(0, height, 256):
        level = upsample_rows(local, slice(start, min(start + 256, height)), (height, width))
        value = pixels[start : start + 256] * (255.0 / (level[..., None] * white))
        result[start : start + 256] = np.rint(np.minimum(value, top))
    return result


def _reduced(grey: Bytes, longest: int) -> Bytes:
    """Return the picture with so many pixels along its longer side, or as it is where it has fewer."""
    scale = longest / max(grey.shape)
    if scale >= 1:
        return grey
    return np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _cell_tops(grey: Bytes) -> Floats:
    """Return the brightness of the paper in each cell: the median of the cell's lighter half."""
    side = max(4, max(grey.shape) // _CELLS)
    rows, columns = (max(1, n // side) for n in grey.shape)
    whole = cv2.resize(grey, (columns * side, rows * side), interpolation=cv2.INTER_AREA)
    blocks = whole.reshape(rows, side, columns, side).transpose(0, 2, 1, 3).reshape(rows, columns, -1)
    wide = blocks.astype(np.int32)  # of which NumPy finds percentiles three times faster than of bytes
    return np.asarray(np.percentile(wide, 75, axis=2), np.float32)


def _joined(cells: Floats, paper: Mask) -> Mask:
    """Add to the paper the cells that lie beside it and are at most 18 % darker, again and again."""
    lowest = 0.35 * float(np.median(cells[paper]))
    while True:
        reach = cv2.dilate(np.where(paper, cells, 0).astype(np.float32), np.ones((3, 3), np.uint8))
        wider = paper | ((cells >= 0.82 * reach) & (reach > 0) & (cells >= lowest))
        if (wider == paper).all():
            return paper
        paper = wider


def _paper_surface(cells: Floats) -> tuple[Floats, Mask]:
    """Fit the upper envelope of the cells by a polynomial surface; return it, and which cells are paper."""
    rows, columns = cells.shape
    y, x = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    order = 3 if min(rows, columns) >= 8 else 1
    basis = np.stack([x**i * y**j for i in range(order + 1) for j in range(order + 1 - i)], axis=-1)
    basis = basis.reshape(rows * columns, -1)
    values = cells.reshape(-1).astype(np.float64)
    weights = (values >= np.median(values)).astype(np.float64) + 1e-3
    surface = values
    for _ in range(12):
        # The normal equations: of the whole system the libraries' threads wait longer than they compute.
        weighted = basis * weights[:, None]
        solution = np.linalg.lstsq(weighted.T @ weighted, weighted.T @ (values * weights), rcond=None)[0]
        surface = np.clip(basis @ solution, 1, 255)
        ratio = values / surface
        weights = np.where(ratio > 1, 1.0, np.exp(-(((ratio - 1) / 0.08) ** 2))) + 1e-3
    paper = np.abs(values / surface - 1) < 0.25
    return surface.reshape(rows, columns).astype(np.float32), paper.reshape(rows, columns)


def _is_blank(grey: Bytes) -> bool:
    """Tell whether nothing is drawn: no place is darker than another, or than white paper."""
    small = cv2.blur(grey, (2, 2))
    return int(small.max()) - int(small.min()) < _BLANK


def _strengthened(grey: Bytes) -> Bytes:
    """Darken faint lines for the network, so that the darkest half percent comes near black."""
    (darkest,) = percentiles(grey, 0.5)
    if darkest <= 60:
        return grey
    gain = min(3.0, 195 / max(1.0, 255 - darkest))
    return np.asarray(np.rint(255 - np.minimum((255.0 - grey) * gain, 255)), np.uint8)
