import cv2
import numpy as np
import pytest
from support.scripts import script

from rltn_cli.data.pairs import read_pairs
from rltn_cli.data.splits import select_split


@pytest.fixture(scope="module")
def tool():
    with script("tools/make_style.py") as module:
        yield module


def test_groups_are_dealt_out_whole_and_always_alike(tool, pairs_folder, tmp_path, capsys):
    arguments = [str(pairs_folder), "--source", "comic", "--source", "sprite", "--train", "3", "--size", "64"]
    for name in ("one", "two"):
        assert tool.main([arguments[0], str(tmp_path / name), *arguments[1:]]) == 0
    assert "3 pairs to train on, 3 to measure on" in capsys.readouterr().out
    pairs = read_pairs(tmp_path / "one")
    train, held = select_split(pairs, "train"), select_split(pairs, "val")
    assert (len(train), len(held)) == (3, 3)
    assert not {pair.group for pair in train} & {pair.group for pair in held}
    for path in (tmp_path / "one" / "color").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / "color" / path.name).read_bytes()


def test_a_print_has_its_inks_on_its_paper(tool):
    color = np.full((64, 64, 3), 255, np.uint8)
    boxes = {(210, 60, 40): 1, (40, 130, 130): 2, (20, 10, 20): 0, (240, 235, 225): 3}
    for number, own in enumerate(boxes):
        color[4 + 14 * number : 16 + 14 * number, 8:56] = own
    line = np.full((64, 64), 255, np.uint8)
    line[:, 60] = 0
    picture = tool.print_in_inks(color, line, seed=0).astype(int)
    assert np.abs(picture[32, 2] - tool.PAPER).max() < 25
    for number, ink in enumerate(boxes.values()):
        found = picture[8 + 14 * number : 12 + 14 * number, 20:44].mean(axis=(0, 1))
        assert np.abs(found - tool.INKS[ink]).max() < 25
    assert np.abs(picture[4:60, 60].mean(axis=0) - tool.INKS[0]).max() < 30


def test_too_few_pairs_are_one_line(tool, pairs_folder, tmp_path, capsys):
    assert tool.main([str(pairs_folder), str(tmp_path / "out"), "--source", "comic"]) == 1
    assert "3 pairs of comic, split val: 42 are needed at least" in capsys.readouterr().err
    assert cv2.imread(str(tmp_path / "out")) is None
