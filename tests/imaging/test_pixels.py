import numpy as np
import pytest

from rltn_cli.imaging import pixels
from rltn_cli.imaging.pixels import percentiles, to_eight_bit


@pytest.mark.parametrize("count", [1, 2, 3, 1000, 12_345])
def test_percentiles_equal_numpys(count):
    grey = np.random.default_rng(count).integers(0, 256, count).astype(np.uint8)
    shares = (0, 0.5, 2, 50, 75, 99.8, 100)
    np.testing.assert_allclose(percentiles(grey, *shares), np.percentile(grey, shares), atol=1e-9)


def test_percentiles_of_a_picture_of_two_values():
    grey = np.array([[0, 0, 0], [255, 255, 255]], np.uint8)
    assert percentiles(grey, 40, 50, 60) == (0.0, 127.5, 255.0)


def test_percentiles_of_a_picture_larger_than_floats_count(monkeypatch):
    monkeypatch.setattr(pixels, "_EXACT", 1000)
    grey = np.random.default_rng(0).integers(0, 256, (70, 50)).astype(np.uint8)
    assert percentiles(grey, 3, 50) == pytest.approx(tuple(np.percentile(grey, (3, 50))))


def test_eight_bit_is_rounded():
    deep = np.array([[0, 128, 129, 257, 65535]], np.uint16)
    np.testing.assert_array_equal(to_eight_bit(deep), [[0, 0, 1, 1, 255]])
