import numpy as np
import pytest

from rltn_cli.imaging.regions.strokes import cut_along, joined_along


def rooms():
    """Three rooms side by side, the walls of which belong to them: regions (60, 90), and what is no wall."""
    labels = np.repeat(np.repeat(np.array([[1, 2, 3]], np.int32), 30, axis=1), 60, axis=0)
    free = np.ones(labels.shape, np.bool_)
    free[:, 28:32] = free[:, 58:62] = False
    return labels, free


def test_what_a_stroke_passes_becomes_one_region():
    labels, free = rooms()
    joined = joined_along(labels, free, [(10, 10), (50, 20)])
    assert joined.tolist() == np.repeat(np.repeat([[1, 1, 2]], 30, axis=1), 60, axis=0).tolist()
    assert joined_along(joined, free, [(85, 10), (10, 50)]).max() == 1
    assert joined_along(labels, free, [(10, 10), (20, 20)]) is None
    assert joined_along(labels, free, [(20, 10), (31, 10)]).max() == 2  # ends on the next room's wall
    assert joined_along(labels, free, [(20, 10), (29, 10)]) is None


def test_a_stroke_from_edge_to_edge_cuts_a_region_in_two():
    labels, free = rooms()
    cut = cut_along(labels, free, [(30, 20), (59, 20)])
    assert cut.max() == 4 and (cut[:, :30] == 1).all() and (cut[:, 60:] == 3).all()
    assert (cut[21:, 30:60] == 2).all() and (cut[:20, 30:60] == 4).all()


@pytest.mark.parametrize(("short", "cuts"), [(2, True), (8, False)])
def test_ends_that_stop_a_little_short_are_lengthened(short, cuts):
    labels = np.ones((100, 100), np.int32)
    free = np.ones(labels.shape, np.bool_)  # 3 % of the shorter side are 3 pixels
    cut = cut_along(labels, free, [(short, 40), (50, 45), (99 - short, 50)])
    assert (cut is not None) == cuts
    if cuts:
        assert cut.max() == 2 and cut[80, 50] == 1 and cut[20, 50] == 2


def test_a_loop_cuts_out_what_it_surrounds():
    labels = np.ones((100, 100), np.int32)
    free = np.ones(labels.shape, np.bool_)
    turn = np.linspace(0, 1.9 * np.pi, 30)  # not quite closed
    loop = [(round(50 + 20 * np.cos(a)), round(50 + 20 * np.sin(a))) for a in turn]
    cut = cut_along(labels, free, loop)
    assert cut.max() == 2 and cut[50, 50] == 2 and cut[5, 5] == 1
    assert abs((cut == 2).sum() - np.pi * 20**2) < 120


def test_a_stroke_that_cuts_nothing_off_changes_nothing():
    labels, free = rooms()
    assert cut_along(labels, free, [(40, 30), (46, 30)]) is None
    assert cut_along(labels, free, [(35, 0), (37, 0)]) is None  # what is cut off is too small
    assert cut_along(labels, free, [(29, 5), (29, 50)]) is None  # on a wall


def test_a_stroke_through_several_regions_cuts_the_one_that_it_divides():
    labels, free = rooms()
    cut = cut_along(labels, free, [(5, 30), (75, 30)])  # ends in the rooms to the left and to the right
    assert cut.max() == 4 and len(np.unique(cut[:, 30:60])) == 2


def test_every_number_stays_in_use():
    chance = np.random.default_rng(0)
    labels, free = rooms()
    for number in range(200):
        stroke = chance.integers(0, (90, 60), (int(chance.integers(2, 5)), 2)).tolist()
        changed = (joined_along if number % 3 == 0 else cut_along)(labels, free, stroke)
        if changed is None:
            continue
        count = int(changed.max())
        assert changed.min() == 1 and (np.bincount(changed.reshape(-1))[1:] > 0).all()
        assert count < labels.max() if number % 3 == 0 else count > labels.max()
        labels = changed
