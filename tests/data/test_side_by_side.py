from pathlib import Path

import cv2
import numpy as np
import pytest
from support.training_set import make_pairs

from rltn_cli.data.pairs import load_pair
from rltn_cli.data.recipes import read_data
from rltn_cli.data.side_by_side import find_line_side

CASES = Path(__file__).parents[1] / "cases"
EXAMPLES = Path(__file__).parents[2] / "examples"


def join(folder, *, side="right", size=(80, 80), ending="png"):
    """Put the pairs of a folder side by side, and return the pictures."""
    height, width = size
    (folder / "both").mkdir()
    written = []
    for color in sorted((folder / "color").iterdir()):
        halves = [cv2.resize(cv2.imread(str(folder / part / color.name)), (width, height)) for part in PARTS]
        path = folder / "both" / f"{color.stem}.{ending}"
        cv2.imwrite(str(path), cv2.hconcat(halves if side == "right" else halves[::-1]))
        written.append(path)
    return written


PARTS = ("color", "line")


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(("size", "ending"), [((80, 80), "png"), ((120, 90), "jpg"), ((64, 100), "webp")])
def test_pictures_side_by_side_are_recognised(side, size, ending, tmp_path):
    make_pairs(tmp_path, 5)
    assert find_line_side(join(tmp_path, side=side, size=size, ending=ending)) == side


def test_one_picture_of_another_kind_is_enough(tmp_path):
    make_pairs(tmp_path, 4)
    paths = join(tmp_path)
    cv2.imwrite(str(paths[2]), np.random.default_rng(0).integers(0, 255, (80, 160, 3), dtype=np.uint8))
    assert find_line_side(paths) is None


def test_what_cannot_be_read_does_not_count(tmp_path):
    make_pairs(tmp_path, 3)
    paths = join(tmp_path)
    paths[1].write_bytes(b"no picture")
    assert find_line_side(paths) == "right"
    assert find_line_side([paths[1]]) is None


def test_wide_pictures_in_colour_are_no_pairs(tmp_path):
    assert find_line_side([EXAMPLES / "reference.png", EXAMPLES / "result.png"]) is None
    make_pairs(tmp_path, 4)
    for path in sorted((tmp_path / "color").iterdir()):
        color = cv2.imread(str(path))
        cv2.imwrite(str(path), cv2.hconcat([color, cv2.flip(color, 1)]))
    assert find_line_side(sorted((tmp_path / "color").iterdir())) is None


def test_lines_of_another_drawing_are_no_pair(tmp_path):
    make_pairs(tmp_path, 4)
    lines = sorted((tmp_path / "line").iterdir())
    turned = [cv2.rotate(cv2.imread(str(path)), cv2.ROTATE_180) for path in lines]
    for path, line in zip(lines, [*turned[1:], turned[0]], strict=True):
        cv2.imwrite(str(path), line)
    assert find_line_side(join(tmp_path)) is None


def test_the_folder_of_the_cases_is_one_of_pairs(caplog):
    pairs = read_data([str(CASES / "side_by_side")])
    assert len(pairs) == 4
    assert all(pair.has_lines for pair in pairs)
    assert "side_by_side: each picture holds colours and line art (right) side by side" in caplog.text
    color, line = load_pair(pairs[0], 96)
    assert color.shape == (96, 96, 3)
    assert (line > 200).mean() > 0.5 > (color > 200).mean()


def test_halves_on_the_other_side_are_read_from_there(tmp_path):
    make_pairs(tmp_path, 2)
    join(tmp_path, side="left")
    (pair, _) = read_data([str(tmp_path / "both")])
    color, line = load_pair(pair, 80)
    np.testing.assert_array_equal(color, cv2.imread(str(tmp_path / "color" / "p00.png"))[..., ::-1])
    np.testing.assert_array_equal(line, cv2.imread(str(tmp_path / "line" / "p00.png"))[..., 0])
