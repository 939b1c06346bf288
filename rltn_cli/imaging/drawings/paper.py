"""Paper: the page of a scan or photo becomes white, and the lines on it stay as dark as they were."""

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.canvas import upsample_rows
from rltn_cli.imaging.pixels import Bytes, Floats, Pixels, shrink_grey, to_eight_bit, top_value

Mask: TypeAlias = NDArray[np.bool_]

_CELLS = 48
"""Number of cells along the longer side of the grid on which the paper's brightness is measured."""
_SMALLEST_PAGE = 96
"""A picture with a shorter side in pixels is not a scan; its grey is that of reduced lines."""
_WORK_SIDE = 768
_WHITE = 250
"""Paper that is nowhere darker than this needs no levelling."""
_DARK = 90
"""Paper that is darker than this is called dark."""
_MARGIN = 0.25
"""Share of the sides along the edge in which a shadow is followed pixel by pixel."""
_GENTLE = 0.28
"""A shadow's brightness changes by less than this share from pixel to pixel of the working picture."""
_SCALE = 512.0
"""Steps of a byte for a pixel twice as bright as the paper."""
_EVEN = 0.005
"""The same of an inked area, at most, when its grain is smoothed."""
_LINE_WIDEST = 0.022
"""Share of the longer side that a line is wide, at most; what is wider may be an inked area."""
_LINE_SIDE = 1500
_LENGTH = 11
"""Pixels of a line, at the size of at most 1,500, over which its darkness is averaged."""
_SURE, _LIKELY = 5.0, 2.5
"""How many times the paper's grain a line is darker than paper, somewhere and everywhere."""
_FEWEST = 4
"""Pixels of a line that are surely darker."""


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """The paper of a drawing."""

    level: Floats
    """(h, w) its brightness, at a working size, from 1 to 255."""
    white: float
    """Brightness of its usual place, as a share of that."""
    tint: Floats
    """(3,) its colour, relative to its brightness."""

    @property
    def is_dark(self) -> bool:
        """Whether it is darker than paper usually is."""
        return float(np.median(self.level)) < _DARK

    def whiten(self, pixels: Pixels, grey: Bytes) -> Pixels:
        """Return a drawing on white paper.

        A line keeps its darkness relative to the paper; what is no more than the paper's grain becomes white.

        Args:
            pixels: (H, W, 3), uint8 or uint16.
            grey: (H, W), in which lines of every colour are dark.

        Returns:
            (H, W, 3) of the same type.
        """
        height, width = grey.shape
        share = _ink_share(self._relative(grey))
        result, top = np.empty_like(pixels), float(top_value(pixels))
        for start in range(0, height, 256):
            rows = slice(start, min(start + 256, height))
            level = upsample_rows(self.level, rows, (height, width))
            value = np.minimum(pixels[rows] * (255.0 / (level[..., None] * self.tint)), top)
            ink = (top - value) * (share[rows, :, None] / np.float32(255))
            result[rows] = np.rint(top - ink)
        return result

    def _relative(self, grey: Bytes) -> Bytes:
        """Return brightness relative to the paper's: 128 is paper, 0 is darker by a quarter or more."""
        result = np.empty_like(grey)
        for start in range(0, len(grey), 256):
            rows = slice(start, min(start + 256, len(grey)))
            level = upsample_rows(self.level, rows, (grey.shape[0], grey.shape[1]))
            relative = grey[rows] / np.maximum(level * self.white, 1) - 1
            result[rows] = np.rint(np.clip(128 + _SCALE * relative, 0, 255))
        return result


def find_page(pixels: Pixels, grey: Bytes) -> Page | None:
    """Find the paper of a scanned or photographed page, with its shadows.

    The paper's brightness is the upper envelope of the picture: a smooth surface over a grid of cells, then
    the cells that are near it, then those that join them without a jump (a shadow has a soft edge, an inked
    area has not), and along the picture's edge the pixels that do so.

    Args:
        pixels: (H, W, 3), uint8 or uint16.
        grey: (H, W), in which lines of every colour are dark.

    Returns:
        None where the paper is white already, or where too few cells hold paper.
    """
    if min(grey.shape) < _SMALLEST_PAGE:
        return None
    small = shrink_grey(grey, _WORK_SIDE)
    cells = _cell_tops(small)
    surface, paper = _paper_surface(cells)
    if paper.mean() < 0.4 or surface[paper].min() >= _WHITE:
        return None
    local: Floats = np.where(_join_cells(cells, paper), cells, surface).astype(np.float32)
    local = np.asarray(cv2.GaussianBlur(cv2.medianBlur(local, 3), (0, 0), 0.7), np.float32)
    levels = np.asarray(cv2.resize(local, small.shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)
    levels = np.maximum(levels, 1)
    white = _usual(small, levels)
    levels = _follow_edge_shadows(small, levels, white)
    near = np.abs(small / levels - 1) < 0.2
    if not near.any():
        return None
    eight = to_eight_bit(cv2.resize(pixels, small.shape[::-1], interpolation=cv2.INTER_AREA))
    tint = np.array([np.median(eight[..., c][near] / levels[near]) for c in range(3)], np.float32)
    return Page(levels, white, np.maximum(tint, 1 / 64))


def _usual(small: Bytes, levels: Floats) -> float:
    """Return the brightness of the paper's usual place relative to its level, that of lighter places."""
    ratio = small / levels
    near = ratio[np.abs(ratio - 1) < 0.2]
    return float(np.median(near)) if near.size else 1.0


def _follow_edge_shadows(small: Bytes, levels: Floats, white: float) -> Floats:
    """Follow the shadows that reach the picture's edge from the paper, pixel by pixel.

    A shadow darkens all the way to the edge; an inked area is even within, and is left as it is.

    Args:
        small: (h, w) the drawing in grey.
        levels: (h, w) the paper's brightness as far as it is known.
        white: brightness of its usual place, as a share of that.
    """
    reach = max(3, round(_LINE_WIDEST * max(small.shape)) | 1)
    kernel = np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)), np.uint8)
    padded = cv2.copyMakeBorder(small, reach, reach, reach, reach, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, kernel)  # without lines, and only the top of the grain
    under = cv2.GaussianBlur(closed, (0, 0), 1.0)[reach:-reach, reach:-reach].astype(np.float32)
    logs = np.log(np.maximum(under, 2))
    margin = np.ones(small.shape, bool)
    inner = [max(1, round(_MARGIN * side)) for side in small.shape]
    margin[inner[0] : -inner[0], inner[1] : -inner[1]] = False
    gentle = margin & (_slope(logs) < _GENTLE)
    shaded = _select_reached(gentle, gentle & (np.abs(under / levels - 1) < 0.05))
    even = (under < 0.75 * levels) & (
        _slope(np.asarray(cv2.GaussianBlur(logs, (0, 0), 4), np.float32)) < _EVEN
    )
    inked = _open(even.astype(np.uint8), kernel)
    dark = under < 0.9 * levels
    shaded &= ~_select_reached(dark, inked)
    ratio = np.rint(np.clip(small / np.maximum(under, 1) * 200, 0, 255)).astype(np.uint8)
    under = under * (np.asarray(cv2.medianBlur(ratio, 21), np.float32) / (200 * white))  # see `closed`
    depth = np.clip(1 - under / levels, 0, 1)
    depth *= shaded * np.minimum(depth / 0.04, 1)  # no depth where it may be grain
    return np.asarray(np.maximum(levels * (1 - depth), 1), np.float32)


def _open(mask: Bytes, kernel: Bytes) -> Mask:
    """Return the parts of a mask of 0 and 1 that are as wide as the kernel within the picture."""
    opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(opened > 0, bool)


def _slope(values: Floats) -> Floats:
    """Return the larger of the changes across and down, per pixel."""
    changes = (np.abs(cv2.Sobel(values, -1, across, 1 - across)) / 8 for across in (0, 1))
    return np.asarray(np.maximum(*changes), np.float32)


def _select_reached(area: Mask, seeds: Mask) -> Mask:
    """Return the connected parts of an area that hold a seed."""
    _, labels = cv2.connectedComponents(area.astype(np.uint8))
    held = np.zeros(labels.max() + 1, bool)
    held[labels[seeds & area]] = True
    return np.asarray(held[labels] & area, bool)


def _ink_share(relative: Bytes) -> Bytes:
    """Distinguish lines from the paper's grain: unlike grain, they continue in one of eight directions.

    Args:
        relative: (H, W), 128 is paper and less is darker.

    Returns:
        (H, W), 255 on lines, 0 on paper.
    """
    small = _blur(shrink_grey(relative, _LINE_SIDE), 0.8)
    strength = np.zeros(small.shape, np.float32)
    for kernel in _directions():
        along = np.asarray(cv2.filter2D(small, cv2.CV_8U, kernel), np.uint8)
        grain = max(_grain(along), 0.004 * _SCALE)
        np.maximum(strength, (128 - along.astype(np.float32)) / grain, out=strength)
    _, labels = cv2.connectedComponents((strength > _LIKELY).astype(np.uint8))
    sure = np.bincount(labels[strength > _SURE], minlength=labels.max() + 1) >= _FEWEST
    sure[0] = False
    core = (sure[labels] & (small < 128 - _grain(small) / 2)).astype(np.uint8)
    size = relative.shape[::-1]
    whole, around = (
        cv2.resize(255 * mask, size, interpolation=cv2.INTER_LINEAR)
        for mask in (core, cv2.dilate(core, np.ones((5, 5), np.uint8)))
    )
    fine = _blur(relative, 1.0)
    grain = max(_grain(fine), 0.004 * _SCALE)
    table = np.clip((128 - np.arange(256)) / grain - 0.5, 0, 1)
    beside = cv2.multiply(cv2.LUT(fine, np.rint(255 * table).astype(np.uint8)), around, scale=1 / 255)
    return np.asarray(cv2.max(whole, beside), np.uint8)


def _directions() -> list[Floats]:
    """Return kernels that average along lines of eight directions."""
    kernels = []
    middle = _LENGTH // 2
    for number in range(8):
        angle = np.pi * number / 8
        x, y = middle * np.cos(angle), middle * np.sin(angle)
        kernel = np.zeros((_LENGTH, _LENGTH), np.float32)
        first, last = ((round(middle + sign * x), round(middle + sign * y)) for sign in (-1, 1))
        cv2.line(kernel, first, last, 1.0)
        kernels.append(kernel / kernel.sum())
    return kernels


def _blur(values: Bytes, sigma: float) -> Bytes:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.uint8)


def _grain(values: Bytes) -> float:
    """Return the standard deviation of the paper's grain, from its median deviation."""
    sample = values[:: max(1, values.shape[0] // 1000), :: max(1, values.shape[1] // 1000)].astype(np.float32)
    sample = sample[np.abs(sample - 128) < 64]
    return 1.4826 * float(np.median(np.abs(sample - np.median(sample)))) if sample.size else 0.0


def _cell_tops(grey: Bytes) -> Floats:
    """Return the brightness of the paper in each cell: the median of the cell's lighter half."""
    side = max(4, max(grey.shape) // _CELLS)
    rows, columns = (max(1, n // side) for n in grey.shape)
    whole = cv2.resize(grey, (columns * side, rows * side), interpolation=cv2.INTER_AREA)
    blocks = whole.reshape(rows, side, columns, side).transpose(0, 2, 1, 3).reshape(rows, columns, -1)
    wide = blocks.astype(np.int32)  # NumPy finds percentiles of these three times faster than of bytes
    return np.asarray(np.percentile(wide, 75, axis=2), np.float32)


def _join_cells(cells: Floats, paper: Mask) -> Mask:
    """Add to the paper the cells that are next to it and at most 18 % darker, again and again."""
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
        # The normal equations: for the whole system, the libraries' threads wait longer than they compute.
        weighted = basis * weights[:, None]
        solution = np.linalg.lstsq(weighted.T @ weighted, weighted.T @ (values * weights), rcond=None)[0]
        surface = np.clip(basis @ solution, 1, 255)
        ratio = values / surface
        weights = np.where(ratio > 1, 1.0, np.exp(-(((ratio - 1) / 0.08) ** 2))) + 1e-3
    paper = np.abs(values / surface - 1) < 0.25
    return surface.reshape(rows, columns).astype(np.float32), paper.reshape(rows, columns)
