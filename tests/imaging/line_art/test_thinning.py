import cv2
import numpy as np
import pytest

from rltn_cli.imaging.line_art.thinning import thin, thin_lines


def scribble():
    mask = np.zeros((120, 160), np.uint8)
    cv2.circle(mask, (60, 60), 40, 1, 7)
    cv2.line(mask, (10, 110), (150, 20), 1, 5)
    cv2.rectangle(mask, (110, 70), (150, 110), 1, -1)
    mask[5:8, 5:60] = 1
    return mask.astype(bool)


def count_parts(mask, connectivity):
    return cv2.connectedComponents(mask.astype(np.uint8), connectivity=connectivity)[0]


def test_thinning_keeps_parts_and_holes_and_leaves_one_pixel():
    mask = scribble()
    lines = thin(mask)
    assert (lines <= mask).all()
    assert count_parts(lines, 8) == count_parts(mask, 8)
    assert count_parts(~lines, 4) == count_parts(~mask, 4)
    full = lines[:-1, :-1] & lines[1:, :-1] & lines[:-1, 1:] & lines[1:, 1:]
    assert not full.any()


def test_thinning_is_that_of_scikit_image():
    morphology = pytest.importorskip("skimage.morphology")
    generator = np.random.default_rng(0)
    noise = cv2.GaussianBlur(generator.random((90, 70)), (0, 0), 1.5) > 0.5
    for mask in (scribble(), noise, generator.random((40, 40)) > 0.4):
        assert (thin(mask) == morphology.thin(mask)).all()


@pytest.mark.parametrize("value", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (3, 200), (8, 8)])
def test_degenerate_masks(value, shape):
    lines = thin(np.full(shape, value))
    assert lines.shape == shape
    assert lines.any() == value


def test_a_bar_becomes_its_middle_line():
    lines = np.full((40, 60), 255, np.uint8)
    lines[10:15, 10:50] = 0
    thinned = thin_lines(lines)
    assert set(np.unique(thinned)) == {0, 255}
    assert (thinned[12, 14:46] == 0).all()
    assert (thinned[[10, 11, 13, 14], 14:46] == 255).all()


def test_faint_ink_is_paper_below_the_threshold():
    lines = np.full((20, 20), 255, np.uint8)
    lines[10] = 180
    assert (thin_lines(lines) == 255).all()
    assert (thin_lines(lines, threshold=0.25)[10] == 0).all()


@pytest.mark.parametrize("width", [2, 3, 5.5])
def test_thinned_lines_are_drawn_with_a_width(width):
    lines = np.full((40, 60), 255, np.uint8)
    lines[18:23] = 0
    ink = (255 - thin_lines(lines, width=width)[:, 30].astype(float)).sum() / 255
    assert abs(ink - width) < 0.05
