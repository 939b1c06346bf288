"""How long painting will take on this machine, estimated from a small picture."""

import logging
import time
from collections.abc import Callable
from functools import cached_property

import torch

from rltn_cli.models.architectures import PaintingNetwork
from rltn_cli.models.correspondence import warp
from rltn_cli.models.rltn import RLTN
from rltn_cli.models.windows import KEYS
from rltn_cli.sizes import PATCH, SIDE_FULL_MATCH

_log = logging.getLogger(__name__)

LONG = 10.0
"""Seconds from which the user is told in advance."""
_QUICK = 2 * 512 * 512
"""Pixels of sketch and references together that no machine takes long for."""
_LARGE = 2.0
"""How much longer a pixel of a large picture takes than one of a small picture, whose layers fit into caches.

By processor time 1.9 times at 1024x1024 and 2.3 times at 2048x2048, with `small` on an AMD EPYC.
"""


class DurationEstimate:
    """Estimates how long a network takes for a sketch and its references.

    The time of all but the matching grows with the pixels, that of the matching with the product of both
    pictures' pixels, or with the sketch's alone where it is matched from coarse to fine. How long a small
    picture takes is measured once.
    """

    def __init__(self, model: PaintingNetwork, device: torch.device) -> None:
        """Begin; nothing is measured yet.

        Args:
            model: on its device.
            device: where it computes.
        """
        self._model, self._device = model, device

    def seconds(self, sketch: int, references: int, *, size: int) -> float:
        """Estimate seconds; 0 where it is certainly quick.

        Args:
            sketch: pixels of the sketch, at the network's size.
            references: those of all references.
            size: those of the shorter side.
        """
        if sketch + references <= _QUICK:
            return 0.0
        a_pixel, a_pair = self._measured
        large = size > SIDE_FULL_MATCH
        queries, keys = sketch / PATCH**2, references / PATCH**2
        matching = a_pair * queries * (min(keys, KEYS) if large else keys)
        return (a_pixel * (sketch + references) + matching) * (_LARGE if large else 1.0)

    def announce(
        self, sketch: int, references: int, *, size: int, tell: Callable[[float], None] | None = None
    ) -> None:
        """Report how long the network will probably take, if that is long.

        Args:
            sketch: pixels of the sketch, at the network's size.
            references: those of all references.
            size: what the user asked for.
            tell: called with the seconds; they are logged if None.
        """
        seconds = self.seconds(sketch, references, size=size)
        if seconds < LONG:
            return
        if tell is None:
            _log.warning("size %d takes long: about %d seconds per drawing on this machine", size, seconds)
        else:
            tell(seconds)

    @cached_property
    def _measured(self) -> tuple[float, float]:
        """Seconds a pixel without the matching, and seconds of the matching a pair of tokens."""
        side = 256 if self._device.type == "cpu" else 512
        pixels, tokens = side**2, (side // PATCH) ** 2
        painting = min(_paint_blank(self._model, self._device, side) for _ in range(2))
        matching = 0.0
        if isinstance(self._model, RLTN):
            matching = min(_match_blank(self._model, self._device, tokens) for _ in range(2))
        return max(painting - matching, 0.0) / (2 * pixels), matching / tokens**2


@torch.inference_mode()
def _paint_blank(model: PaintingNetwork, device: torch.device, side: int) -> float:
    """Paint a blank picture, and return how many seconds that takes."""
    started = time.perf_counter()
    sketch = torch.zeros(1, 1, side, side, device=device)
    regions = torch.ones(1, side // PATCH, side // PATCH, dtype=torch.int64, device=device)
    tokens = model.encode_references([torch.zeros(1, 3, side, side, device=device)])
    model.colorize(sketch, tokens, regions).colors.sum().item()
    return time.perf_counter() - started


@torch.inference_mode()
def _match_blank(model: RLTN, device: torch.device, tokens: int) -> float:
    """Match as many tokens with as many, and return how many seconds that takes."""
    features = torch.zeros(1, tokens, model.config.correspondence_width, device=device)
    patches = torch.zeros(1, tokens, 24, device=device)
    started = time.perf_counter()
    warp(features, features, patches, model.config.temperature).sum().item()
    return time.perf_counter() - started
