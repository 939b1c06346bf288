import numpy as np
import pytest

from rltn_cli.imaging.colors.palette import Palette
from rltn_cli.imaging.finishes.whitening import has_white, is_white, tinted, whiten_regions

ONE = np.ones((20, 20), np.int32)
TRUSTED = np.ones((20, 20), np.float32)


def test_white_is_what_has_no_dark_channel():
    assert is_white(np.array([[255, 255, 255], [250, 251, 250], [255, 255, 240]], np.uint8)).tolist() == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(("color", "found"), [((252, 252, 252), True), ((248, 240, 220), False)])
def test_a_palette_has_white_or_not(color: tuple[int, int, int], found: bool):
    assert has_white(Palette(np.array([(20, 40, 60), color], np.uint8))) is found


def test_a_tint_counts_from_its_darkest_channel():
    numbers = np.array([0, 0, 1, 1, 2, 2])
    colors = np.ones((6, 3), np.float32)
    colors[2:4, 1] = 0.945  # 0.055 below white is half-way from 0.03 to 0.08
    colors[4:, 2] = 0.5
    np.testing.assert_allclose(tinted(numbers, np.ones(6), colors, 3), [0, 0.5, 1], atol=1e-6)


def test_what_has_no_weight_does_not_count():
    colors = np.array([[1, 1, 1], [0, 0, 0]], np.float32)
    np.testing.assert_allclose(tinted(np.array([0, 0]), np.array([1.0, 0.0]), colors, 1), [0])


def test_a_faint_tint_goes_and_a_shadow_stays():
    colors = np.full((20, 20, 3), 0.98, np.float32)
    colors[4:6, 4:6] = 0.6
    whitened = whiten_regions(colors, TRUSTED, ONE)
    np.testing.assert_allclose(whitened[10:], 1)
    np.testing.assert_allclose(whitened[4:6, 4:6], 0.6, atol=1e-6)


def test_regions_with_a_colour_stay():
    colors = np.full((20, 20, 3), 0.98, np.float32)
    labels = ONE.copy()
    labels[:, 10:] = 2
    colors[:, 10:] = (0.95, 0.9, 0.8)
    whitened = whiten_regions(colors, TRUSTED, labels)
    np.testing.assert_allclose(whitened[:, :10], 1)
    np.testing.assert_allclose(whitened[:, 10:], colors[:, 10:], atol=1e-6)
