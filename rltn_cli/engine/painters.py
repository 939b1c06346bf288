"""What the evaluator calls: a method that paints a batch of sketches, one reference each."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from rltn_cli.models.rltn import RLTN
from rltn_cli.pixels import Bytes


@dataclass(frozen=True, slots=True)
class Painting:
    """What a method made of a batch."""

    images: Bytes
    """(N, H, W, 3) RGB, the lines on top."""
    warped: Bytes | None = None
    """(N, H, W, 3): the reference warped onto the sketch, where the method does that."""


Painter = Callable[[Bytes, Bytes], Painting]
"""Paints sketches (N, H, W) by references (N, H, W, 3)."""


def network_painter(model: RLTN, device: torch.device) -> Painter:
    """Return a method that paints by a network and multiplies the lines on top."""

    @torch.inference_mode()
    def paint(sketches: Bytes, references: Bytes) -> Painting:
        sketch = torch.from_numpy(sketches).to(device)[:, None].float() / 127.5 - 1
        reference = torch.from_numpy(references).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1
        output = model(sketch, [reference])
        colors, warped = (
            ((x + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy()
            for x in (output.colors, output.warped)
        )
        product = (colors.astype(np.uint16) * sketches[..., None] + 127) // 255
        return Painting(product.astype(np.uint8), warped)

    return paint
