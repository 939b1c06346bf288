import cv2
import numpy as np
import pytest

from rltn_cli.imaging.regions import clearance
from rltn_cli.imaging.regions.flats import find_regions


def two_rooms(gap):
    """A box with a wall across; the wall has a gap."""
    dark = np.zeros((200, 300), np.float32)
    cv2.rectangle(dark, (20, 20), (280, 180), 1.0, 2)
    cv2.line(dark, (150, 20), (150, 180), 1.0, 2)
    dark[100 : 100 + gap, 148:153] = 0
    return dark


@pytest.mark.parametrize("gap", [0, 4, 8])
def test_rooms_with_a_small_gap_are_two(gap):
    labels = find_regions(two_rooms(gap), gap=0.05)
    outside, left, right = labels[5, 5], labels[60, 60], labels[60, 240]
    assert len({outside, left, right}) == 3 and labels.min() == 1
    assert (labels[30:170, 30:140] == left).all() and (labels[30:170, 160:270] == right).all()
    assert (labels[:15] == outside).all()


def test_rooms_with_a_door_are_one():
    labels = find_regions(two_rooms(40), gap=0.05)
    assert labels[60, 60] == labels[60, 240]


def test_narrow_regions_and_sharp_corners_keep_their_own_label():
    dark = np.zeros((200, 200), np.float32)
    cv2.line(dark, (0, 100), (200, 100), 1.0, 1)
    cv2.line(dark, (0, 104), (200, 104), 1.0, 1)
    cv2.line(dark, (0, 100), (200, 60), 1.0, 1)
    labels = find_regions(dark, gap=0.05)
    strip = labels[102, 100]
    assert (labels[102] == strip).all() and strip not in (labels[20, 20], labels[150, 100])
    wedge = labels[90, 190]
    assert labels[98, 40] == wedge and wedge not in (labels[20, 20], strip)


def test_a_long_wedge_is_one_region():
    dark = np.zeros((300, 300), np.float32)
    cv2.polylines(dark, [np.array([(60, 20), (110, 20), (120, 280)])], True, 1.0, 1, cv2.LINE_AA)
    inside = np.zeros((300, 300), np.uint8)
    cv2.fillPoly(inside, [np.array([(60, 20), (110, 20), (120, 280)])], 1)
    inside[dark > 0.1] = 0
    for gap in (0.02, 0.06, 0.2):
        assert len(np.unique(find_regions(dark, gap)[inside > 0])) == 1


def test_all_ink_and_no_ink():
    assert (find_regions(np.ones((50, 60), np.float32)) == 1).all()
    assert (find_regions(np.zeros((50, 60), np.float32)) == 1).all()


@pytest.mark.parametrize("gap", [0.012, 0.05, 0.1])
def test_balls_and_distances_find_the_same_regions(gap, monkeypatch):
    rng = np.random.default_rng(0)
    dark = np.zeros((150, 170), np.float32)
    for _ in range(12):
        x, y, radius = (int(value) for value in rng.integers(5, 150, 3))
        cv2.circle(dark, (x, y), radius // 2, 1.0, 1, cv2.LINE_AA)
    by_balls = find_regions(dark, gap)
    monkeypatch.setattr(clearance, "_BALL", 0)
    assert (find_regions(dark, gap) == by_balls).all()
