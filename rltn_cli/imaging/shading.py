"""Soft shading: what the network's picture says of light inside each region, as smooth as it can be put.

In each region that agrees with the colour it was given, lightness and warmth are a quadratic in the place, fitted
to the pixels that are near that colour.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.decision import Decision
from rltn_cli.imaging.flats import Labels
from rltn_cli.imaging.palette import to_lab
from rltn_cli.imaging.pixels import Bytes, Floats, to_bytes
from rltn_cli.imaging.trust import trust_of

Numbers: TypeAlias = NDArray[np.int64]

_AGREES = 14.0
"""Lab distance to a region's own colour at which a pixel counts for 37 % in its shading."""
_NEAR = 30.0
"""Lab distance to the palette's colour at which a pixel counts for 37 % in a region's own colour."""
_RIDGE = 0.15
"""How much of a quadratic's strength is taken, as a share of the pixels that agree."""
_AGREEMENT = 0.25
"""A region in which this share of the pixels agrees loses half of its shading."""
_DARKEST, _LIGHTEST = -0.2, 0.12
"""How far shading may darken and lighten, as a share of the colour."""
_WARMTH, _WARMEST = 0.002, 0.03
"""How far shading shifts red up and blue down, in [0, 1], for one unit of b in Lab; and at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Shading:
    """A quadratic for each region: 1, x, y, x^2, x y, y^2 with x and y in [-1, 1] over the picture."""

    light: Floats
    """(N + 1, 6): how much lighter, as a share of the colour."""
    warmth: Floats
    """(N + 1, 6): how much more red and less blue, in [0, 1]."""

    def shade(self, colors: Floats, labels: Labels, rows: slice, size: tuple[int, int]) -> Floats:
        """Shade some rows of flat colours.

        Args:
            colors: (R, W, 3) in [0, 1].
            labels: (R, W), the region of each pixel.
            rows: which rows of the picture they are.
            size: (H, W) of the picture.
        """
        y = _places(size[0])[rows]
        x = _places(size[1])
        light = np.clip(_evaluate(self.light, labels, y, x), _DARKEST, _LIGHTEST)
        warmth = np.clip(_evaluate(self.warmth, labels, y, x), -_WARMEST, _WARMEST)
        shaded = colors * (1 + light)[..., None]
        shaded[..., 0] += warmth
        shaded[..., 2] -= warmth
        return np.clip(shaded, 0, 1, out=shaded)


def fit_shading(colors: Floats, grey: Bytes, decision: Decision) -> Shading:
    """Fit each region's shading to the pixels of the network's picture that agree with the region's colour.

    Args:
        colors: (h, w, 3) in [0, 1], the network's picture.
        grey: (H, W) the drawing.
        decision: on the same drawing.
    """
    height, width = colors.shape[:2]
    labels, cells, weight = decision.evidence.count.parts(trust_of(grey, (height, width)))
    lab = to_lab(to_bytes(colors)).reshape(-1, 3)[cells]
    regions = len(decision.chosen)
    start = decision.palette.lab[decision.chosen]
    near = weight * _closeness(lab, start[labels], _NEAR)
    own = _means(labels, near, lab, regions)
    agreeing = weight * _closeness(lab, own[labels], _AGREES)
    share = _sums(labels, agreeing, regions) / np.maximum(_sums(labels, weight, regions), 1e-9)
    strength = share / (share + _AGREEMENT)
    away = lab - own[labels]
    y, x = _places(height)[cells // width], _places(width)[cells % width]
    light = away[:, 0] / (own[labels, 0] + 16)
    fits = _quadratics(labels, agreeing, x, y, np.stack([light, away[:, 2] * _WARMTH], axis=1), regions)
    fits *= strength[:, None, None]
    return Shading(np.ascontiguousarray(fits[..., 0]), np.ascontiguousarray(fits[..., 1]))


def _quadratics(
    labels: Numbers, weight: Floats, x: Floats, y: Floats, values: Floats, regions: int
) -> Floats:
    """Fit a quadratic of mean 0 in each region to values (Q, V); return (regions, 6, V)."""
    total = np.maximum(_sums(labels, weight, regions), 1e-9)
    center = _means(labels, weight, np.stack([x, y], axis=1), regions)
    dx, dy = x - center[labels, 0], y - center[labels, 1]
    spread = np.sqrt(_sums(labels, weight * (dx**2 + dy**2), regions) / total) + 1e-3
    u, v = dx / spread[labels], dy / spread[labels]
    terms = np.stack([u, v, u * u, u * v, v * v], axis=1)
    means = _means(labels, weight, terms, regions)
    terms = terms - means[labels]
    values = values - _means(labels, weight, values, regions)[labels]
    count = terms.shape[1]
    matrix = np.empty((regions, count, count))
    right = np.empty((regions, count, values.shape[1]))
    for one in range(count):
        weighted = weight * terms[:, one]
        for two in range(count):
            matrix[:, one, two] = _sums(labels, weighted * terms[:, two], regions) / total
        for channel in range(values.shape[1]):
            right[:, one, channel] = _sums(labels, weighted * values[:, channel], regions) / total
    found = np.linalg.solve(matrix + _RIDGE * np.eye(count), right)
    constant = -np.einsum("nt,ntv->nv", means, found)
    return _everywhere(constant, found, center, spread)


def _everywhere(constant: Floats, found: Floats, center: Floats, spread: Floats) -> Floats:
    """Turn quadratics about each region's centre, in units of its spread, into ones over the picture."""
    a, b = (center / spread[:, None]).T[..., None]
    scale = spread[:, None]
    u, v, uu, uv, vv = np.moveaxis(found, 1, 0)
    terms = [
        constant - u * a - v * b + uu * a * a + uv * a * b + vv * b * b,
        (u - 2 * uu * a - uv * b) / scale,
        (v - 2 * vv * b - uv * a) / scale,
        uu / scale**2,
        uv / scale**2,
        vv / scale**2,
    ]
    return np.stack(terms, axis=1).astype(np.float32)


def _evaluate(terms: Floats, labels: Labels, y: Floats, x: Floats) -> Floats:
    """Return the quadratics (N + 1, 6) of the regions (R, W) at rows y (R,) and columns x (W,)."""
    down = y[:, None]
    one, right, below, right_2, both, below_2 = terms.T[:, None]
    places = labels + (np.arange(len(y), dtype=np.int32) * len(terms))[:, None]
    result: Floats = np.take(np.broadcast_to(right_2, (len(y), len(terms))), places) * x
    result += np.take(right + both * down, places)
    result *= x
    result += np.take(one + below * down + below_2 * down**2, places)
    return result


def _places(count: int) -> Floats:
    """Return where the middles of `count` pixels lie, from -1 to 1."""
    return np.asarray((np.arange(count) + 0.5) * 2 / count - 1, np.float32)


def _closeness(lab: Floats, center: Floats, reach: float) -> Floats:
    """Return exp(-(d / reach)^2) for the distances d of colours (Q, 3)."""
    return np.asarray(np.exp(-(np.square(lab - center).sum(axis=1)) / reach**2), np.float32)


def _sums(labels: Numbers, values: Floats, regions: int) -> NDArray[np.float64]:
    """Return the sums (regions,) of values (Q,)."""
    return np.bincount(labels, values, regions)


def _means(labels: Numbers, weight: Floats, values: Floats, regions: int) -> NDArray[np.float64]:
    """Return the weighted means (regions, C) of values (Q, C); 0 where nothing has weight."""
    total = np.maximum(_sums(labels, weight, regions), 1e-9)
    sums = [_sums(labels, weight * values[:, channel], regions) for channel in range(values.shape[1])]
    return np.stack(sums, axis=1) / total[:, None]
