import cv2
import numpy as np
import pytest
from support.finishing import finish_picture

from rltn_cli.imaging.colors.evidence import Clues
from rltn_cli.imaging.colors.palette import Palette

SIDE, CELLS = 2048, 14
STEPS = (60, 150, 240)
COLORS = np.array([(255, 255, 255), *((r, g, b) for r in STEPS for g in STEPS for b in STEPS)], np.uint8)


def shapes(thickness):
    """Draw ellipses and hexagons whose outlines have gaps of 1 to 6 pixels; also tell which a pixel is in."""
    rng = np.random.default_rng(0)
    page, inside = np.full((SIDE, SIDE), 255, np.uint8), np.zeros((SIDE, SIDE), np.int32)
    cell = SIDE // CELLS
    for number in range(1, CELLS**2 + 1):
        row, column = divmod(number - 1, CELLS)
        x, y = column * cell + cell // 2, row * cell + cell // 2
        radius = int(rng.integers(cell // 4, cell // 2 - 8))
        if number % 2:
            points = cv2.ellipse2Poly((x, y), (radius, radius * 4 // 5), int(rng.integers(180)), 0, 360, 4)
        else:
            turns = np.arange(6) * np.pi / 3 + rng.uniform(-0.3, 0.3, 6)
            points = np.stack([x + radius * np.cos(turns), y + radius * np.sin(turns)], axis=1).astype(
                np.int32
            )
        cv2.polylines(page, [points], True, 0, thickness, cv2.LINE_AA)
        cv2.fillPoly(inside, [points], number)
        first = int(rng.integers(len(points) - 1))
        cut(page, points[first].astype(float), points[first + 1].astype(float), 1 + number % 6)
    return page, inside


def cut(page, start, end, gap):
    """Erase a gap in the middle of a stroke."""
    along = (end - start) / max(1.0, np.hypot(*(end - start)))
    across, middle = np.array([-along[1], along[0]]) * 6, (start + end) / 2
    near, far = middle - along * gap / 2, middle + along * gap / 2
    corners = np.array([near - across, near + across, far + across, far - across])
    cv2.fillPoly(page, [np.rint(corners * 16).astype(np.int32)], 255, shift=4)


@pytest.mark.parametrize("thickness", [2, 5])
def test_open_outlines_bound_one_colour_each(thickness):
    page, inside = shapes(thickness)
    small = cv2.resize(inside.astype(np.float32), (256, 256), interpolation=cv2.INTER_NEAREST).astype(int)
    wanted = np.where(inside > 0, 1 + inside % 27, 0)
    colors = COLORS[np.where(small > 0, 1 + small % 27, 0)].astype(np.float32) / 255
    clues = Clues(colors, colors, Palette(COLORS))
    ink = np.repeat(page[..., None], 3, axis=2)
    flat = finish_picture(clues, ink, page, finish="flat", gap=8 / SIDE)
    paper = page == 255
    wrong = (flat != COLORS[wanted]).any(axis=2) & paper
    assert (wrong & (inside == 0)).sum() <= 0.002 * paper.sum()
    right = 0
    for number in range(1, CELLS**2 + 1):
        deep = cv2.erode((inside == number).astype(np.uint8), np.ones((9, 9))) > 0
        found = np.unique(flat[deep & paper], axis=0)
        assert len(found) == 1
        right += (found[0] == COLORS[1 + number % 27]).all()
    assert right >= 0.98 * CELLS**2


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_white_paper_gets_exactly_the_palettes_values(depth):
    page = np.full((300, 200), 255, np.uint8)
    cv2.circle(page, (100, 150), 60, 0, 2)
    top = np.iinfo(depth).max
    colors = np.random.default_rng(0).random((96, 64, 3), np.float32)
    clues = Clues(colors, colors, Palette(np.array([(1, 77, 254), (93, 12, 131)], np.uint8)))
    flat = finish_picture(clues, np.full((300, 200, 3), top, depth), page, finish="flat")
    found = {tuple(color) for color in np.unique(flat.reshape(-1, 3), axis=0).tolist()}
    assert found <= {
        tuple(value * (top // 255) for value in color) for color in ((1, 77, 254), (93, 12, 131))
    }


@pytest.mark.parametrize("finish", ["flat", "cel"])
def test_a_white_drawing_is_one_region_and_each_run_the_same(finish):
    page = np.full((128, 128), 255, np.uint8)
    colors = np.full((64, 64, 3), 0.3, np.float32)
    clues = Clues(colors, colors, Palette(np.array([(70, 80, 90)], np.uint8)))
    ink = np.full((128, 128, 3), 255, np.uint8)
    first, second = (finish_picture(clues, ink, page, finish=finish) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    if finish == "flat":
        assert (first == (70, 80, 90)).all()
