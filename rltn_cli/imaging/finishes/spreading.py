"""The network's colours brought to the drawing's own size so that they stop at its lines.

The network draws lines too, blurred and dark, at its own size. Its colours on and next to lines are therefore
taken for unknown; they flow in again from the same side of the line, at the drawing's own size.
"""

import threading

import cv2
import numpy as np

from rltn_cli.imaging.canvas import shrink_lines
from rltn_cli.imaging.colors.palette import Palette
from rltn_cli.imaging.finishes.calming import calm_regions
from rltn_cli.imaging.finishes.whitening import whiten_regions
from rltn_cli.imaging.pixels import Bytes, Floats
from rltn_cli.imaging.regions.flats import Labels
from rltn_cli.imaging.regions.trust import darkness, trust

_WORK_PIXELS = 2048 * 2048
"""Colours are spread at this many pixels at most; larger drawings get them enlarged from there."""
_DRAWN = 0.6
"""Share of the drawing's darkness that the network's colours are assumed to hold next to lines."""
_CONTRAST = 0.08
"""Darkness that a colour crosses with 37 % of its weight left."""
_ONE_AT_A_TIME = threading.Lock()
"""Threads that make thousands of short calls at the same time take longer than one after the other."""


def spread_colors(colors: Floats, grey: Bytes, labels: Labels, palette: Palette | None = None) -> Floats:
    """Enlarge colours so that they stop at lines.

    Colours away from lines are interpolated. Those on and next to lines have hardly any weight; there, colour
    flows in from around, along rows and columns in turn, and what crosses a line is lost. This is the domain
    transform (Gastal and Oliveira, 2011) with the drawing as its guide, applied to weighted colours.

    Args:
        colors: (h, w, 3) in [0, 1].
        grey: (H, W) the drawing, black lines on white.
        labels: (h, w), 1 to N: its regions.
        palette: of the references; where it has white, regions with a faint tint are white.

    Returns:
        (H', W', 3) float32 in [0, 1]: of the drawing's size, or smaller where that is over 4 million pixels.
    """
    height, width = colors.shape[:2]
    scale = min(1.0, (_WORK_PIXELS / grey.size) ** 0.5)
    size = (max(1, round(grey.shape[0] * scale)), max(1, round(grey.shape[1] * scale)))
    drawing = shrink_lines(grey, size)
    small = darkness(shrink_lines(grey, (height, width)))
    weight = trust(small)
    enlarging = cv2.INTER_LINEAR if size[0] * size[1] >= height * width else cv2.INTER_AREA
    colors = _lighten(colors, grey, weight)
    colors = calm_regions(colors, weight, labels)
    if palette is not None:
        colors = whiten_regions(colors, weight, labels, palette)
    planes = [*np.moveaxis(colors * weight[..., None], -1, 0), weight]
    known = np.empty((size[0], 4, size[1]), np.float32)
    for number, plane in enumerate(planes):
        cv2.resize(np.ascontiguousarray(plane), size[::-1], dst=known[:, number], interpolation=enlarging)
    flow = _flow_around(known, drawing, max(1.0, size[0] / height))
    share = (1 - np.minimum(known[:, 3], 1)) / np.maximum(flow[:, 3], 1e-20)
    parts = flow[:, :3]
    parts *= share[:, None]
    parts += known[:, :3]
    np.clip(parts, 0, 1, out=parts)
    return np.asarray(cv2.merge([parts[:, channel] for channel in range(3)]), np.float32)


def _lighten(colors: Floats, grey: Bytes, weight: Floats) -> Floats:
    """Remove most of the drawing's own darkness from colours that have hardly any weight.

    In hatching, all colours are next to lines; there, the darkened ones are all that is left, and the lines
    come on top once more.

    Args:
        colors: (h, w, 3) in [0, 1].
        grey: (H, W) the drawing.
        weight: (h, w), of `color_weight`.
    """
    height, width = weight.shape
    blurred = cv2.blur(cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA), (3, 3))
    gain = 1 / (1 - _DRAWN * darkness(np.asarray(blurred, np.uint8)) * (1 - weight))
    return np.asarray(np.minimum(colors * gain[..., None], 1), np.float32)


def _flow_around(known: Floats, drawing: Bytes, step: float) -> Floats:
    """Spread (H, 4, W) weighted colours and weights over three and then one pixel of the network's size.

    Only the ratio of colours to weights has a meaning: both grow with every pass.
    """
    flow = known.copy()
    across = np.empty((known.shape[2], 4, len(known)), np.float32)
    far, near = (
        np.exp(-np.arange(256) / (255 * _CONTRAST) - 1 / reach).astype(np.float32)
        for reach in (3 * step, step)
    )
    down, right = _changes(drawing), _changes(np.asarray(cv2.transpose(drawing), np.uint8))
    _flow(flow, down, far)
    _transpose(flow, across)
    _flow(across, right, far)
    _flow(across, right, near)
    _transpose(across, flow)
    _flow(flow, down, near)
    return flow


def _changes(drawing: Bytes) -> Bytes:
    """Return how much each row of (N, M) differs from the next, (N - 1, M)."""
    return np.asarray(cv2.absdiff(drawing[1:], drawing[:-1]), np.uint8)


def _transpose(values: Floats, transposed: Floats) -> None:
    """Write (N, C, M) values into (M, C, N)."""
    for number in range(values.shape[1]):
        cv2.transpose(values[:, number], dst=transposed[:, number])


def _flow(values: Floats, changes: Bytes, passes: Floats) -> None:
    """Spread values along the first axis, both ways, in place.

    Args:
        values: (N, C, M) contiguous, weights and weighted colours.
        changes: (N - 1, M), from each place to the next.
        passes: (256,), the share that passes a change, from 0 to below 1.
    """
    channels, length = values.shape[1:]
    shares = np.asarray(cv2.LUT(changes, passes), np.float32)
    tiled = np.repeat(shares[:, None], channels, axis=1).reshape(-1, 1, channels * length)
    rows = list(values.reshape(-1, 1, channels * length))
    there = list(zip(rows[:-1], tiled, rows[1:], strict=True))
    back = [(before, share, after) for after, share, before in reversed(there)]
    with _ONE_AT_A_TIME:
        for before, share, after in there + back:
            cv2.accumulateProduct(before, share, after)
