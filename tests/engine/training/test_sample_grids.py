import numpy as np
import torch

from rltn_cli.data.batches import make_plain_batch
from rltn_cli.engine.training.sample_grids import sample_grid
from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN


def test_a_grid_shows_sketch_reference_warp_colors_and_truth():
    torch.manual_seed(0)
    flat = [torch.full((5, channels, 64, 64), value) for channels, value in ((1, 1.0), (3, 0.0), (3, -1.0))]
    everyone = torch.ones(5)
    batch = make_plain_batch(
        sketch=flat[0], reference=flat[1], target=flat[2], pseudo=everyone, shared=0 * everyone
    )
    grid = sample_grid(RLTN(PRESETS["tiny"]), batch, "cpu")
    assert grid.shape == (5 * 64, 5 * 64, 3)
    assert grid.dtype == np.uint8
    rows = grid.reshape(5, 64, 320, 3)
    assert (rows[0] == 255).all()  # paper
    assert (rows[1] == 128).all()  # half grey
    assert np.abs(rows[2].astype(int) - 128).max() <= 1  # whatever is matched, the reference has one colour
    assert (rows[4] == 0).all()
