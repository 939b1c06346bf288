import numpy as np

from rltn_cli.imaging.finishes.calming import calm_regions

RED, BLUE = np.array([0.8, 0.3, 0.2], np.float32), np.array([0.2, 0.3, 0.8], np.float32)
ONE = np.ones((64, 64), np.int32)
TRUSTED = np.ones((64, 64), np.float32)


def test_blotches_fade_into_the_main_colour():
    colors = np.tile(RED, (64, 64, 1))
    colors[10:40, 10:30] = BLUE
    calmed = calm_regions(colors, TRUSTED, ONE)
    assert np.abs(calmed - RED)[10:40, 10:30].max() < 0.55 * np.abs(BLUE - RED).max()
    assert np.abs(calmed - RED)[50:, 40:].max() < 0.06


def test_colours_that_agree_stay():
    rng = np.random.default_rng(0)
    colors = np.clip(RED + rng.normal(0, 0.01, (64, 64, 3)), 0, 1).astype(np.float32)
    np.testing.assert_allclose(calm_regions(colors, TRUSTED, ONE), colors, atol=0.01)


def test_paper_stays_white_and_other_regions_as_they_are():
    colors = np.ones((64, 64, 3), np.float32)
    colors[20:40, 20:40] = RED
    labels = ONE.copy()
    labels[:, 50:] = 2
    colors[:, 50:] = BLUE
    calmed = calm_regions(colors, TRUSTED, labels)
    np.testing.assert_allclose(calmed[:10, :40], 1, atol=0.01)
    np.testing.assert_allclose(calmed[:, 50:], colors[:, 50:], atol=0.02)


def test_a_region_that_is_several_keeps_its_colours():
    colors = np.zeros((24, 36, 3), np.float32)
    colors[:, :12], colors[:, 12:24], colors[:, 24:] = (0.8, 0.2, 0.2), (0.2, 0.6, 0.3), (0.2, 0.3, 0.8)
    calmed = calm_regions(colors, np.ones((24, 36), np.float32), np.ones((24, 36), np.int32))
    np.testing.assert_allclose(calmed, colors, atol=2e-3)
