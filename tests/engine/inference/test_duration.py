import torch

from rltn_cli.engine.inference.duration import DurationEstimate
from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN


def test_small_pictures_are_not_measured():
    assert DurationEstimate(RLTN(PRESETS["tiny"]), torch.device("cpu")).seconds(256 * 256, 3 * 256 * 256) == 0


def test_it_grows_faster_than_the_pixels():
    estimate = DurationEstimate(RLTN(PRESETS["tiny"]).eval(), torch.device("cpu"))
    once, twice = (estimate.seconds(side * side, side * side) for side in (1024, 2048))
    assert 0 < 4 * once < twice < 16.1 * once
