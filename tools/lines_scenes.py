"""Pictures for the sheet of line art that are made here: a still life by day and by candle, a painting."""

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Vectors: TypeAlias = NDArray[np.float64]
"""(..., 3)."""
Field: TypeAlias = NDArray[np.float64]

SIDE = 512


def still_life(*, candle: bool = False) -> NDArray[np.uint8]:
    """Render a cup, a fruit, a ball and a box on a table, as a camera sees them.

    Args:
        candle: lit by a low warm lamp in the dark instead of by a window.

    Returns:
        (512, 512, 3) RGB.
    """
    rows, columns = (np.mgrid[:SIDE, :SIDE] + 0.5) / SIDE - 0.5
    rays = _unit(np.stack([columns, -rows - 0.28, np.full_like(rows, 1.15)], axis=-1))
    eye = np.array([0.0, 2.2, -5.0])
    light = np.array([-1.2, 2.0, -1.4]) if candle else np.array([-5.0, 7.0, -4.0])
    depth, thing = _march(np.broadcast_to(eye, rays.shape), rays)
    points = eye + rays * depth[..., None]
    normals = _normals(points)
    to_light = light - points
    far = np.linalg.norm(to_light, axis=-1)
    to_light = to_light / far[..., None]
    shadow = _shadow(points + 0.02 * normals, to_light, far)
    shade = np.clip((normals * to_light).sum(-1), 0, 1) * shadow
    strength = 3.6 / far**2 if candle else np.ones_like(far)
    glance = np.clip((normals * _unit(to_light - rays)).sum(-1), 0, 1)
    gloss = np.array([0.0, 0.05, 0.5, 0.35, 0.7, 0.1])[thing]
    colors = _COLORS[thing]
    boards = (np.floor(points[..., 0] * 1.3) % 2)[..., None] * 0.12
    colors = np.where((thing == 1)[..., None], colors * (1 - boards), colors)
    warm = np.array([1.0, 0.62, 0.3]) if candle else np.array([1.0, 0.97, 0.9])
    around = np.array([0.012, 0.016, 0.03]) if candle else np.array([0.30, 0.33, 0.38])
    image = colors * (around + (shade * strength)[..., None] * warm)
    image = image + (gloss * glance**40 * shadow * strength)[..., None] * warm
    image = cv2.GaussianBlur(image, (0, 0), 0.7)
    image = image * (1 - 0.9 * (rows**2 + columns**2))[..., None]
    grain = np.random.default_rng(0).normal(0, 0.014, image.shape)
    return _bytes(np.clip(image, 0, 1) ** (1 / 2.2) + grain)


_COLORS = np.array(
    [
        [0.55, 0.6, 0.62],  # wall
        [0.42, 0.24, 0.12],  # table
        [0.75, 0.1, 0.07],  # fruit
        [0.8, 0.8, 0.76],  # cup
        [0.1, 0.25, 0.6],  # ball
        [0.75, 0.55, 0.15],  # box
    ]
)


def _distances(points: Vectors) -> Field:
    """Return the distances (..., 6) to the wall, the table, the fruit, the cup, the ball and the box."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    wall, table = 3.2 - z, y
    fruit = np.linalg.norm((points - (1.15, 0.62, -0.6)) * (1, 1.12, 1), axis=-1) - 0.62
    fruit = np.maximum(fruit, 0.12 - np.hypot(np.hypot(x - 1.15, z + 0.6), y - 1.28))
    ring = np.hypot(x + 0.35, z - 0.3)
    cup = np.maximum(np.abs(ring - 0.62) - 0.05, np.abs(y - 0.65) - 0.65)
    bottom = np.maximum(ring - 0.62, np.abs(y - 0.06) - 0.06)
    handle = np.hypot(np.hypot(x + 1.15, y - 0.68) - 0.33, z - 0.3) - 0.07
    cup = np.minimum(np.minimum(cup, bottom), handle)
    ball = np.linalg.norm(points - (0.05, 0.34, -1.35), axis=-1) - 0.34
    turned = np.stack(
        [0.83 * (x - 1.5) + 0.56 * (z - 1.5), y - 0.75, -0.56 * (x - 1.5) + 0.83 * (z - 1.5)], -1
    )
    outside = np.abs(turned) - (0.75, 0.72, 0.5)
    box = np.linalg.norm(np.maximum(outside, 0), axis=-1) + np.minimum(outside.max(-1), 0) - 0.03
    return np.stack([wall, table, fruit, cup, ball, box], axis=-1)


def _march(starts: Vectors, rays: Vectors) -> tuple[Field, NDArray[np.intp]]:
    """Follow rays to the first surface; return how far it is and which thing it belongs to."""
    depth = np.zeros(rays.shape[:-1])
    for _ in range(90):
        depth += 0.9 * _distances(starts + rays * depth[..., None]).min(-1)
    return depth, _distances(starts + rays * depth[..., None]).argmin(-1)


def _normals(points: Vectors) -> Vectors:
    """Return the directions away from the surfaces."""
    step = 1e-3
    slopes = [
        _distances(points + step * axis).min(-1) - _distances(points - step * axis).min(-1)
        for axis in np.eye(3)
    ]
    return _unit(np.stack(slopes, axis=-1))


def _shadow(points: Vectors, to_light: Vectors, far: Field) -> Field:
    """Return how much of the light arrives, with soft edges."""
    lit, travelled = np.ones(points.shape[:-1]), np.full(points.shape[:-1], 0.03)
    for _ in range(50):
        near = _distances(points + to_light * travelled[..., None]).min(-1)
        lit = np.where(travelled < far, np.minimum(lit, 10 * near / travelled), lit)
        travelled += np.clip(near, 0.02, 0.3)
    return np.clip(lit, 0, 1)


def _unit(vectors: Vectors) -> Vectors:
    result: Vectors = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return result


def _bytes(image: Field) -> NDArray[np.uint8]:
    """Turn 0 to 1 into 0 to 255."""
    return np.asarray(np.rint(255 * np.clip(image, 0, 1)), np.uint8)


def painted_landscape() -> NDArray[np.uint8]:
    """Paint a lake below mountains with some thousand brush strokes, broad ones first.

    Returns:
        (512, 512, 3) RGB.
    """
    motif = _landscape()
    generator = np.random.default_rng(3)
    canvas = np.full((SIDE, SIDE, 3), (196, 178, 150), np.uint8)
    grey = cv2.GaussianBlur(cv2.cvtColor(motif, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 4)
    along = np.arctan2(cv2.Sobel(grey, cv2.CV_32F, 0, 1), cv2.Sobel(grey, cv2.CV_32F, 1, 0)) + np.pi / 2
    for width, count, blur in ((22, 2500, 6), (11, 7000, 3), (5, 16000, 1.2), (3, 14000, 0.8)):
        seen = cv2.GaussianBlur(motif, (0, 0), blur).astype(int)
        for row, column in generator.integers(0, SIDE, (count, 2)):
            wrong = np.abs(canvas[row, column].astype(int) - seen[row, column]).sum()
            if width < 20 and wrong < 42:
                continue
            angle = along[row, column] + generator.normal(0, 0.25)
            reach = width * generator.uniform(0.8, 2.2)
            shift = (np.array([np.cos(angle), np.sin(angle)]) * reach).astype(int)
            color = np.clip(seen[row, column] + generator.normal(0, 9) + generator.normal(0, 5, 3), 0, 255)
            place = np.array([column, row])
            start, end = (place - shift).tolist(), (place + shift).tolist()
            cv2.line(canvas, start, end, color.tolist(), width, cv2.LINE_AA)
    weave = generator.normal(0, 3.5, (SIDE, SIDE, 1))
    return np.clip(canvas + weave, 0, 255).astype(np.uint8)


def _landscape() -> NDArray[np.uint8]:
    """Draw the motif of the painting."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    sky = np.stack([0.55 + 0.4 * y, 0.68 + 0.2 * y, 0.88 - 0.1 * y], axis=-1)
    image = sky.copy()
    ridges: list[tuple[Callable[[Field], Field], tuple[float, float, float]]] = [
        (lambda t: 0.30 + 0.10 * np.abs(np.sin(5 * t + 1)) + 0.03 * np.sin(31 * t), (0.50, 0.52, 0.66)),
        (lambda t: 0.42 + 0.09 * np.abs(np.sin(3.4 * t + 2.2)) + 0.02 * np.sin(23 * t), (0.33, 0.42, 0.48)),
        (lambda t: 0.54 + 0.03 * np.sin(7 * t) + 0.012 * np.sin(40 * t), (0.23, 0.36, 0.22)),
    ]
    for line, color in ridges:
        below = y > line(x)
        light = 1 + 0.5 * np.clip(np.gradient(line(x), axis=1) * 60, -1, 1)
        image = np.where(below[..., None], np.array(color) * light[..., None], image)
    lake = (y > 0.60) & (y < 0.86 - 0.1 * x)
    mirror = image[np.clip((1.19 - y) * SIDE, 0, SIDE - 1).astype(int), (x * SIDE).astype(int)]
    image = np.where(lake[..., None], 0.75 * mirror + np.array([0.02, 0.06, 0.1]), image)
    shore = y >= 0.86 - 0.1 * x
    image = np.where(shore[..., None], np.array([0.52, 0.50, 0.22]) * (1.25 - 0.5 * y)[..., None], image)
    canvas = np.asarray(_bytes(image))
    cv2.line(canvas, (110, 470), (128, 250), (70, 48, 30), 14, cv2.LINE_AA)
    for middle, radius, shade in (
        ((128, 215), 62, 60),
        ((90, 250), 44, 45),
        ((165, 245), 46, 75),
        ((130, 175), 40, 95),
    ):
        cv2.circle(canvas, middle, radius, (shade - 10, shade + 40, 30), -1, cv2.LINE_AA)
    cv2.fillPoly(
        canvas, [np.array([[330, 352], [430, 352], [415, 372], [345, 372]])], (120, 52, 34), cv2.LINE_AA
    )
    cv2.fillPoly(canvas, [np.array([[378, 257], [378, 347], [430, 345]])], (238, 226, 200), cv2.LINE_AA)
    return canvas
