"""Sums, means and smooth fits over the regions of a drawing, of samples that each lie in one region."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.pixels import Floats
from rltn_cli.imaging.regions.runs import Runs

Numbers: TypeAlias = NDArray[np.int64]
Reals: TypeAlias = NDArray[np.floating[Any]]


def quadratics(
    labels: Numbers, weight: Reals, x: Reals, y: Reals, values: Reals, regions: int, ridge: float
) -> Reals:
    """Fit a quadratic of mean 0 to each region.

    Args:
        labels: (Q,), the region of each sample.
        weight: (Q,), how far it counts.
        x: (Q,), its place across, in [-1, 1] over the picture.
        y: (Q,), its place down.
        values: (Q, V).
        regions: how many there are.
        ridge: how strongly a quadratic is drawn to 0, where 1 halves what is as strong as chance.

    Returns:
        (regions, 6, V): what 1, x, y, x^2, x y and y^2 are multiplied by.
    """
    total = np.maximum(sums(labels, weight, regions), 1e-9)
    center = means(labels, weight, np.stack([x, y], axis=1), regions)
    dx, dy = x - center[labels, 0], y - center[labels, 1]
    spread = np.sqrt(sums(labels, weight * (dx**2 + dy**2), regions) / total) + 1e-3
    u, v = dx / spread[labels], dy / spread[labels]
    terms = np.stack([u, v, u * u, u * v, v * v], axis=1)
    middle = means(labels, weight, terms, regions)
    terms = terms - middle[labels]
    values = values - means(labels, weight, values, regions)[labels]
    count = terms.shape[1]
    matrix = np.empty((regions, count, count))
    right = np.empty((regions, count, values.shape[1]))
    for one in range(count):
        weighted = weight * terms[:, one]
        for two in range(one, count):
            matrix[:, one, two] = matrix[:, two, one] = (
                sums(labels, weighted * terms[:, two], regions) / total
            )
        for channel in range(values.shape[1]):
            right[:, one, channel] = sums(labels, weighted * values[:, channel], regions) / total
    found = np.linalg.solve(matrix + ridge * np.eye(count), right)
    constant = -np.einsum("nt,ntv->nv", middle, found)
    return _everywhere(constant, found, center, spread)


def _everywhere(constant: Reals, found: Reals, center: Reals, spread: Reals) -> Reals:
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


def evaluate(terms: Reals, runs: Runs, y: Floats, x: Floats) -> Floats:
    """Return the quadratics (N + 1, 6) of the regions of runs at rows y (H,) and columns x (W,): (H, W)."""
    down = y[runs.rows]
    one, right, below, right_2, both, below_2 = terms[runs.labels].T
    result: Reals = runs.spread(right_2)
    result *= x
    result += runs.spread(right + both * down)
    result *= x
    result += runs.spread(one + below * down + below_2 * down**2)
    return result


def places(count: int) -> Floats:
    """Return where the middles of `count` pixels lie, from -1 to 1."""
    return np.asarray((np.arange(count) + 0.5) * 2 / count - 1, np.float32)


def closeness(lab: Reals, center: Reals, reach: float) -> Reals:
    """Return exp(-(d / reach)^2) for the distances d of colours (Q, 3)."""
    return np.asarray(np.exp(-(np.square(lab - center).sum(axis=1)) / reach**2), np.float32)


def sums(labels: Numbers, values: Reals, regions: int) -> Reals:
    """Return the sums (regions,) of values (Q,)."""
    total: Reals = np.bincount(labels, values, regions).astype(np.float64)
    return total


def means(labels: Numbers, weight: Reals, values: Reals, regions: int) -> Reals:
    """Return the weighted means (regions, C) of values (Q, C); 0 where nothing has weight."""
    total = np.maximum(sums(labels, weight, regions), 1e-9)
    totals = [sums(labels, weight * values[:, channel], regions) for channel in range(values.shape[1])]
    return np.stack(totals, axis=1) / total[:, None]
