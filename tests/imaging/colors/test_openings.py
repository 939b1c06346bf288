import cv2
import numpy as np
import pytest

from rltn_cli.imaging.colors.evidence import Clues
from rltn_cli.imaging.colors.openings import divide_at_openings
from rltn_cli.imaging.colors.palette import Palette
from rltn_cli.imaging.regions.region_map import map_regions

PALETTE = Palette(np.array([(255, 255, 255), (220, 30, 40), (20, 60, 200)], np.uint8))
RED, BLUE = (0.02, 0.97, 0.01), (0.02, 0.01, 0.97)


def rooms(door, size=(256, 256)):
    """Two rooms, one beside the other, with a door in the wall between them, as a share of its height."""
    height, width = size
    page = np.full(size, 255, np.uint8)
    line = max(2, height // 128)
    page[:line] = page[-line:] = 0
    page[:, :line] = page[:, -line:] = 0
    page[:, width // 2 : width // 2 + line] = 0
    middle, half = height // 2, round(door * height / 2)
    page[middle - half : middle + half, width // 2 : width // 2 + line] = 255
    return page


def seen(left, right, side=256):
    """What the network says of two rooms: the attention of all places in each."""
    attention = np.zeros((side // 4, side // 4, 3), np.float32)
    attention[:, : side // 8], attention[:, side // 8 :] = left, right
    colors = np.full((side, side, 3), 0.5, np.float32)
    return Clues(colors, colors, PALETTE, attention)


def divided(page, clues):
    regions = map_regions(page)
    return regions, divide_at_openings(regions, clues, page)


def test_rooms_of_different_colours_are_divided_at_the_door():
    page = rooms(0.05)
    before, after = divided(page, seen(RED, BLUE))
    assert (before.count, after.count) == (1, 2)
    assert (after.labels[:, :120] == after.labels[50, 50]).all()
    assert (after.labels[:, 136:] == after.labels[50, 200]).all()
    (bare,) = after.borders.bare.tolist()
    assert 8 <= bare <= 20  # the door is 12 pixels wide


def test_rooms_of_one_colour_are_not_divided():
    before, after = divided(rooms(0.05), seen(RED, RED))
    assert after is before


def test_rooms_of_two_tints_are_not_divided():
    clues = seen(RED, BLUE)
    tints = Palette(np.array([(255, 255, 255), (177, 223, 234), (193, 225, 231)], np.uint8))
    before, after = divided(rooms(0.05), Clues(clues.colors, clues.warped, tints, clues.attention))
    assert after is before


def test_nothing_is_divided_without_attention():
    clues = seen(RED, BLUE)
    before, after = divided(rooms(0.05), Clues(clues.colors, clues.warped, PALETTE))
    assert after is before


def test_a_place_that_hardly_tells_two_colours_apart_divides_nothing():
    before, after = divided(rooms(0.05), seen((0.01, 0.5, 0.49), (0.01, 0.49, 0.5)))
    assert after is before


@pytest.mark.parametrize("door", [0.2, 1.0])
def test_an_opening_wider_than_six_gaps_is_left_open(door):
    before, after = divided(rooms(door), seen(RED, BLUE))
    assert after is before


def test_a_strip_along_a_dashed_line_is_not_cut_off():
    page = rooms(1.0)
    for top in range(0, 256, 20):
        page[top : top + 10, 24:26] = 0
    clues = seen(RED, RED)
    clues.attention[:, :6] = BLUE
    before, after = divided(page, clues)
    assert after is before


@pytest.mark.parametrize("size", [(128, 128), (700, 1000), (1600, 2400)])
def test_any_size_is_divided_at_the_same_place(size):
    _, after = divided(rooms(0.05, size), seen(RED, BLUE))
    height, width = size
    labels = after.labels
    scale = labels.shape[0] / height
    middle = round(width / 2 * scale)
    assert after.count == 2
    assert len(np.unique(labels[:, : middle - 5])) == len(np.unique(labels[:, middle + 8 :])) == 1
    assert after.dark.shape == labels.shape


def test_regions_keep_their_numbers_and_new_parts_get_new_ones():
    page = rooms(0.05, (256, 512))
    page[:, 60:62] = 0
    regions = map_regions(page)
    after = divide_at_openings(regions, seen(RED, BLUE), page)
    assert (regions.count, after.count) == (2, 3)
    assert (after.labels[:, :60] == regions.labels[:, :60]).all()
    assert (after.labels[:, 70:250] == regions.labels[:, 70:250]).all()
    assert (after.labels[:, 265:] == 3).all()


def test_the_border_across_a_door_in_a_slanting_wall_is_straight():
    page = np.full((1024, 1024), 255, np.uint8)
    cv2.line(page, (412, 0), (612, 1023), 0, 6, cv2.LINE_AA)
    page[482:542] = 255
    _, after = divided(page, seen(RED, BLUE))
    rows = np.arange(486, 538)
    border = (after.labels[rows] == after.labels[512, 100]).sum(axis=1)
    wall = 412 + 200 * rows / 1023
    assert after.count == 2
    assert np.abs(border - wall).max() < 3.5
