"""The LineExtractor: every way to draw the lines of a colour picture, behind one call."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal, Self, TypeAlias, get_args

import cv2
import numpy as np

from rltn_cli.errors import UsageError
from rltn_cli.imaging.canvas import shrink_lines
from rltn_cli.imaging.contours import draw_contours
from rltn_cli.imaging.pixels import Bytes, Pixels, to_eight_bit
from rltn_cli.imaging.segments import flat_regions, label_map
from rltn_cli.imaging.thinning import thin_lines
from rltn_cli.imaging.tiling import draw_tiled
from rltn_cli.imaging.xdog import xdog

Method = Literal["hed-small", "hed", "contour", "xdog"]
Draw: TypeAlias = Callable[[Bytes], Bytes]
"""From RGB (H, W, 3) to black lines on white (H, W)."""

SMALLEST, LARGEST = 16, 16_384
"""Bounds of the working size, in pixels of the shorter side."""
WIDEST = 64.0
"""The widest lines of contours, in pixels."""
USUAL_SIZE = 1024
"""Larger pictures are worked on at this many pixels of the shorter side, unless a size is asked for."""
REGION_SIZE = 512
"""The same for contours of a picture that is no label map."""
_VERSION = 1
"""Of everything here that decides the result beside the settings."""
_MOST_ENLARGED, _MOST_PIXELS = 4.0, 1 << 26
_THIN_FROM = 0.4
"""Ink from which a line is thinned, where no threshold is given."""
_XDOG_PIXELS, _XDOG_MARGIN = 1 << 22, 12


@dataclass(frozen=True, slots=True)
class Settings:
    """How lines are drawn; the same for every method, unless it says otherwise."""

    size: int | None = None
    """Pixels of the shorter side to work at; None for the picture's own, at most 1024 (contours: 512)."""
    thin: bool = False
    """Whether lines are thinned to one pixel at the working size."""
    threshold: float | None = None
    """Ink, from 0 to 1, from which a place is black; everything is black or white then. None keeps greys."""
    line_width: float = 2.0
    """Width of contours in pixels of the picture."""

    def __post_init__(self) -> None:
        if self.size is not None and not SMALLEST <= self.size <= LARGEST:
            raise UsageError(f"size must be from {SMALLEST} to {LARGEST} pixels, not {self.size}")
        if self.threshold is not None and not 0 < self.threshold <= 1:
            raise UsageError(f"threshold must be above 0 and at most 1, not {self.threshold}")
        if not 1 <= self.line_width <= WIDEST:
            raise UsageError(f"line width must be from 1 to {WIDEST:.0f} pixels, not {self.line_width}")


class LineExtractor:
    """Draws the lines of colour pictures at their own size."""

    def __init__(
        self, method: Method, draw: Draw | None, chosen: Settings, weights_sha256: str | None
    ) -> None:
        """Take a drawing function into use; see `LineExtractor.of`.

        Args:
            method: the method's name.
            draw: draws at the working size; None for `contour`.
            chosen: the settings.
            weights_sha256: tells a network's weights from others; None without a network.
        """
        self.method = method
        self.chosen = chosen
        self._draw = draw
        facts = {"version": _VERSION, "method": method, "weights_sha256": weights_sha256, **asdict(chosen)}
        self.settings: str = json.dumps(facts, sort_keys=True)
        """Everything that decides the result, in a text that is always the same for it."""

    @classmethod
    def of(
        cls,
        method: Method = "hed-small",
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
            method: `hed-small`, the network that is shipped; `hed`, the original one, which needs weights;
                `contour`, the borders of flat regions or of a label map; `xdog`, differences of Gaussians.
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
        if method not in get_args(Method):
            raise UsageError(f"method must be one of {', '.join(get_args(Method))}, not {method}")
        chosen = Settings(size, thin, threshold, line_width)
        check_weights(method, weights)
        if method == "contour":
            return cls(method, None, chosen, None)
        if method == "xdog":
            return cls(method, _draw_xdog, chosen, None)
        draw, digest = _load_network(weights, device, offline)
        return cls(method, draw, chosen, digest)

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
        if self.method == "contour":
            lines, working = self._contours(color), native
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
        assert self._draw is not None
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

    def _contours(self, color: Pixels) -> Bytes:
        """Draw the borders of a label map, or of the flat regions of a picture."""
        size, width = (color.shape[0], color.shape[1]), self.chosen.line_width
        labels = label_map(color)
        if labels is not None:
            return draw_contours(labels, width=width)
        regions = flat_regions(to_eight_bit(color), size=self.chosen.size or REGION_SIZE)
        return draw_contours(regions, width=width, size=size, smoothing=4)


def check_weights(method: Method, weights: str | None) -> None:
    """Refuse weights for a method without a network, and the original HED without weights.

    Raises:
        UsageError: as above.
    """
    if method == "hed" and weights is None:
        raise UsageError(
            "method hed needs the original network's weights: name a .safetensors file or org/repo on the "
            "Hub (--weights), or take hed-small, which is shipped"
        )
    if method in ("contour", "xdog") and weights is not None:
        raise UsageError(f"method {method} has no weights: leave --weights out")


def working_size(native: tuple[int, int], size: int | None) -> tuple[int, int]:
    """Return the size to work at: `size` pixels on the shorter side, within limits.

    Args:
        native: (H, W) of the picture.
        size: asked for; None for the picture's own, at most 1024. A picture is at most enlarged by four.

    Returns:
        (H, W).
    """
    short, area = min(native), native[0] * native[1]
    scale = min(1.0, USUAL_SIZE / short) if size is None else min(size / short, _MOST_ENLARGED)
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


def _draw_xdog(color: Bytes) -> Bytes:
    """Draw by differences of Gaussians, in tiles where the picture is large."""
    return draw_tiled(color, xdog, limit=_XDOG_PIXELS, margin=_XDOG_MARGIN)


def _load_network(weights: str | None, device: str, offline: bool) -> tuple[Draw, str]:
    """Load a network; return what draws, and the hash of its weights and configuration."""
    from rltn_cli.engine.checkpoints.header import read_stored
    from rltn_cli.engine.checkpoints.line_models import SHIPPED, find_line_model, load_line_model
    from rltn_cli.engine.inference.line_network import LineNetwork

    path = find_line_model(weights or SHIPPED, offline=offline)
    network = LineNetwork(load_line_model(path), device)
    digest = hashlib.sha256(repr(network.network.config).encode())
    for part in read_stored(path).parts:
        digest.update(part.read_bytes())
    return network, digest.hexdigest()
