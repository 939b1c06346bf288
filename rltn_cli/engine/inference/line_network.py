"""A network that draws lines, at work on a picture of any size."""

import cv2
import numpy as np
import torch

from rltn_cli.data.tensors import to_tensor
from rltn_cli.engine.runtime.device import choose_device
from rltn_cli.engine.runtime.out_of_memory import memory_for
from rltn_cli.imaging.pixels import Bytes, to_bytes
from rltn_cli.imaging.tiling import draw_tiled
from rltn_cli.models.hed import HED, STRIDE

_TILE_VALUES, _TILE_PIXELS = 1 << 25, 1 << 20
"""Values of a layer at full size that a tile may have (128 MiB), and the pixels that it has at least."""


class LineNetwork:
    """Draws the lines of colour pictures with HED or its narrow twin (Xie and Tu, 2015)."""

    def __init__(
        self, network: HED, device: torch.device | str = "auto", *, limit: int | None = None
    ) -> None:
        """Take a network into use.

        Args:
            network: is moved to the device and put in evaluation mode.
            device: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.
            limit: pixels that are drawn at a time; if None, what fits the network's width.

        Raises:
            UsageError: no such device here.
        """
        self.device = choose_device(device)
        self.network: HED = network.to(self.device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        self.limit = limit or max(_TILE_PIXELS, _TILE_VALUES // network.config.widths[0])

    def __call__(self, color: Bytes) -> Bytes:
        """Draw the lines of a picture, in tiles where it is large.

        Args:
            color: (H, W, 3) RGB.

        Returns:
            (H, W), black lines (0) on white (255).

        Raises:
            RltnError: the device does not have enough memory.
        """
        height, width = color.shape[:2]
        filled = cv2.copyMakeBorder(
            color, 0, -height % STRIDE, 0, -width % STRIDE, cv2.BORDER_REFLECT_101
        )  # tiles begin at multiples of the stride, and then see what the whole sees
        lines = draw_tiled(
            np.asarray(filled, np.uint8),
            self._draw,
            limit=self.limit,
            margin=self.network.reach,
            multiple=STRIDE,
        )
        return np.ascontiguousarray(lines[:height, :width])

    @torch.inference_mode()
    def _draw(self, color: Bytes) -> Bytes:
        """Draw one tile."""
        with memory_for("the lines", self.device):
            edges = torch.sigmoid(self.network(to_tensor(color[None], self.device))[-1])
            return to_bytes(1 - edges[0, 0].float().cpu().numpy())
