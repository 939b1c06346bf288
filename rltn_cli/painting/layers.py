"""The layers of a finished painting, for painting programs: laid over each other they are the picture."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeAlias

import cv2
import numpy as np

from rltn_cli.choices import Finish
from rltn_cli.imaging.canvas import upsample_rows
from rltn_cli.imaging.colors.decision import Decision
from rltn_cli.imaging.finishes.finishing import DECIDED, lay_lines, under_lines
from rltn_cli.imaging.finishes.flat_painting import Paint
from rltn_cli.imaging.pixels import Pixels, top_value
from rltn_cli.painting.finish import Finished, decision_of, lines_on_white
from rltn_cli.painting.transparency import ink_on_nothing

Blend: TypeAlias = Literal["normal", "multiply", "add"]


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer, of the picture's size."""

    name: str
    blend: Blend
    """How it lies on those below."""
    visible: bool
    render: Callable[[], Pixels]
    """Gives (H, W, 3) RGB, or (H, W, 4) RGBA where the picture has alpha, of its depth."""


@dataclass(frozen=True, slots=True, eq=False)
class LayeredPicture:
    """Layers, and the picture that they make."""

    layers: tuple[Layer, ...]
    """The lowest first."""
    merged: Pixels
    """(H, W, 3) or (H, W, 4)."""
    dpi: tuple[float, float] | None
    """Dots per inch across and down."""


def layers_of(finished: Finished) -> tuple[Layer, ...]:
    """Return the layers of a finished painting, the lowest first.

    The warped reference (hidden); flats; shading, which multiplies, and light, which is added; paint; lines,
    which multiply. Flats with their shading are shown for `flat` and `cel`, paint for the other finishes.

    Where the picture is half transparent, at the edge of a cut-out, its colours lie in the lowest visible
    layer, and those above are empty: laid over each other, several half transparent layers would be denser.

    Args:
        finished: with the attention among its clues.
    """
    painting, options = finished.painting, finished.options
    decision = finished.decision or decision_of(painting, options)
    stack = _Stack(finished, decision)
    decided = options.finish in DECIDED
    shaded = options.finish == "cel"
    return (
        Layer("reference", "normal", False, stack.reference),
        Layer("flats", "normal", decided, stack.shown_flats if decided else stack.flats),
        Layer("shading", "multiply", shaded, stack.shading),
        Layer("light", "add", shaded, stack.light),
        Layer("paint", "normal", not decided, stack.paint if decided else stack.shown_paint),
        Layer("lines", "multiply", options.lines != "none", stack.lines),
    )


class _Stack:
    """Renders layers, each when it is asked for."""

    def __init__(self, finished: Finished, decision: Decision) -> None:
        self._finished, self._decision = finished, decision
        self._painting = finished.painting
        self._top = top_value(finished.image)
        opaque = np.full(self._painting.size, True)
        drawn = self._painting.alpha
        self._has_alpha = finished.image.shape[2] == 4
        self._whole = opaque if drawn is None else drawn == self._top
        """Where the drawing is opaque."""
        self._partly = ~opaque if drawn is None else (drawn > 0) & ~self._whole
        """Where it is half transparent."""
        self._figure = self._whole if finished.paper is None else self._whole & ~finished.paper

    def reference(self) -> Pixels:
        """Return the warped reference."""
        warped = self._painting.clues.warped
        return self._below(self._colors(partial(upsample_rows, warped, size=self._painting.size)))

    def flats(self) -> Pixels:
        """Return one colour for each region."""
        return self._below(self._finish("flat"))

    def paint(self) -> Pixels:
        """Return the network's colours, up to the lines."""
        return self._below(self._finish("paint"))

    def shown_flats(self) -> Pixels:
        """Return the flats as the lowest visible layer."""
        return self._lowest(self._finish("flat"))

    def shown_paint(self) -> Pixels:
        """Return the paint as the lowest visible layer; for `raw` the network's own picture."""
        return self._lowest(self._finish(self._finished.options.finish))

    def shading(self) -> Pixels:
        """Return what darkens the flats: white where nothing does."""
        flats, cel = self._finish("flat"), self._finish("cel")
        share = cel.astype(np.float32) / np.maximum(flats, 1)
        return self._above(np.rint(self._top * np.minimum(share, 1)).astype(flats.dtype), self._top)

    def light(self) -> Pixels:
        """Return what lightens the flats: black where nothing does."""
        flats, cel = self._finish("flat"), self._finish("cel")
        return self._above(np.asarray(cv2.subtract(cel, flats)), 0)

    def lines(self) -> Pixels:
        """Return the lines on white; on nothing where paper is left out."""
        options = self._finished.options
        shown = options if options.lines != "none" else replace(options, lines="keep")
        lines = lines_on_white(self._painting, shown, self._decision)
        if self._finished.paper is None:
            return self._above(lines, self._top)
        result = ink_on_nothing(lines)
        result[~self._whole] = 0
        return result

    def _finish(self, finish: Finish) -> Pixels:
        painting = self._painting
        return self._colors(under_lines(painting.clues, painting.grey, finish, self._decision))

    def _colors(self, paint: Paint) -> Pixels:
        return lay_lines(paint, self._painting.clues, self._painting.ink, lines="none")

    def _lowest(self, colors: Pixels) -> Pixels:
        """Give the lowest visible layer its alpha, and all colours where the drawing is half transparent."""
        colors[self._partly] = self._finished.image[self._partly, :3]
        return self._below(colors)

    def _below(self, colors: Pixels) -> Pixels:
        """Give a layer below the lines its alpha."""
        if not self._has_alpha:
            return colors
        alpha = np.where(self._figure, self._top, 0).astype(colors.dtype)
        alpha[self._partly] = self._finished.image[self._partly, 3]
        return np.dstack([colors, alpha])

    def _above(self, colors: Pixels, nothing: int) -> Pixels:
        """Let a layer above the lowest do nothing where the picture is not opaque."""
        if not self._has_alpha:
            return colors
        colors[~self._figure] = nothing
        return np.dstack([colors, np.where(self._figure, self._top, 0).astype(colors.dtype)])
