import cv2
import numpy as np
import pytest

from rltn_cli.imaging.colors.palette import Palette, read_palette

RED, BLUE, WHITE = (200, 40, 50), (30, 60, 190), (255, 255, 255)


def poster(scale=4):
    """Anti-aliased shapes of few colours with thin outlines."""
    picture = np.full((200 * scale, 160 * scale, 3), 255, np.uint8)
    cv2.circle(picture, (80 * scale, 70 * scale), 50 * scale, RED, -1, cv2.LINE_AA)
    cv2.rectangle(picture, (30 * scale, 130 * scale), (130 * scale, 180 * scale), BLUE, -1)
    return picture


def test_the_colours_are_values_of_the_picture_and_no_blends():
    colors = {tuple(color) for color in read_palette([poster()]).colors.tolist()}
    assert colors == {RED, BLUE, WHITE}


def test_every_colour_occurs_in_a_noisy_picture():
    noise = np.random.default_rng(0).integers(-9, 10, (800, 640, 3))
    picture = np.clip(poster().astype(int) + noise, 0, 255).astype(np.uint8)
    present = {tuple(color) for color in picture.reshape(-1, 3).tolist()}
    assert {tuple(color) for color in read_palette([picture]).colors.tolist()} <= present


def test_the_same_pictures_give_the_same_palette():
    first, second = (read_palette([poster(), poster(1)[:, ::-1].copy()]).colors for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_one_colour():
    assert read_palette([np.full((70, 70, 3), 99, np.uint8)]).colors.tolist() == [[99, 99, 99]]


def test_pictures_are_read_together():
    pictures = [np.full((64, 64, 3), color, np.uint8) for color in (RED, BLUE)]
    assert {tuple(color) for color in read_palette(pictures).colors.tolist()} == {RED, BLUE}


def test_what_a_palette_says_of_its_colours():
    palette = Palette(np.array([WHITE, (0, 0, 0)], np.uint8))
    assert palette.hexes == ["#ffffff", "#000000"] and len(palette) == 2
    np.testing.assert_allclose(palette.lab, [(100, 0, 0), (0, 0, 0)], atol=0.01)
    with pytest.raises(ValueError, match="at least one"):
        Palette(np.zeros((0, 3), np.uint8))
