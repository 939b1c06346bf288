"""Pen, brush and paint bucket: the small vector-drawing kit behind the example pictures.

A scene is drawn once, back to front. On a `Canvas` made with `lines_only=True` every shape is filled with
paper white, so that only the ink shows and nearer shapes hide farther lines; otherwise shapes get a base
colour, one shadow tone and highlights. Coordinates are pixels of the nominal canvas, x to the right and y
down.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import cv2
import numpy as np
from curves import Path, Points, points_of, resample
from numpy.typing import NDArray

Colour = tuple[int, int, int]
Box = tuple[int, int, int, int]

PAPER: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)
SHADE_TINT = np.array([0.80, 0.74, 0.84])  # what light becomes in the shadow: dimmer and cooler
SHIFT = 4  # fractional bits of OpenCV's fixed-point coordinates


class Canvas:
    """A picture being drawn; `image()` gives it, (H, W, 3) uint8 RGB.

    Args:
        size: Nominal (H, W).
        palette: Base colours by name; `NAME.shade` and `NAME.light` override the computed tones. `ink`
            colours the lines.
        lines_only: Draw a clean black-on-white line drawing.
        scale: Size of the output relative to the nominal size.
        oversample: Samples an output pixel and axis, for smooth edges.
    """

    def __init__(
        self,
        size: tuple[int, int],
        palette: Mapping[str, Colour],
        *,
        lines_only: bool,
        scale: float = 1.0,
        oversample: int = 3,
    ) -> None:
        self.size = (round(size[0] * scale), round(size[1] * scale))
        self.palette = palette
        self.lines_only = lines_only
        self._oversample = oversample
        self._zoom = scale * oversample
        self._matrix = np.eye(3)
        high, wide = self.size[0] * oversample, self.size[1] * oversample
        self._pixels: NDArray[np.uint8] = np.full((high, wide, 3), 255, np.uint8)

    def image(self) -> NDArray[np.uint8]:
        """The picture at its output size; a line drawing has three equal channels."""
        small = cv2.resize(self._pixels, self.size[::-1], interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8)

    @contextmanager
    def moved(
        self,
        x: float = 0.0,
        y: float = 0.0,
        *,
        turn: float = 0.0,
        grow: tuple[float, float] = (1.0, 1.0),
    ) -> Iterator[None]:
        """Draw in coordinates scaled by `grow` (negative mirrors), turned by `turn` degrees, then moved."""
        c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
        step = np.array([[c * grow[0], -s * grow[1], x], [s * grow[0], c * grow[1], y], [0, 0, 1]])
        saved, self._matrix = self._matrix, self._matrix @ step
        try:
            yield
        finally:
            self._matrix = saved

    def wash(self, top: str, bottom: str) -> None:
        """A soft vertical blend behind everything; a line drawing stays white."""
        if self.lines_only:
            return
        blend = np.linspace(0, 1, self._pixels.shape[0])[:, None]
        rows = (1 - blend) * np.array(self.palette[top]) + blend * np.array(self.palette[bottom])
        self._pixels[:] = np.round(rows)[:, None].astype(np.uint8)

    def shape(
        self,
        path: Path,
        fill: str,
        *,
        line: float = 5.0,
        shade: Iterable[Path] = (),
        light: Iterable[Path] = (),
        inside: Path | None = None,
    ) -> None:
        """Fill a closed shape, add its shadows and lights, then ink its outline.

        Args:
            path: The closed outline.
            fill: Name of its colour; `ink` is black in a line drawing too.
            line: Width of the outline; 0 draws none.
            shade: Closed shadow shapes, cut to the outline.
            light: Closed highlight shapes, cut to the outline.
            inside: A closed outline that cuts the whole shape.
        """
        outline = self._place(points_of(path, closed=True))
        bounds = None if inside is None else self._place(points_of(inside, closed=True))
        self._paint([outline], fill, bounds)
        if not self.lines_only:
            within = outline
            for tone, paths in ((".shade", shade), (".light", light)):
                for patch in paths:
                    self._paint([self._place(points_of(patch, closed=True)), within], fill + tone, bounds)
        if line > 0:
            self._ink(np.concatenate([outline, outline[:1]]), line, (0.0, 0.0), fill, bounds)

    def tint(self, path: Path, fill: str, inside: Path | None = None) -> None:
        """Colour without a line, and nothing at all in a line drawing."""
        if not self.lines_only:
            bounds = None if inside is None else self._place(points_of(inside, closed=True))
            self._paint([self._place(points_of(path, closed=True))], fill, bounds)

    def stroke(
        self,
        path: Path,
        width: float = 5.0,
        *,
        taper: tuple[float, float] = (0.35, 0.5),
        of: str = "ink",
        inside: Path | None = None,
    ) -> None:
        """Ink an open curve that swells and thins.

        Args:
            path: The open curve.
            width: The width at its fullest.
            taper: Shares of the length over which the line swells at its start and thins at its end.
            of: Name of the colour that the line belongs to; a coloured picture inks it in a deep tone of it.
            inside: A closed outline that cuts the line.
        """
        bounds = None if inside is None else self._place(points_of(inside, closed=True))
        self._ink(self._place(points_of(path, closed=False)), width, taper, of, bounds)

    def colour(self, name: str) -> Colour:
        """The colour of a name: `NAME`, `NAME.shade`, `NAME.light`, or `NAME.line`, the ink around it."""
        base_name, _, tone = name.partition(".")
        if self.lines_only:
            return BLACK if base_name == "ink" or tone == "line" else PAPER
        if name in self.palette:
            return self.palette[name]
        base = np.array(self.palette[base_name], np.float64)
        if tone == "shade":
            base = base * SHADE_TINT
        elif tone == "light":
            base = base + (255 - base) * 0.55
        elif tone == "line":
            base = 0.25 * base * SHADE_TINT + 0.75 * np.array(self.palette["ink"])
        red, green, blue = (round(float(v)) for v in base)
        return red, green, blue

    def _place(self, points: Points) -> Points:
        """Nominal points -> oversampled pixels, whose centres are at whole numbers."""
        moved = points @ self._matrix[:2, :2].T + self._matrix[:2, 2]
        return np.asarray(moved * self._zoom - 0.5)

    def _box(self, points: Points, margin: float) -> Box | None:
        """The pixel rectangle (top, bottom, left, right) around points, cut to the canvas, or None."""
        low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
        top, bottom = max(0, int(low[1])), min(self._pixels.shape[0], int(high[1]) + 2)
        left, right = max(0, int(low[0])), min(self._pixels.shape[1], int(high[0]) + 2)
        return (top, bottom, left, right) if top < bottom and left < right else None

    def _paint(self, outlines: list[Points], name: str, bounds: Points | None) -> None:
        """Fill the intersection of closed outlines."""
        box = self._box(outlines[0], 1.0)
        if box is not None:
            cut = outlines if bounds is None else [*outlines, bounds]
            self._put(_polygons(cut, box), box, self.colour(name))

    def _ink(
        self, points: Points, width: float, taper: tuple[float, float], of: str, bounds: Points | None
    ) -> None:
        """Draw a line of varying width: a row of overlapping discs (OpenCV fills their rims too)."""
        size = width * self._zoom * float(np.sqrt(abs(np.linalg.det(self._matrix[:2, :2]))))
        spine = resample(points, 1.5)
        box = self._box(spine, size)
        if box is None:
            return
        closed = taper == (0.0, 0.0)
        weight = _outline_weight(spine) if closed else _taper_weight(len(spine), taper)
        top, bottom, left, right = box
        mask = np.zeros((bottom - top, right - left), np.uint8)
        centres = np.round((spine - (left, top)) * 2**SHIFT).astype(int).tolist()
        radii = np.round(np.maximum(size * weight / 2 - 0.4, 0.3) * 2**SHIFT).astype(int).tolist()
        for (x, y), radius in zip(centres, radii, strict=True):
            cv2.circle(mask, (x, y), radius, 255, -1, cv2.LINE_8, SHIFT)
        if bounds is not None:
            mask &= _polygons([bounds], box)
        self._put(mask, box, self.colour(of + ".line"))

    def _put(self, mask: NDArray[np.uint8], box: Box, colour: Colour) -> None:
        top, bottom, left, right = box
        self._pixels[top:bottom, left:right][mask > 0] = colour


def _polygons(outlines: list[Points], box: Box) -> NDArray[np.uint8]:
    """The mask, 0 or 255, of what lies inside every outline."""
    top, bottom, left, right = box
    mask = np.full((bottom - top, right - left), 255, np.uint8)
    for outline in outlines:
        one = np.zeros_like(mask)
        fixed = np.round((outline - (left, top)) * 2**SHIFT).astype(np.int32)
        cv2.fillPoly(one, [fixed], 255, cv2.LINE_8, SHIFT)
        mask &= one
    return mask


def _outline_weight(spine: Points) -> Points:
    """Pen pressure around a closed outline: heavier where it faces down and right, away from the light."""
    x, y = spine[:, 0], spine[:, 1]
    area = float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
    reach = min(9, max(1, len(spine) // 8))
    tangent = np.roll(spine, -reach, axis=0) - np.roll(spine, reach, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1) * np.sign(area)
    facing = normal @ np.array([0.45, 0.89])
    pressure = 0.92 + 0.34 * facing
    kernel = np.ones(25) / 25
    if len(pressure) <= 50:
        return np.asarray(pressure)
    return np.convolve(np.concatenate([pressure[-12:], pressure, pressure[:12]]), kernel, mode="valid")


def _taper_weight(count: int, taper: tuple[float, float]) -> Points:
    """Pen pressure along an open stroke: from thin to full over the tapers."""
    t = np.linspace(0, 1, count)
    weight = np.ones(count)
    for share, way in ((taper[0], t), (taper[1], 1 - t)):
        if share > 0:
            rise = np.clip(way / share, 0, 1)
            weight *= 0.12 + 0.88 * np.sin(rise * np.pi / 2)
    return weight
