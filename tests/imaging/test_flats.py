import cv2
import numpy as np
import pytest

from rltn_cli.imaging.flats import find_regions, flat_colors


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
    dark = two_rooms(40)
    painted = np.full((200, 300, 3), 0.5, np.float32)
    flat = flat_colors(painted, dark, labels)
    np.testing.assert_allclose(flat, 0.5, atol=0.01)
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


def test_a_region_gets_the_median_of_its_paint():
    dark = two_rooms(0)
    painted = np.full((200, 300, 3), 0.9, np.float32)
    painted[20:180, 20:150] = (0.8, 0.2, 0.2)
    painted[20:180, 150:280] = (0.2, 0.3, 0.8)
    painted[30:60, 30:60] = (0.1, 0.9, 0.1)
    noisy = np.clip(painted + np.random.default_rng(0).normal(0, 0.02, painted.shape), 0, 1).astype(
        np.float32
    )
    flat = flat_colors(noisy, dark, find_regions(dark))
    np.testing.assert_allclose(flat[30:170, 30:140], np.tile((0.8, 0.2, 0.2), (140, 110, 1)), atol=0.02)
    np.testing.assert_allclose(flat[30:170, 160:270], np.tile((0.2, 0.3, 0.8), (140, 110, 1)), atol=0.02)


def test_a_region_of_several_colours_is_left_painted():
    dark = two_rooms(0)
    painted = np.full((200, 300, 3), 0.9, np.float32)
    painted[20:100, 20:150] = (0.8, 0.2, 0.2)
    painted[100:180, 20:150] = (0.2, 0.8, 0.2)
    flat = flat_colors(painted, dark, find_regions(dark))
    np.testing.assert_array_equal(flat[30:170, 30:140], painted[30:170, 30:140])


def test_halves_of_one_colour_that_touch_become_one_colour():
    dark = two_rooms(8)
    painted = np.full((200, 300, 3), 0.9, np.float32)
    painted[20:180, 20:150] = (0.80, 0.20, 0.20)
    painted[20:180, 150:280] = (0.84, 0.22, 0.22)
    labels = find_regions(dark, gap=0.05)
    flat = flat_colors(painted, dark, labels)
    assert labels[60, 60] != labels[60, 240]
    np.testing.assert_array_equal(flat[60, 60], flat[60, 240])
    assert 0.80 < flat[60, 60, 0] < 0.84


def test_no_step_in_the_open_beside_a_painted_region():
    dark = two_rooms(8)
    painted = np.full((200, 300, 3), 0.9, np.float32)
    painted[20:180, 150:280] = np.linspace((0.8, 0.2, 0.2), (0.2, 0.8, 0.2), 130)
    painted[20:180, 20:150] = (0.6, 0.2, 0.3)
    painted[90:120, 120:150] = (0.8, 0.2, 0.2)
    flat = flat_colors(painted, dark, find_regions(dark, gap=0.05))
    np.testing.assert_array_equal(flat[30:170, 30:270], painted[30:170, 30:270])
    closed = two_rooms(0)
    flat = flat_colors(painted, closed, find_regions(closed, gap=0.05))
    assert np.ptp(flat[30:170, 30:140], axis=(0, 1)).max() == 0
