"""The methods that extract lines, one entry each: what draws, and what the method takes.

A new method is a name in `rltn_cli.choices` and an entry here.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from rltn_cli.choices import LineMethod
from rltn_cli.errors import UsageError
from rltn_cli.imaging.line_art.contours import draw_contours
from rltn_cli.imaging.line_art.segments import flat_regions, label_map
from rltn_cli.imaging.line_art.xdog import xdog
from rltn_cli.imaging.pixels import Bytes, Pixels, to_eight_bit
from rltn_cli.imaging.tiling import draw_tiled
from rltn_cli.sizes import LINE_WIDEST, LINES_MAXIMUM, LINES_MINIMUM, LINES_USUAL_REGIONS

Draw: TypeAlias = Callable[[Pixels], Bytes]
"""From RGB (H, W, 3) to black lines on white (H, W)."""

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
        if self.size is not None and not LINES_MINIMUM <= self.size <= LINES_MAXIMUM:
            raise UsageError(f"size must be from {LINES_MINIMUM} to {LINES_MAXIMUM} pixels, not {self.size}")
        if self.threshold is not None and not 0 < self.threshold <= 1:
            raise UsageError(f"threshold must be above 0 and at most 1, not {self.threshold}")
        if not 1 <= self.line_width <= LINE_WIDEST:
            raise UsageError(f"line width must be from 1 to {LINE_WIDEST} pixels, not {self.line_width}")


@dataclass(frozen=True, slots=True)
class NetworkSource:
    """Where a method's network comes from, and where it computes."""

    weights: str | None = None
    """Folder, `.safetensors` file or `org/repo[@revision]` on the Hub; None for the shipped one."""
    device: str = "auto"
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Loaded:
    """A method, ready to draw."""

    draw: Draw
    weights_sha256: str | None = None
    """Tells a network's weights and configuration from others."""


@dataclass(frozen=True, slots=True)
class MethodEntry:
    """What is known of a method."""

    load: Callable[[Settings, NetworkSource], Loaded]
    has_network: bool = False
    needs_weights: bool = False
    """Whether its network's weights must be named."""
    draws_labels: bool = False
    """Whether it draws label maps too, and part masks: it then gets pictures as they are, at their own size
    and with all their bits. Other methods get 8 bits at the working size."""


def _load_network(settings: Settings, source: NetworkSource) -> Loaded:
    """Load a network, and hash its weights and configuration."""
    from rltn_cli.engine.checkpoints.header import read_stored
    from rltn_cli.engine.checkpoints.line_models import SHIPPED, load_line_model
    from rltn_cli.engine.checkpoints.model_names import find_model
    from rltn_cli.engine.inference.line_network import LineNetwork

    path = find_model(source.weights or SHIPPED, offline=source.offline)
    network = LineNetwork(load_line_model(path), source.device)
    digest = hashlib.sha256(repr(network.network.config).encode())
    for part in read_stored(path).parts:
        digest.update(part.read_bytes())
    return Loaded(network, digest.hexdigest())


def _load_contours(settings: Settings, source: NetworkSource) -> Loaded:
    """Draw the borders of a label map, or of the flat regions of a picture."""

    def draw(color: Pixels) -> Bytes:
        size, width = (color.shape[0], color.shape[1]), settings.line_width
        labels = label_map(color)
        if labels is not None:
            return draw_contours(labels, width=width)
        regions = flat_regions(to_eight_bit(color), size=settings.size or LINES_USUAL_REGIONS)
        return draw_contours(regions, width=width, size=size, smoothing=4)

    return Loaded(draw)


def _load_xdog(settings: Settings, source: NetworkSource) -> Loaded:
    """Draw by differences of Gaussians, in tiles where the picture is large."""
    return Loaded(lambda color: draw_tiled(color, xdog, limit=_XDOG_PIXELS, margin=_XDOG_MARGIN))


METHODS: Mapping[LineMethod, MethodEntry] = {
    "hed-small": MethodEntry(_load_network, has_network=True),
    "hed": MethodEntry(_load_network, has_network=True, needs_weights=True),
    "contour": MethodEntry(_load_contours, draws_labels=True),
    "xdog": MethodEntry(_load_xdog),
}


def check_weights(method: LineMethod, weights: str | None) -> None:
    """Refuse weights for a method without a network, and a network that must be named and is not.

    Raises:
        UsageError: as above.
    """
    if METHODS[method].needs_weights and weights is None:
        raise UsageError(
            f"method {method} needs the original network's weights: name a .safetensors file or org/repo on "
            "the Hub (--weights), or take hed-small, which is shipped"
        )
    if not METHODS[method].has_network and weights is not None:
        raise UsageError(f"method {method} has no weights: leave --weights out")
