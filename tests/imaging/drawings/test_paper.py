"""Paper becomes white, and lines stay as dark as they were."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from rltn_cli.imaging.drawings.sketch import ink_darkness, prepare_sketch
from rltn_cli.imaging.files.pictures import read_picture

CASES = Path(__file__).parents[2] / "cases"
HEIGHT, WIDTH = 600, 480


def drawn():
    """How much ink lies where: a face, a frame, hatching, and a line across the page."""
    large = np.full((4 * HEIGHT, 4 * WIDTH), 255, np.uint8)
    cv2.circle(large, (960, 880), 480, 0, 12, cv2.LINE_AA)
    cv2.circle(large, (800, 800), 56, 0, -1, cv2.LINE_AA)
    cv2.rectangle(large, (240, 1520), (1680, 2320), 0, 8, cv2.LINE_AA)
    cv2.line(large, (0, 2000), (1920, 2000), 0, 8, cv2.LINE_AA)
    for i in range(12):
        cv2.line(large, (280 + 40 * i, 1560), (360 + 40 * i, 1920), 0, 4, cv2.LINE_AA)
    return 1 - cv2.resize(large, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) / 255


INK = drawn()
CORE = INK > 0.95
BARE = cv2.dilate(INK.astype(np.float32), np.ones((9, 9))) < 0.02


def page(paper, lines, grain=3.0, light=1.0):
    """A photo of the drawing."""
    paper, lines = np.array(paper, float), np.array(lines, float)
    picture = (paper + (lines - paper) * INK[..., None]) * np.asarray(light).reshape(*np.shape(light), 1)
    return np.clip(picture + np.random.default_rng(0).normal(0, grain, (HEIGHT, WIDTH, 1)), 0, 255).astype(
        np.uint8
    )


def prepared(pixels, **options):
    sketch = prepare_sketch(read_picture(pixels), **options)
    return ink_darkness(sketch.ink).astype(float), sketch.notices


def contrast(grey):
    return np.median(grey[BARE]) - grey[CORE].mean()


@pytest.mark.parametrize("grain", [0, 2, 4, 8])
@pytest.mark.parametrize(
    ("paper", "lines"),
    [
        ((228, 226, 220), (198, 196, 192)),
        ((200, 198, 190), (178, 176, 170)),
        ((240, 240, 240), (120, 120, 120)),
        ((170, 130, 85), (40, 30, 25)),
        ((110, 150, 210), (20, 25, 40)),
        ((200, 60, 50), (30, 10, 10)),
        ((120, 118, 115), (60, 58, 55)),
    ],
    ids=["pencil", "faint pencil", "grey ink", "brown paper", "blue paper", "red paper", "grey paper"],
)
def test_lines_never_lose_darkness(paper, lines, grain):
    photo = page(paper, lines, grain)
    grey, notices = prepared(photo)
    assert contrast(grey) > contrast(ink_darkness(photo).astype(float)) - 0.6
    assert np.median(grey[BARE]) == 255 and (grey[BARE] > 235).mean() > 0.995
    assert "levelled to white" in notices[0]


def test_the_faint_pencil_of_the_cases():
    picture = read_picture(CASES / "faint_pencil.jpg")
    before = ink_darkness(picture.pixels).astype(float)
    paper = cv2.medianBlur(before.astype(np.uint8), 31).astype(float)
    lines = paper - cv2.GaussianBlur(before, (0, 0), 1.5) > 14
    grey, _ = prepared(picture.pixels)
    assert (255 - grey)[lines].mean() >= (paper - before)[lines].mean()
    assert (grey == 255).mean() > 0.8


@pytest.mark.parametrize(("paper", "lines"), [(80, 15), (60, 12), (40, 8), (70, 0)])
def test_dark_paper_is_levelled_and_said(paper, lines):
    grey, notices = prepared(page((paper,) * 3, (lines,) * 3, 1.5))
    assert (grey[BARE] > 230).mean() > 0.99 and grey[CORE].mean() < 80
    assert notices == ("array: the dark paper is levelled to white",)


def test_paper_can_be_kept():
    photo = page((170, 130, 85), (40, 30, 25))
    sketch = prepare_sketch(read_picture(photo), paper="keep")
    np.testing.assert_array_equal(sketch.ink, photo)
    assert sketch.notices == ()


def test_where_it_cannot_be_levelled_it_is_said():
    picture = page((150, 150, 150), (20, 20, 20))
    picture[:, :340] = 12
    sketch = prepare_sketch(read_picture(picture))
    np.testing.assert_array_equal(sketch.ink, picture)
    assert sketch.notices == ("array: it has no white, and shows too little paper to be levelled",)


def edge_shadow(width, depth, side, soft):
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    distance = {"left": x, "right": WIDTH - 1 - x, "top": y, "bottom": HEIGHT - 1 - y}[side]
    share = np.clip(1 - distance / width, 0, 1)
    return 1 - depth * (0.5 - 0.5 * np.cos(np.pi * share) if soft else share)


@pytest.mark.parametrize("soft", [False, True], ids=["ramp", "soft"])
@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
@pytest.mark.parametrize(
    ("width", "depth"),
    [(8, 0.3), (8, 0.5), (15, 0.5), (15, 0.7), (25, 0.7), (40, 0.7), (70, 0.8), (110, 0.8)],
)
def test_a_shadow_at_the_edge_leaves_no_band(width, depth, side, soft):
    grey, _ = prepared(page((235, 232, 225), (40, 40, 40), 3, edge_shadow(width, depth, side, soft)))
    for axis in (0, 1):
        count = BARE.sum(axis=axis)
        lines = (grey * BARE).sum(axis=axis)[count > 50] / count[count > 50]
        assert lines.min() > 236


@pytest.mark.parametrize("softness", [0, 1, 2, 4])
@pytest.mark.parametrize("value", [10, 40, 90])
def test_inked_areas_at_the_edge_stay(value, softness):
    area = np.zeros((HEIGHT, WIDTH))
    area[420:, 300:] = area[:80, :150] = 1
    if softness:
        area = cv2.GaussianBlur(area, (0, 0), softness)
    photo = page((225, 220, 210), (30, 30, 30)) * (1 - area[..., None]) + value * area[..., None]
    grey, _ = prepared(photo.astype(np.uint8))
    assert grey[450:590, 330:470].mean() < 1.3 * value + 5
    assert grey[10:60, 10:120].mean() < 1.3 * value + 5
