"""Sample grids: what the weights paint, on the same drawings every time."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rltn_cli.config import DataConfig
from rltn_cli.data.sampling import Batch, PairStore, Sampler, make_batch
from rltn_cli.data.tensors import to_array
from rltn_cli.engine.inference.colorizer import Colorizer
from rltn_cli.imaging.pixels import to_bytes
from rltn_cli.models.rltn import RLTN


def sample_batch(store: PairStore, count: int, size: int, seed: int = 0) -> Batch:
    """Draw fixed samples with clean lines and true colours; half have a reference of their palette.

    Args:
        store: of the pairs to show.
        count: number of samples.
        size: height and width in pixels.
        seed: of the draws.
    """
    config = DataConfig(pseudo=0.4, foreign=0.1, recolor=0, degrade=0)
    sampler = Sampler(store.pairs, config, seed)
    draws = [sampler.draw(0, i, count) for i in range(count)]
    return make_batch(store, draws, size)


def sample_grid(model: RLTN, batch: Batch, device: torch.device | str) -> NDArray[np.uint8]:
    """Paint a batch and lay it out, a sample a column: sketch, reference, warped, painted, truth.

    The model is left in evaluation mode.

    Returns:
        (5 H, B W, 3) uint8 RGB.
    """
    colorizer = Colorizer(model, device)
    parts = [
        colorizer.paint_batch(batch.sketch[i : i + 4], [batch.reference[i : i + 4]])
        for i in range(0, len(batch.sketch), 4)
    ]
    warped = torch.cat([part.warped.cpu() for part in parts])
    colors = torch.cat([part.colors.cpu() for part in parts])
    rows = [
        batch.sketch.cpu().expand(-1, 3, -1, -1),
        batch.reference.cpu(),
        warped,
        colors,
        batch.truth.cpu(),
    ]
    return to_bytes(to_array(torch.cat([_row(row) for row in rows], dim=1)))


def _row(pictures: Tensor) -> Tensor:
    """Lay (B, 3, H, W) side by side: (3, H, B W)."""
    return torch.cat(list(pictures), dim=2)
