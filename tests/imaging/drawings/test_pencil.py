import cv2
import numpy as np
import pytest

from rltn_cli.imaging.drawings.pencil import drop_pencil
from rltn_cli.imaging.drawings.sketch import prepare_sketch
from rltn_cli.imaging.files.pictures import read_picture

PENCILS = {
    "blue": [(90, 130, 215), (150, 200, 235), (110, 120, 200)],
    "red": [(225, 90, 80), (240, 150, 150)],
    "#30a050": [(60, 160, 90)],
    "#E08020": [(220, 140, 60)],
}


def strokes(lines):
    picture = np.full((300, 300), 255, np.uint8)
    for line in lines:
        cv2.line(picture, *line, 0, 4, cv2.LINE_AA)
    return 1 - picture / 255


INK = strokes([((20, 150), (280, 150)), ((150, 20), (150, 280)), ((30, 30), (270, 40))])
ROUGH = strokes([((10 + 30 * i, 10), (60 + 26 * i, 290)) for i in range(9)])


def drawing(color, paper=255):
    grain = 0.75 + 0.25 * np.random.default_rng(0).random((300, 300))
    pencil = (ROUGH * grain)[..., None]
    page = paper * (1 - pencil) + paper / 255 * np.array(color) * pencil
    return np.rint(page * (1 - 0.9 * INK[..., None])).astype(np.uint8)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize(("pencil", "color"), [(name, color) for name in PENCILS for color in PENCILS[name]])
def test_pencil_goes_and_ink_stays(pencil, color, depth):
    scale = 257 if depth == np.uint16 else 1
    result = drop_pencil(drawing(color).astype(depth) * depth(scale), pencil)
    assert result.dtype == depth
    result = result / scale
    assert result[(ROUGH > 0.2) & (INK == 0)].min() > 235
    assert result[INK > 0.95].max() < 60
    assert (result[(ROUGH == 0) & (INK == 0)] == 255).all()


def test_other_colours_stay():
    picture = drawing((225, 90, 80))
    assert drop_pencil(picture, "blue") is None
    both = np.minimum(picture, drawing((90, 130, 215))[:, ::-1])
    result = drop_pencil(both, "blue").astype(int)
    red = (both[..., 0] > 200) & (both[..., 2] < 120)
    assert np.abs(result - both)[red].max() < 12


def test_a_drawing_says_when_there_is_none():
    sketch = prepare_sketch(read_picture(drawing((225, 90, 80))), pencil="blue")
    assert sketch.notices == ("array: it shows no blue pencil to drop",)


def test_pencil_on_paper_that_is_levelled():
    sketch = prepare_sketch(read_picture(drawing((90, 130, 215), paper=225)), pencil="blue")
    assert sketch.ink[(ROUGH > 0.5) & (INK == 0)].mean() > 250
    assert sketch.ink[INK > 0.95].mean() < 60
