"""Contours between the regions of a label map, found by border following."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.pixels import Bytes, Floats

_SMOOTHING = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
"""Weights of neighbouring points on a contour; they remove the stairs of the pixels from it."""
_FINE = 4
"""Factor by which lines are drawn larger before they are reduced, which smooths their edges."""
_BAND = 1 << 24
"""Pixels of the enlarged canvas that are drawn at a time."""
_SHIFT = 4
"""Bits behind the point of coordinates that are drawn."""
_OUTSIDE = 80
"""Pixels by which label maps are extended beyond their frame; lines are narrower."""
_FEW = 12
"""Label maps with more labels than this are renumbered with fewer."""


def draw_contours(
    labels: NDArray[np.integer], *, width: float = 2, size: tuple[int, int] | None = None, smoothing: int = 1
) -> Bytes:
    """Draw one line between every two regions of a label map; none along the picture's frame.

    Args:
        labels: (H, W), whole numbers from 0; only which are equal matters.
        width: of the lines, in pixels of the result.
        size: (H', W') of the result; that of the labels if None.
        smoothing: how often the contours are smoothed; see `trace_contours`.

    Returns:
        (H', W'), black lines (0) on white (255).
    """
    height, width_out = size or labels.shape
    scale = (width_out / labels.shape[1], height / labels.shape[0])
    return draw_curves(trace_contours(labels, smoothing), (height, width_out), width=width, scale=scale)


def trace_contours(labels: NDArray[np.integer], smoothing: int = 1) -> list[Floats]:
    """Follow the borders between the regions of a label map (Suzuki and Abe, 1985).

    The sets of all labels from k up are followed, one after another, so that a border between two regions
    gives one line and not two. The map is extended beyond its frame, so that no line is visible along it.

    Args:
        labels: (H, W), whole numbers from 0; only which are equal matters.
        smoothing: 0 keeps the stairs of the pixels, 1 removes them, more makes wavy borders straighter.

    Returns:
        Closed curves, each (N, 2): x and y in pixels, 0 the centre of the first; smoothed.
    """
    outside = (_OUTSIDE, _OUTSIDE, _OUTSIDE, _OUTSIDE)
    padded = cv2.copyMakeBorder(_few_labels(labels), *outside, cv2.BORDER_REPLICATE)
    curves = []
    for label in np.unique(padded)[1:]:
        above = (padded >= label).astype(np.uint8)
        found, _ = cv2.findContours(above, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        curves += [_smooth(contour, smoothing) - _OUTSIDE for contour in found]
    return curves


def draw_curves(
    curves: Sequence[Floats],
    size: tuple[int, int],
    *,
    width: float,
    scale: tuple[float, float] = (1, 1),
    closed: bool = True,
) -> Bytes:
    """Draw curves with smooth edges.

    Args:
        curves: each (N, 2), x and y in pixels.
        size: (H, W) of the result.
        width: of the lines, in pixels of the result.
        scale: what x and y are multiplied with to be pixels of the result.
        closed: whether each curve's end is joined to its beginning.

    Returns:
        (H, W), black lines (0) on white (255).
    """
    factor = _FINE * np.array(scale, np.float32)
    points = [np.rint(((curve + 0.5) * factor - 0.5) * (1 << _SHIFT)).astype(np.int32) for curve in curves]
    thickness = max(1, round(_FINE * width) - 1)
    result = np.empty(size, np.uint8)
    rows = max(1, _BAND // (_FINE * _FINE * size[1]))
    margin = -(-thickness // _FINE) + 2  # what is cut at a band's edge is drawn differently near it
    for top in range(0, size[0], rows):
        part = result[top : top + rows]
        band = np.full((_FINE * (len(part) + 2 * margin), _FINE * size[1]), 255, np.uint8)
        offset = np.array([0, (top - margin) * _FINE << _SHIFT], np.int32)
        cv2.polylines(band, [curve - offset for curve in points], closed, 0, thickness, cv2.LINE_8, _SHIFT)
        inner = band[_FINE * margin : -_FINE * margin]
        part[:] = cv2.resize(inner, (size[1], len(part)), interpolation=cv2.INTER_AREA)
    return result


def _smooth(contour: NDArray[np.int32], times: int) -> Floats:
    """Smooth a closed contour (N, 1, 2) along itself; short ones stay as they are."""
    points = contour.reshape(-1, 2).astype(np.float32)
    if len(points) < 8:
        return points
    for _ in range(times):
        moved = (np.roll(points, offset, axis=0) for offset in range(-2, 3))
        points = sum((weight * part for weight, part in zip(_SMOOTHING, moved, strict=True)), 0 * points)
    return points


def _few_labels(labels: NDArray[np.integer]) -> Bytes:
    """Number labels anew from 0, neighbours differently; where there are many, by colouring their graph."""
    present = np.zeros(int(labels.max()) + 1, bool)
    present[labels] = True
    count = int(present.sum())
    ranks = np.cumsum(present) - 1
    if count <= _FEW:
        few: Bytes = ranks.astype(np.uint8)[labels]
        return few
    numbered = ranks.astype(np.int32)[labels]
    neighbours: list[set[int]] = [set() for _ in range(count)]
    for first, second in adjacent_labels(numbered).tolist():
        neighbours[second].add(first)
    colors = np.zeros(count, np.uint8)
    for label, earlier in enumerate(neighbours):
        taken = {int(colors[other]) for other in earlier}
        colors[label] = next(color for color in range(len(taken) + 1) if color not in taken)
    result: Bytes = colors[numbered]
    return result


def adjacent_labels(labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the pairs of different labels that touch, also over a corner: (N, 2), the lower first."""
    count = int(labels.max()) + 1
    found: list[NDArray[np.int64]] = []
    for first, second in (
        (labels[:, 1:], labels[:, :-1]),
        (labels[1:], labels[:-1]),
        (labels[1:, 1:], labels[:-1, :-1]),
        (labels[1:, :-1], labels[:-1, 1:]),
    ):
        differ = first != second
        one, two = first[differ].astype(np.int64), second[differ].astype(np.int64)
        found.append(np.unique(np.minimum(one, two) * count + np.maximum(one, two)))
    codes = np.unique(np.concatenate(found))
    return np.stack([codes // count, codes % count], axis=1)
