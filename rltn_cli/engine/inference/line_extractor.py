"""The LineExtractor: every way to draw the lines of a colour picture, behind one call."""

import json
from dataclasses import asdict
from typing import Self

import cv2
import numpy as np

from rltn_cli.choices import LineMethod
from rltn_cli.engine.inference.line_methods import METHODS, Loaded, NetworkSource, Settings, check_weights
from rltn_cli.errors import UsageError
from rltn_cli.imaging.canvas import shrink_lines
from rltn_cli.imaging.line_art.thinning import thin_lines
from rltn_cli.imaging.pixels import Bytes, Pixels, to_eight_bit
from rltn_cli.sizes import LINES_USUAL

_VERSION = 1
"""Version of everything here that decides the result in addition to the settings."""
_MOST_ENLARGED, _MOST_PIXELS = 4.0, 1 << 26
_THIN_FROM = 0.4
"""Ink from which a line is thinned, where no threshold is given."""


class LineExtractor:
    """Draws the lines of colour pictures at their own size."""

    def __init__(self, method: LineMethod, loaded: Loaded, chosen: Settings) -> None:
        """Take a method into use; see `LineExtractor.of`."""
        self.method = method
        self.chosen = chosen
        self._draw = loaded.draw
        facts = {
            "version": _VERSION, "method": method, "weights_sha256": loaded.weights_sha256, **asdict(chosen),
        }  # fmt: skip
        self.settings: str = json.dumps(facts, sort_keys=True)
        """Everything that decides the result, in a text that is always the same for it."""

    @classmethod
    def of(
        cls,
        method: LineMethod = "hed-small",
        *,
        weights: str | None = None,
        device: str = "auto",
        offline: bool = False,
        size: int | None = None,
        thin: bool = False,
        threshold: float | None = None,
        line_width: float = 2.0,
    ) -> Self:
        """Make an extractor, loading its network if it has one.

        Args:
            method: see `rltn_cli.choices.LINE_METHODS`.
            weights: folder, `.safetensors` file or `org/repo[@revision]` on the Hub of the network.
            device: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`, for a network.
            offline: never touch the network.
            size: see `Settings`, as those that follow.
            thin: see there.
            threshold: see there.
            line_width: see there.

        Raises:
            UsageError: an unknown method, a setting out of range, weights that are missing or have no use,
                or no such device here.
            ModelError: weights that cannot be found or loaded.
        """
        if method not in METHODS:
            raise UsageError(f"method must be one of {', '.join(METHODS)}, not {method}")
        chosen = Settings(size, thin, threshold, line_width)
        check_weights(method, weights)
        return cls(method, METHODS[method].load(chosen, NetworkSource(weights, device, offline)), chosen)

    def __call__(self, color: Pixels) -> Bytes:
        """Draw the lines of a picture.

        Args:
            color: (H, W, 3) RGB, uint8; or uint16, which for `contour` may be a label map.

        Returns:
            (H, W), black lines (0) on white (255).

        Raises:
            RltnError: the device does not have enough memory.
        """
        native = color.shape[0], color.shape[1]
        if METHODS[self.method].draws_labels:
            lines, working = self._draw(color), native
        else:
            working = working_size(native, self.chosen.size)
            lines = self.draw_at(to_eight_bit(color), working)
        if self.chosen.thin:
            width = max(1.0, (native[0] * native[1] / (working[0] * working[1])) ** 0.5)
            threshold = self.chosen.threshold or _THIN_FROM
            return thin_lines(lines, threshold=threshold, width=1 if width < 1.5 else width)
        if self.chosen.threshold is not None:
            return np.where(lines <= 255 * (1 - self.chosen.threshold), np.uint8(0), np.uint8(255))
        return lines

    def draw_at(self, color: Bytes, working: tuple[int, int]) -> Bytes:
        """Draw a picture's lines at another size, and bring them back to its own."""
        native = color.shape[0], color.shape[1]
        if working == native:
            return self._draw(color)
        smaller = working[0] * working[1] < native[0] * native[1]
        method = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
        resized = np.asarray(cv2.resize(color, working[::-1], interpolation=method), np.uint8)
        lines = self._draw(resized)
        if not smaller:
            return shrink_lines(lines, native)
        return enlarge_lines(lines, native)


def working_size(native: tuple[int, int], size: int | None) -> tuple[int, int]:
    """Return the size to work at: `size` pixels on the shorter side, within limits.

    Args:
        native: (H, W) of the picture.
        size: asked for; None for the picture's own, at most 1024. A picture is at most enlarged by four.

    Returns:
        (H, W).
    """
    short, area = min(native), native[0] * native[1]
    scale = min(1.0, LINES_USUAL / short) if size is None else min(size / short, _MOST_ENLARGED)
    if scale > 1:
        scale = min(scale, max(1.0, (_MOST_PIXELS / area) ** 0.5))
    return max(1, round(native[0] * scale)), max(1, round(native[1] * scale))


def enlarge_lines(lines: Bytes, size: tuple[int, int]) -> Bytes:
    """Enlarge line art; its edges become neither soft nor stepped.

    The cubic enlargement is smoothed by half a pixel of the small picture and then sharpened by twice its
    difference from a wider blur, which leaves even greys as they are.

    Args:
        lines: (H, W), black lines on white.
        size: (H', W') wanted, not smaller.

    Returns:
        (H', W').
    """
    factor = (size[0] * size[1] / lines.size) ** 0.5
    large = cv2.resize(lines, size[::-1], interpolation=cv2.INTER_CUBIC)
    smooth = cv2.GaussianBlur(large, (0, 0), 0.45 * factor)
    wide = cv2.GaussianBlur(large, (0, 0), 0.9 * factor)
    return np.asarray(cv2.addWeighted(smooth, 3, wide, -2, 0), np.uint8)
