import pytest
import torch

from rltn_cli.engine.inference.duration import DurationEstimate
from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN


@pytest.fixture
def estimate():
    return DurationEstimate(RLTN(PRESETS["tiny"]).eval(), torch.device("cpu"))


def test_small_pictures_are_not_measured(estimate):
    assert estimate.seconds(256 * 256, 3 * 256 * 256, size=256) == 0


def test_of_large_pictures_it_grows_with_the_pixels(estimate):
    once, twice = (estimate.seconds(side * side, side * side, size=side) for side in (1024, 2048))
    assert once > 0
    assert twice == pytest.approx(4 * once)


def test_a_full_match_grows_with_the_product(estimate):
    pixels = 512 * 512
    two, four, eight = (estimate.seconds(pixels, n * pixels, size=512) for n in (2, 4, 8))
    assert 0 < two < four < eight < 4 * two  # the rest grows with the sum of the pixels
    large = estimate.seconds(4 * pixels, 8 * pixels, size=1024) - estimate.seconds(
        4 * pixels, 4 * pixels, size=1024
    )
    full = estimate.seconds(4 * pixels, 8 * pixels, size=512) - estimate.seconds(
        4 * pixels, 4 * pixels, size=512
    )
    assert large < 2 * full
