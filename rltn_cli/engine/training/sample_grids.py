"""Sample grids: what the current weights paint, always of the same drawings."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rltn_cli.data.batches import Batch, make_batch
from rltn_cli.data.sampling import Sampler
from rltn_cli.data.stores import PairStore
from rltn_cli.data.tensors import to_array
from rltn_cli.engine.inference.colorizer import Colorizer
from rltn_cli.imaging.pixels import to_bytes
from rltn_cli.models.architectures import PaintingNetwork
from rltn_cli.models.rltn import RLTNOutput
from rltn_cli.training_config import DataConfig

AT_ONCE = 4
"""Samples painted at once, which bounds the memory."""


def draw_grid_batch(store: PairStore, count: int, size: int, seed: int = 0) -> Batch:
    """Draw fixed samples with clean lines and true colours; half of the references share the palette.

    Args:
        store: of the pairs to show.
        count: number of samples.
        size: height and width in pixels.
        seed: of the specs.
    """
    config = DataConfig(pseudo=0.4, foreign=0.1, recolor=0, degrade=0)
    sampler = Sampler(store.pairs, config, seed)
    specs = [sampler.draw(0, i, count) for i in range(count)]
    return make_batch(store, specs, size)


def sample_grid(model: PaintingNetwork, batch: Batch, device: torch.device | str) -> NDArray[np.uint8]:
    """Paint a batch and lay it out, one column per sample: sketch, reference, warped, painted, target.

    The model is left in evaluation mode.

    Returns:
        (5 H, B W, 3) uint8 RGB; (4 H, B W, 3) of a network that warps nothing.
    """
    colorizer = Colorizer(model, device)
    parts = [
        colorizer.paint_batch(batch.sketch[i : i + AT_ONCE], [batch.reference[i : i + AT_ONCE]])
        for i in range(0, len(batch.sketch), AT_ONCE)
    ]
    warped = [part.warped.cpu() for part in parts if isinstance(part, RLTNOutput)]
    colors = torch.cat([part.colors.cpu() for part in parts])
    rows = [
        batch.sketch.cpu().expand(-1, 3, -1, -1),
        batch.reference.cpu(),
        *([torch.cat(warped)] if warped else []),
        colors,
        batch.target.cpu(),
    ]
    return to_bytes(to_array(torch.cat([_row(row) for row in rows], dim=1)))


def _row(pictures: Tensor) -> Tensor:
    """Lay (B, 3, H, W) side by side: (3, H, B W)."""
    return torch.cat(list(pictures), dim=2)
