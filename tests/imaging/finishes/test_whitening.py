import numpy as np

from rltn_cli.imaging.colors.palette import Palette
from rltn_cli.imaging.finishes.whitening import is_white, tinted, whiten_regions

ONE = np.ones((20, 20), np.int32)
TRUSTED = np.ones((20, 20), np.float32)
PALETTE = Palette(np.array([(255, 255, 255), (180, 60, 60)], np.uint8))


def test_white_is_what_has_no_dark_channel():
    assert is_white(np.array([[255, 255, 255], [250, 251, 250], [255, 255, 240]], np.uint8)).tolist() == [
        True,
        True,
        False,
    ]


def test_a_tint_counts_from_its_darkest_channel():
    numbers = np.array([0, 0, 1, 1, 2, 2])
    colors = np.ones((6, 3), np.float32)
    colors[2:4, 1] = 0.96  # 0.04 below white is half-way from 0.02 to 0.06
    colors[4:, 2] = 0.5
    np.testing.assert_allclose(tinted(numbers, np.ones(6), colors, 3), [0, 0.5, 1], atol=1e-6)


def test_what_has_no_weight_does_not_count():
    colors = np.array([[1, 1, 1], [0, 0, 0]], np.float32)
    np.testing.assert_allclose(tinted(np.array([0, 0]), np.array([1.0, 0.0]), colors, 1), [0])


def test_a_faint_tint_goes_and_a_shadow_stays():
    colors = np.full((20, 20, 3), 0.99, np.float32)
    colors[4:6, 4:6] = 0.6
    whitened = whiten_regions(colors, TRUSTED, ONE, PALETTE)
    np.testing.assert_allclose(whitened[10:], 1)
    np.testing.assert_allclose(whitened[4:6, 4:6], 0.6, atol=1e-6)


def test_regions_with_a_colour_stay():
    colors = np.full((20, 20, 3), 0.98, np.float32)
    labels = ONE.copy()
    labels[:, 10:] = 2
    colors[:, 10:] = (0.95, 0.9, 0.8)
    whitened = whiten_regions(colors, TRUSTED, labels, PALETTE)
    np.testing.assert_allclose(whitened[:, :10], 1)
    np.testing.assert_allclose(whitened[:, 10:], colors[:, 10:], atol=1e-6)


def test_regions_stay_if_another_colour_of_the_palette_is_nearer():
    colors = np.tile(np.float32([0.99, 0.97, 0.98]), (20, 20, 1))
    pink = Palette(np.array([(255, 255, 255), (252, 246, 249)], np.uint8))
    np.testing.assert_allclose(whiten_regions(colors, TRUSTED, ONE, pink), colors, atol=1e-6)
    assert whiten_regions(colors, TRUSTED, ONE, PALETTE).min() > 0.98
