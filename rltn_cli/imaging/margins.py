"""Blank margins: found, so that a figure fills the network's canvas, and painted afterwards."""

from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.pixels import Bytes, Floats
from rltn_cli.sizes import PICTURE_SHORTEST

T = TypeVar("T", bound=np.generic)

_BLANK = 24
"""Places of a margin differ from its colour by less than this."""
_WHITE, _BLACK = 232, 12
"""Margins are at least this light, like paper, or at most this dark, like the bars next to a film frame."""
KEPT = 0.04
"""Share of a drawing's longer side that is kept of its margins; they are painted in the colours of that."""
_WORTH = 0.8
"""Largest share of the picture that may be left for cropping to be worth it."""
_FRAMED, _INSET = 0.6, 0.02
"""Share of a part's edges that differs from the margins, from which it is a picture in a frame, not a figure;
and how far inside the edges are looked at, as a share of the part."""
_INSIDE = 0.02
"""Share of the shorter side, from the edge of what was painted, whose colours the margins do not take."""
_NEAR = 0.05
"""Share of known colours within reach, from which a place takes only theirs."""


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a picture."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return self.bottom - self.top, self.right - self.left

    def cut(self, pixels: NDArray[T]) -> NDArray[T]:
        """Cut the part out of (H, W, ...)."""
        return np.ascontiguousarray(pixels[self.top : self.bottom, self.left : self.right])


def find_figure(picture: Bytes, *, kept: float = 0.0) -> Box | None:
    """Find the part of a picture within blank margins.

    Around a figure, it is as near to a square as the picture allows: a narrow figure that filled the canvas
    from side to side would be much larger than those that the network has learned from. A picture in a frame
    is found without the frame.

    Args:
        picture: (H, W) or (H, W, 3), on white paper.
        kept: share of the figure's longer side that is kept of its margins.

    Returns:
        None where the margins are narrow, or all is blank.
    """
    height, width = picture.shape[:2]
    channels = cv2.split(picture) if picture.ndim == 3 else [picture]
    darkest, lightest = channels[0], channels[0]
    for channel in channels[1:]:
        darkest, lightest = cv2.min(darkest, channel), cv2.max(lightest, channel)
    corners = np.ix_((0, -1), (0, -1))
    if darkest[corners].max() >= _WHITE:
        drawn = darkest < int(darkest[corners].max()) - _BLANK
    elif lightest[corners].max() <= _BLACK:
        drawn = lightest > _BLACK + _BLANK
    else:
        return None
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    if not rows.size:
        return None
    space = round(kept * max(rows[-1] - rows[0], columns[-1] - columns[0]))
    top, bottom = max(0, int(rows[0]) - space), min(height, int(rows[-1]) + 1 + space)
    left, right = max(0, int(columns[0]) - space), min(width, int(columns[-1]) + 1 + space)
    framed = _fills_edges(drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    side = 0 if framed else max(bottom - top, right - left)
    box = Box(*_widen(top, bottom, side, height), *_widen(left, right, side, width))
    short, long = sorted(box.size)
    if short < PICTURE_SHORTEST or long > 4 * short or short * long > _WORTH * height * width:
        return None
    return box


def _fills_edges(drawn: NDArray[np.bool_]) -> bool:
    """Return whether a part (H, W) differs from margins along most of its edges, as a framed picture does."""
    down, across = (round(_INSET * length) for length in drawn.shape)
    edges = drawn[down], drawn[-1 - down], drawn[:, across], drawn[:, -1 - across]
    return bool(sum(edge.mean() for edge in edges) >= 4 * _FRAMED)


def _widen(start: int, stop: int, length: int, limit: int) -> tuple[int, int]:
    """Widen a range on both sides alike to at least a length, as far as it stays within 0 and a limit."""
    length = min(max(length, stop - start), limit)
    start = min(max(0, (start + stop - length) // 2), limit - length)
    return start, start + length


def with_margins(colors: Floats, box: Box, size: tuple[int, int]) -> Floats:
    """Continue a figure's colours into its margins: those that the network gave to what it saw of them.

    Args:
        colors: (h, w, C), the figure's.
        box: where the figure lies.
        size: (H, W) of the picture that it lies in.

    Returns:
        (h', w', C), of the whole picture at the same scale.
    """
    height, width = colors.shape[:2]
    scales = height / box.size[0], width / box.size[1]
    sides = (
        (round(box.top * scales[0]), round((size[0] - box.bottom) * scales[0])),
        (round(box.left * scales[1]), round((size[1] - box.right) * scales[1])),
    )
    inset = max(1, round(_INSIDE * min(height, width)))
    seen = np.ones((height, width), np.float32)  # of the margins: what lies along the figure's frame
    seen[2 * inset : height - 2 * inset, 2 * inset : width - 2 * inset] = 0
    for axis, pair in enumerate(sides):
        for margin, edge in zip(pair, (slice(0, inset), slice(-inset, None)), strict=True):
            if margin:  # paler, as pictures are at their edge
                seen[(edge, slice(None)) if axis == 0 else (slice(None), edge)] = 0
    place = slice(sides[0][0], sides[0][0] + height), slice(sides[1][0], sides[1][0] + width)
    whole = (height + sum(sides[0]), width + sum(sides[1]))
    known = np.zeros((*whole, colors.shape[2] + 1), np.float32)
    known[place] = np.dstack([colors * seen[..., None], seen])
    result = _diffuse(known)
    inside = [
        slice(inset * (before > 0), side - inset * (after > 0))
        for side, (before, after) in zip((height, width), sides, strict=True)
    ]
    result[place][inside[0], inside[1]] = colors[inside[0], inside[1]]
    return result


def _diffuse(known: Floats) -> Floats:
    """Spread colours (H, W, C + 1), multiplied by their weights, over a picture; far away they mix."""
    total = known.reshape(-1, known.shape[2]).sum(axis=0)
    result = np.broadcast_to(total[:-1] / max(float(total[-1]), 1e-6), known[..., :-1].shape).astype(
        np.float32
    )
    sigma = max(known.shape[:2]) / 4
    while sigma >= 2:
        scale = min(1.0, 4 / sigma)
        size = max(1, round(known.shape[1] * scale)), max(1, round(known.shape[0] * scale))
        small = _resize(known, size, cv2.INTER_AREA)
        planes = np.dsplit(small, small.shape[2])
        blurs = [cv2.GaussianBlur(plane, (0, 0), sigma * scale) for plane in planes]
        blurred = np.asarray(np.dstack(blurs), np.float32)
        spread = _resize(blurred, (known.shape[1], known.shape[0]), cv2.INTER_LINEAR)
        weight = spread[..., -1:]
        near = np.minimum(weight / _NEAR, 1)
        result += near * (spread[..., :-1] / np.maximum(weight, 1e-6) - result)
        sigma /= 2
    return result


def _resize(planes: Floats, size: tuple[int, int], method: int) -> Floats:
    """Resize (H, W, C) to a width and a height; OpenCV takes no more than four channels at once."""
    parts = (np.ascontiguousarray(planes[..., i : i + 4]) for i in range(0, planes.shape[2], 4))
    return np.asarray(np.dstack([cv2.resize(part, size, interpolation=method) for part in parts]), np.float32)
