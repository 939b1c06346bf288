import numpy as np

from rltn_cli.imaging.regions.runs import Runs

LABELS = np.array([[1, 1, 2], [2, 2, 2]], np.int32)
MASK = np.array([[True, False, False], [True, True, True]])


def test_runs_end_with_their_region_and_with_their_row():
    runs = Runs(LABELS)
    assert runs.labels.tolist() == [1, 2, 2]
    assert runs.lengths.tolist() == [2, 1, 3]
    assert runs.rows.tolist() == [0, 0, 1]
    assert runs.areas(3).tolist() == [0, 2, 4]


def test_runs_end_where_a_mask_does():
    runs = Runs(LABELS, MASK)
    assert runs.lengths.tolist() == [1, 1, 1, 3]
    assert runs.areas(4).tolist() == [0, 1, 3, 0]
    assert Runs(LABELS, MASK & (LABELS == 1)).present(4).tolist() == [False, True, False, False]


def test_values_spread_over_the_pixels_of_their_runs():
    assert Runs(LABELS).spread(np.array([7, 8, 9])).tolist() == [[7, 7, 8], [9, 9, 9]]


def test_runs_count_any_map_as_its_pixels_do():
    rng = np.random.default_rng(0)
    labels = rng.integers(1, 5, (20, 31)).astype(np.int32)
    mask = rng.random(labels.shape) < 0.5
    runs = Runs(labels, mask)
    assert (runs.spread(runs.labels) == labels).all() and (runs.spread(runs.inside) == mask).all()
    assert (runs.areas(6) == np.bincount(labels[mask], minlength=6)).all()
