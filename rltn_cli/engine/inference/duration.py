"""How long painting will take on this machine, estimated from a small picture."""

import time
from functools import cached_property

import torch

from rltn_cli.models.architectures import PaintingNetwork
from rltn_cli.sizes import PATCH

LONG = 10.0
"""Seconds from which the user is told in advance."""
_QUICK = 2 * 512 * 512
"""Pixels of sketch and references together that no machine takes long for."""
_SIDES = 64, 128
"""Sides of the pictures whose operations are counted."""


class DurationEstimate:
    """Estimates how long a network takes for a sketch and its references.

    The operations of convolutions grow with the pixels, those of the matching with the product of both
    pictures' pixels. How many the machine does per second is measured once, on a small picture.
    """

    def __init__(self, model: PaintingNetwork, device: torch.device) -> None:
        """Begin; nothing is measured yet.

        Args:
            model: on its device.
            device: where it computes.
        """
        self._model, self._device = model, device

    def seconds(self, sketch: int, references: int) -> float:
        """Estimate seconds; 0 where it is certainly quick.

        Args:
            sketch: pixels of the sketch, at the network's size.
            references: those of all references.
        """
        if sketch + references <= _QUICK:
            return 0.0
        convolutions, matching, speed = self._measured
        return (convolutions * (sketch + references) / 2 + matching * sketch * references) / speed

    @cached_property
    def _measured(self) -> tuple[float, float, float]:
        """Operations of convolutions per pixel, of matching per pair of pixels, and operations per second."""
        from rltn_cli.models.cost import measure_cost  # only large pictures get here; it takes 0.1 s to load

        first, second = (measure_cost(self._model.config, size=side).flop / side**2 for side in _SIDES)
        matching = max(0.0, (second - first) / (_SIDES[1] ** 2 - _SIDES[0] ** 2))
        convolutions = first - matching * _SIDES[0] ** 2
        side = 256 if self._device.type == "cpu" else 512
        seconds = min(_paint_blank(self._model, self._device, side) for _ in range(2))
        return convolutions, matching, (convolutions + matching * side**2) * side**2 / seconds


@torch.inference_mode()
def _paint_blank(model: PaintingNetwork, device: torch.device, side: int) -> float:
    """Paint a blank picture, and return how many seconds that takes."""
    started = time.perf_counter()
    sketch = torch.zeros(1, 1, side, side, device=device)
    regions = torch.ones(1, side // PATCH, side // PATCH, dtype=torch.int64, device=device)
    tokens = model.encode_references([torch.zeros(1, 3, side, side, device=device)])
    model.colorize(sketch, tokens, regions).colors.sum().item()
    return time.perf_counter() - started
