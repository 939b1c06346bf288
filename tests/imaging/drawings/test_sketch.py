import cv2
import numpy as np
import pytest

from rltn_cli.errors import PictureError
from rltn_cli.imaging.drawings.sketch import ink_darkness, is_cut_out, is_inverted, prepare_sketch
from rltn_cli.imaging.files.pictures import read_picture


def drawing(size=240):
    """A face and a house in black lines on white."""
    lines = np.full((size, size), 255, np.uint8)
    cv2.circle(lines, (80, 80), 50, 0, 2, cv2.LINE_AA)
    cv2.circle(lines, (65, 70), 5, 0, -1, cv2.LINE_AA)
    cv2.circle(lines, (95, 70), 5, 0, -1, cv2.LINE_AA)
    cv2.rectangle(lines, (130, 120), (220, 210), 0, 2, cv2.LINE_AA)
    cv2.line(lines, (130, 120), (175, 80), 0, 2, cv2.LINE_AA)
    cv2.line(lines, (220, 120), (175, 80), 0, 2, cv2.LINE_AA)
    return lines


def rgb(grey):
    return np.repeat(grey[..., None], 3, axis=2)


def prepared(pixels, **options):
    return prepare_sketch(read_picture(pixels), **options)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_a_clean_drawing_is_left_alone(depth):
    pixels = rgb(drawing()).astype(depth) * (257 if depth == np.uint16 else 1)
    sketch = prepared(pixels)
    np.testing.assert_array_equal(sketch.ink, pixels)
    np.testing.assert_array_equal(sketch.grey, drawing())
    assert sketch.alpha is None and sketch.notices == ()


def test_coloured_lines_keep_their_colour_and_are_dark_for_the_network():
    pixels = rgb(drawing())
    pixels[drawing() < 128] = (255, 235, 0)
    sketch = prepared(pixels)
    np.testing.assert_array_equal(sketch.ink, pixels)
    assert (sketch.grey[drawing() < 128] < 140).all()


def test_white_on_black_is_inverted_and_a_dark_drawing_is_not():
    sketch = prepared(255 - rgb(drawing()))
    np.testing.assert_array_equal(sketch.ink, rgb(drawing()))
    assert "white lines" in sketch.notices[0]
    dark = rgb(drawing())
    dark[:, :150] = 0
    cv2.circle(dark, (70, 150), 40, (255, 255, 255), -1)
    dark[200:] = 0
    sketch = prepared(dark)
    np.testing.assert_array_equal(sketch.ink, dark)
    assert sketch.notices == ()
    assert not is_inverted(ink_darkness(np.minimum(rgb(drawing()), 60)))


def test_a_reduced_drawing_is_no_scan():
    small = cv2.resize(rgb(drawing()), (40, 40), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(prepared(small).ink, small)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_a_scan_with_shadow_becomes_black_on_white(depth):
    y, x = np.mgrid[0:240, 0:240] / 240
    shadow = (0.5 + 0.4 * x + 0.1 * y)[..., None]
    grain = np.random.default_rng(0).normal(0, 4, (240, 240, 1))
    page = np.clip((0.2 + 0.8 * rgb(drawing()) / 255) * shadow * (250, 244, 228) + grain, 0, 255)
    sketch = prepared((page * (257 if depth == np.uint16 else 1)).astype(depth))
    white = float(np.iinfo(depth).max)
    paper = cv2.erode(drawing(), np.ones((9, 9), np.uint8)) == 255
    assert sketch.ink.dtype == depth
    assert (sketch.ink[paper] > 0.97 * white).mean() > 0.99
    assert sketch.ink[drawing() == 0].mean() < 0.4 * white
    assert sketch.grey[drawing() == 0].mean() < 90
    assert "levelled" in sketch.notices[0]


def test_levelling_keeps_inked_areas_black():
    page = np.clip(rgb(drawing()) * 0.8, 15, 255).astype(np.uint8)
    page[150:230, 10:110] = 15
    sketch = prepared(page)
    assert sketch.ink[155:225, 15:105].max() < 40
    assert (sketch.ink[drawing() == 255] > 250).mean() > 0.8


def test_faint_pencil_is_strengthened_for_the_network_only():
    faint = (255 - (255 - drawing().astype(int)) * 0.3).astype(np.uint8)
    sketch = prepared(rgb(faint))
    np.testing.assert_array_equal(sketch.ink, rgb(faint))
    assert sketch.grey.min() < 90 and sketch.grey.max() == 255


def test_ink_on_transparency_gives_an_opaque_result():
    ink = np.dstack([np.zeros((240, 240, 3), np.uint8), 255 - drawing()])
    sketch = prepared(ink)
    assert sketch.alpha is None
    np.testing.assert_allclose(sketch.ink, rgb(drawing()), atol=1)
    kept = prepared(ink, alpha="keep")
    np.testing.assert_array_equal(kept.alpha, 255 - drawing())


def test_light_ink_on_transparency_is_taken_for_black_ink():
    sketch = prepared(np.dstack([np.full((240, 240, 3), 255, np.uint8), 255 - drawing()]))
    np.testing.assert_array_equal(sketch.ink, rgb(drawing()))
    assert sketch.alpha is None and "light ink" in sketch.notices[0]


def test_a_cut_out_gets_its_alpha_back():
    alpha = np.zeros((240, 240), np.uint8)
    cv2.circle(alpha, (80, 80), 60, 255, -1, cv2.LINE_AA)
    pixels = np.dstack([rgb(drawing()), alpha])
    assert is_cut_out(pixels[..., :3], alpha)
    np.testing.assert_array_equal(prepared(pixels).alpha, alpha)
    assert prepared(pixels, alpha="drop").alpha is None
    assert (prepared(pixels).ink[alpha == 0] == 255).all()
    assert (prepared(pixels).grey[alpha == 0] == 255).all()


def test_a_transparent_border_round_an_opaque_page_is_a_cut_out_too():
    alpha = np.zeros((240, 240), np.uint8)
    alpha[10:-10, 10:-10] = 255
    np.testing.assert_array_equal(prepared(np.dstack([rgb(drawing()), alpha])).alpha, alpha)


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((100, 100), 255, np.uint8),
        np.zeros((100, 100), np.uint8),
        np.full((100, 100, 3), 170, np.uint8),
        np.full((100, 100), 65535, np.uint16),
        np.zeros((100, 100, 4), np.uint8),
        np.full((100, 100, 4), (255, 255, 255, 128), np.uint8),
        np.clip(np.random.default_rng(0).normal(225, 4, (100, 100)), 0, 255).astype(np.uint8),
        np.tile(np.linspace(120, 250, 200).astype(np.uint8), (200, 1)),
    ],
    ids=["white", "black", "grey", "white16", "transparent", "half", "empty scan", "empty scan with shadow"],
)
def test_a_blank_sketch_is_refused(pixels):
    with pytest.raises(PictureError, match="blank"):
        prepared(pixels)
