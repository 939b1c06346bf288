import numpy as np

from rltn_cli.imaging.regions import count
from rltn_cli.imaging.regions.count import RegionCount


def test_tables_and_sorting_give_the_same_sums(monkeypatch):
    rng = np.random.default_rng(0)
    labels = np.repeat(np.repeat(rng.integers(1, 9, (10, 12)), 8, axis=0), 8, axis=1).astype(np.int32)
    dark = rng.random(labels.shape).astype(np.float32)
    grid, weight = rng.random((20, 24, 3), np.float32), rng.random((40, 48), np.float32)
    by_table = RegionCount(labels, dark).sums(grid, weight)
    monkeypatch.setattr(count, "_TABLE", 0)
    assert (RegionCount(labels, dark).sums(grid, weight) == by_table).all()


def test_a_grid_as_fine_as_the_drawing_sums_to_each_small_region_off_the_lines():
    labels = np.array([[1, 1, 2], [1, 3, 2]], np.int32)
    dark = np.array([[0, 1, 0], [0, 1, 0]], np.float32)
    counted = RegionCount(labels, dark)
    grid = np.arange(6, dtype=np.float32).reshape(2, 3, 1)
    sums = counted.sums(grid, np.ones((2, 3), np.float32))
    assert sums[:, 0].tolist() == [0, 0 + 3, 2 + 5, 4]  # region 3 has nothing off the lines
    assert np.allclose(counted.areas, np.array([0, 2, 2, 0]) / 6)
