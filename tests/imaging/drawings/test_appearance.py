from pathlib import Path

import cv2
import numpy as np

from rltn_cli.imaging.drawings.appearance import is_grey, is_painted
from rltn_cli.imaging.files.pictures import read_picture

EXAMPLES = Path(__file__).parents[3] / "examples"
CASES = Path(__file__).parents[2] / "cases"
DRAWINGS = (EXAMPLES / "drawing.png", EXAMPLES / "creature.png", CASES / "sketch.png")
PAINTINGS = (EXAMPLES / "reference.png", EXAMPLES / "creature_reference.png", CASES / "ref.png")


def color_of(path):
    return read_picture(path).flatten()


def test_drawings_and_paintings():
    for path in DRAWINGS:
        assert is_grey(color_of(path)) and not is_painted(color_of(path))
    for path in PAINTINGS:
        assert not is_grey(color_of(path)) and is_painted(color_of(path))


def test_a_grey_photo_is_no_drawing():
    grey = cv2.cvtColor(color_of(EXAMPLES / "reference_night.png"), cv2.COLOR_RGB2GRAY)
    photo = np.repeat(np.clip(grey.astype(int) + 60, 0, 255).astype(np.uint8)[..., None], 3, 2)
    assert is_painted(photo) and is_grey(photo)


def test_coloured_ink_and_a_nearly_grey_picture():
    ink = color_of(DRAWINGS[0]).copy()
    ink[ink.max(axis=2) < 128] = (200, 30, 60)
    assert not is_painted(ink)
    sepia = np.clip(color_of(DRAWINGS[0]).astype(int) - (0, 4, 12), 0, 255).astype(np.uint8)
    assert is_grey(sepia)
