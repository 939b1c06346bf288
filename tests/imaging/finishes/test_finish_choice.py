import cv2
import numpy as np
import pytest

from rltn_cli.imaging.finishes.finish_choice import choose_finish, look_at


def closed():
    page = np.full((600, 800), 255, np.uint8)
    for number in range(6):
        cv2.circle(page, (120 + 110 * number, 300), 50, 0, 3, cv2.LINE_AA)
    return page


def sketchy():
    rng = np.random.default_rng(0)
    page = np.full((600, 800), 255, np.uint8)
    for number in range(40):
        center = (int(rng.integers(80, 720)), int(rng.integers(80, 520)))
        cv2.ellipse(page, center, (60, 40), number * 20, 0, 300, 0, 2, cv2.LINE_AA)
        cv2.ellipse(page, center, (60, 40), number * 20, 310, 352, 0, 2, cv2.LINE_AA)
    return page


def test_closed_line_art_is_painted_flat():
    finish, notice = choose_finish(closed())
    assert finish == "cel" and "closed line art" in notice


def test_open_drawings_are_painted():
    finish, notice = choose_finish(sketchy())
    assert finish == "paint" and "sketchy" in notice


def test_a_drawing_of_one_region_is_painted():
    finish, notice = choose_finish(np.full((100, 100), 255, np.uint8))
    assert finish == "paint" and "no region" in notice


@pytest.mark.parametrize("scale", [0.5, 2])
def test_the_measure_hardly_depends_on_the_size(scale):
    bigger = cv2.resize(sketchy(), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    first, second = look_at(sketchy()), look_at(bigger)
    assert abs(first.openness - second.openness) < 0.03 and abs(first.hatching - second.hatching) < 0.1


def test_hatched_drawings_are_painted():
    page = np.full((1000, 1000), 255, np.uint8)
    cv2.rectangle(page, (100, 100), (900, 900), 0, 3)
    for x in range(100, 900, 9):
        cv2.line(page, (x, 100), (x, 900), 0, 2, cv2.LINE_AA)
    finish, notice = choose_finish(page)
    assert finish == "paint" and "hatched" in notice
