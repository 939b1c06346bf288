import numpy as np
import pytest

from rltn_cli.imaging.line_art.contours import adjacent_labels, draw_contours, draw_curves, trace_contours


def two_regions(height=40, width=60, edge=20):
    labels = np.zeros((height, width), np.uint8)
    labels[:, edge:] = 5
    return labels


def test_two_regions_give_one_line_and_no_frame():
    lines = draw_contours(two_regions(), width=1)
    assert (lines[:, 20] == 0).all()
    assert (lines[:, :20] == 255).all() and (lines[:, 22:] == 255).all()
    assert (lines == lines[0]).all()


@pytest.mark.parametrize("labels", [np.zeros((1, 1), np.uint8), np.full((3, 200), 7, np.uint8)])
def test_one_region_has_no_contour(labels):
    assert (draw_contours(labels) == 255).all()
    assert draw_contours(labels).shape == labels.shape


@pytest.mark.parametrize("width", [1, 2, 3, 8])
def test_lines_have_the_width_that_was_asked_for(width):
    ink = (255 - draw_contours(two_regions(), width=width)[20].astype(float)).sum() / 255
    assert abs(ink - width) <= 0.3


def test_every_border_between_neighbours_is_drawn_once():
    labels = np.zeros((60, 60), np.uint16)
    labels[:, 30:] = 40_000
    labels[30:] += 1
    ink = 255 - draw_contours(labels, width=1).astype(float)
    assert abs(ink.sum() / 255 / 120 - 1) < 0.3


def test_a_hole_has_a_contour():
    labels = np.full((40, 40), 3, np.uint8)
    labels[15:25, 15:25] = 1
    lines = draw_contours(labels, width=1)
    assert (lines[14, 17:23] == 0).all() and (lines[17:23, 14] == 0).all()
    assert (lines[:12] == 255).all()


def test_only_equality_of_labels_matters():
    generator = np.random.default_rng(0)
    labels = np.repeat(np.repeat(generator.integers(0, 9, (6, 6)), 10, 0), 10, 1).astype(np.uint8)
    names = np.sort(generator.choice(60_000, 9, replace=False)).astype(np.uint16)
    assert (draw_contours(labels) == draw_contours(names[labels])).all()


def test_many_labels_are_all_separated():
    labels = np.repeat(np.repeat(np.arange(100).reshape(10, 10), 12, 0), 12, 1).astype(np.uint8)
    lines = draw_contours(labels, width=2)
    for edge in range(12, 120, 12):
        assert (lines[edge - 1 : edge + 2].min(axis=0) < 128).all()
        assert (lines[:, edge - 1 : edge + 2].min(axis=1) < 128).all()


def test_lines_are_drawn_at_another_size():
    lines = draw_contours(two_regions(), width=2, size=(80, 120))
    assert lines.shape == (80, 120)
    dark = (lines[40] < 128).nonzero()[0]
    assert dark.min() >= 39 and dark.max() <= 42


def test_bands_do_not_show(monkeypatch):
    labels = np.zeros((64, 64), np.uint8)
    labels[np.hypot(*np.mgrid[-32:32, -32:32]) < 25] = 1
    whole = draw_contours(labels)
    monkeypatch.setattr("rltn_cli.imaging.line_art.contours._BAND", 16 * 64 * 5)
    assert (draw_contours(labels) == whole).all()


def test_curves_are_smooth_and_closed():
    labels = np.zeros((64, 64), np.uint8)
    labels[np.hypot(*np.mgrid[-32:32, -32:32]) < 25] = 1
    (curve,) = trace_contours(labels)
    radius = np.hypot(curve[:, 0] - 32, curve[:, 1] - 32)
    assert abs(radius - 24.5).max() < 0.8


def test_an_open_curve_is_not_closed():
    curve = np.array([[5, 5], [25, 5], [25, 25]], np.float32)
    lines = draw_curves([curve], (30, 30), width=1, closed=False)
    assert (lines[5, 6:25] == 0).all() and lines[15, 15] == 255
    assert draw_curves([curve], (30, 30), width=1)[15, 15] < 255


def test_touching_labels_are_found_also_over_corners():
    labels = np.array([[0, 0, 1], [0, 2, 1], [3, 3, 3]])
    assert adjacent_labels(labels).tolist() == [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]
