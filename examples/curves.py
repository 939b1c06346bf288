"""Curves of the example pictures: splines written as text, ellipses, stars and ribbons, as pixel samples."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Path = str | Points

STEPS = 14  # samples of a spline span


class _Knot(NamedTuple):
    x: float
    y: float
    corner: bool


def spline(text: str, *, closed: bool = False) -> Points:
    """Sample a smooth curve through points written as `"x,y x,y! x,y"`; `!` marks a corner.

    Between corners the curve is a Catmull-Rom spline drawn as cubic Bezier spans.

    Args:
        text: The points, in pixels, two or more.
        closed: Join the last point to the first.

    Returns:
        (N, 2) samples; a closed curve does not repeat its first sample.
    """
    knots = [_read_knot(word) for word in text.split()]
    count = len(knots)
    spans = count if closed else count - 1
    pieces = []
    for i in range(spans):
        start, end = knots[i], knots[(i + 1) % count]
        before = start if start.corner or (i == 0 and not closed) else knots[i - 1]
        after = end if end.corner or (i == spans - 1 and not closed) else knots[(i + 2) % count]
        pieces.append(_span(before, start, end, after))
    if not closed:
        pieces.append(np.array([[knots[-1].x, knots[-1].y]]))
    return np.concatenate(pieces)


def _read_knot(word: str) -> _Knot:
    x, y = word.rstrip("!").split(",")
    return _Knot(float(x), float(y), word.endswith("!"))


def _span(before: _Knot, start: _Knot, end: _Knot, after: _Knot) -> Points:
    """One cubic Bezier span; tangents follow the neighbours, scaled by the span so that curves never loop."""
    p0, p1, p2, p3 = (np.array([k.x, k.y]) for k in (before, start, end, after))
    length = float(np.linalg.norm(p2 - p1))

    def tangent(a: Points, b: Points) -> Points:
        reach = float(np.linalg.norm(b - a))
        return (b - a) * (length / reach) if reach > 0 else np.zeros(2)

    b1, b2 = p1 + tangent(p0, p2) / 3, p2 - tangent(p1, p3) / 3
    t = np.arange(STEPS)[:, None] / STEPS
    return np.asarray((1 - t) ** 3 * p1 + 3 * (1 - t) ** 2 * t * b1 + 3 * (1 - t) * t**2 * b2 + t**3 * p2)


def ellipse(x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> Points:
    """A closed ellipse around (x, y), turned by `turn` degrees."""
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    px, py = rx * np.cos(angle), ry * np.sin(angle)
    return np.stack([x + c * px - s * py, y + s * px + c * py], axis=1)


def star(x: float, y: float, outer: float, inner: float, points: int = 5, turn: float = -90.0) -> Points:
    """A closed star around (x, y) with its first tip at `turn` degrees."""
    angle = np.radians(turn) + np.arange(2 * points) * np.pi / points
    radius = np.where(np.arange(2 * points) % 2 == 0, outer, inner)
    return np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], axis=1)


def ribbon(path: Path, widths: str) -> Points:
    """A closed band along a curve; `widths` lists its width from start to end, such as `"0 30 40 0"`."""
    spine = resample(points_of(path, closed=False), 4.0)
    values = np.array([float(word) for word in widths.split()])
    half = np.interp(np.linspace(0, 1, len(spine)), np.linspace(0, 1, len(values)), values) / 2
    kernel = np.ones(9) / 9
    half = np.convolve(np.pad(half, 4, mode="edge"), kernel, mode="valid") if len(half) > 9 else half
    half[[0, -1]] = values[[0, -1]] / 2
    tangent = np.gradient(spine, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1) * half[:, None]
    return np.concatenate([spine + normal, (spine - normal)[::-1]])


def resample(points: Points, step: float) -> Points:
    """Samples of an open polyline at even spacing, about `step` pixels."""
    gaps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(gaps)])
    count = max(2, int(np.ceil(along[-1] / step)) + 1)
    at = np.linspace(0, along[-1], count)
    return np.stack([np.interp(at, along, points[:, 0]), np.interp(at, along, points[:, 1])], axis=1)


def points_of(path: Path, *, closed: bool) -> Points:
    """A path as samples: text is drawn as a spline."""
    return spline(path, closed=closed) if isinstance(path, str) else path
