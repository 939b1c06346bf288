import cv2
import numpy as np

from rltn_cli.imaging.regions import graph as region_graph
from rltn_cli.imaging.regions.graph import find_borders, tidy_regions


def test_borders_know_lines_from_openings():
    labels = np.ones((20, 30), np.int32)
    labels[:, 15:] = 2
    dark = np.zeros((20, 30), np.float32)
    dark[:15, 15] = 1
    borders = find_borders(labels, dark)
    assert borders.pairs.tolist() == [[1, 2]] and borders.length.tolist() == [20]
    assert borders.bare.tolist() == [5] and borders.openness.tolist() == [0.25]


def test_borders_after_two_regions_became_one():
    labels = np.repeat(np.arange(1, 4, dtype=np.int32), 10)[None].repeat(5, axis=0)
    borders = find_borders(labels, np.zeros(labels.shape, np.float32))
    assert borders.pairs.tolist() == [[1, 2], [2, 3]]
    joined = borders.renumber(np.array([0, 2, 1, 1], np.int32))
    assert joined.pairs.tolist() == [[1, 2]] and joined.length.tolist() == [5]


def test_specks_join_a_neighbour_and_numbers_have_no_holes():
    labels = np.ones((40, 40), np.int32)
    labels[10:12, 10:12] = 2
    labels[20:, 20:] = 5
    tidy, borders = tidy_regions(labels, np.zeros((40, 40), np.float32), 4, 12)
    assert set(np.unique(tidy)) == {1, 2}
    assert tidy[11, 11] == tidy[0, 0] and borders.pairs.tolist() == [[1, 2]]


def test_pieces_of_a_strand_become_one_but_rooms_stay_two():
    dark = np.zeros((60, 60), np.float32)
    cv2.line(dark, (0, 30), (59, 30), 1.0, 1)
    cv2.line(dark, (0, 36), (59, 36), 1.0, 1)
    labels = np.ones((60, 60), np.int32)
    labels[31:36, :30], labels[31:36, 30:] = 2, 3
    labels[36:] = 4
    labels[:31, 30:] = 5
    tidy, _ = tidy_regions(labels, dark, 12, 12)
    assert tidy[33, 10] == tidy[33, 50] and tidy[10, 10] != tidy[10, 50]


def test_one_region_has_no_borders():
    tidy, borders = tidy_regions(np.ones((9, 9), np.int32), np.zeros((9, 9), np.float32), 2, 12)
    assert (tidy == 1).all() and len(borders.pairs) == 0


def test_counting_finds_the_borders_that_sorting_finds(monkeypatch):
    rng = np.random.default_rng(0)
    labels = rng.integers(1, 9, (20, 30)).astype(np.int32)
    dark = rng.random((20, 30), np.float32)
    counted = find_borders(labels, dark)
    monkeypatch.setattr(region_graph, "_TABLE", 0)
    sorted_ = find_borders(labels, dark)
    for name in ("pairs", "length", "bare"):
        assert np.array_equal(getattr(counted, name), getattr(sorted_, name))
