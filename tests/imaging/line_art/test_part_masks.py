from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rltn_cli.errors import PictureError
from rltn_cli.imaging.line_art.part_masks import FACE_PARTS, group_parts, merge_parts, read_parts


def write_part(folder, name, box, size=(32, 32)):
    mask = np.zeros((size[1], size[0], 3), np.uint8)
    top, bottom, left, right = box
    mask[top:bottom, left:right] = 255
    folder.mkdir(exist_ok=True)
    Image.fromarray(mask).save(folder / name)
    return folder / name


def test_parts_are_grouped_by_figure_and_the_rest_is_left():
    names = ["0/00012_hair.png", "0/00012_skin.png", "0/photo.png", "1/02000_hair.png", "0/00012_tail.png"]
    figures, others = group_parts(map(Path, names))
    assert figures == {
        Path("0/00012"): {"hair": Path("0/00012_hair.png"), "skin": Path("0/00012_skin.png")},
        Path("1/02000"): {"hair": Path("1/02000_hair.png")},
    }
    assert others == [Path("0/photo.png"), Path("0/00012_tail.png")]


def test_later_parts_cover_earlier_ones(tmp_path):
    hair = write_part(tmp_path, "00012_hair.png", (0, 16, 0, 32))
    skin = write_part(tmp_path, "00012_skin.png", (8, 32, 0, 32))
    labels = read_parts({"hair": hair, "skin": skin})
    assert (labels[:16] == FACE_PARTS.index("hair") + 1).all()
    assert (labels[16:] == FACE_PARTS.index("skin") + 1).all()
    assert labels.dtype == np.uint8


def test_merging_arrays():
    skin, cloth = np.zeros((4, 6), np.uint8), np.zeros((4, 6), bool)
    skin[:, :4] = 1
    cloth[2:] = True
    expected = [[1, 1, 1, 1, 0, 0]] * 2 + [[18] * 6] * 2
    assert merge_parts({"cloth": cloth, "skin": skin}).tolist() == expected


def test_what_cannot_be_merged_is_named(tmp_path):
    hair = write_part(tmp_path, "00012_hair.png", (0, 16, 0, 32))
    skin = write_part(tmp_path, "00012_skin.png", (0, 16, 0, 30), size=(30, 32))
    with pytest.raises(PictureError, match=r"00012_hair.png: 32x32, but .*00012_skin.png has 30x32"):
        read_parts({"hair": hair, "skin": skin})
    with pytest.raises(PictureError, match="tail; parts are skin, nose"):
        merge_parts({"tail": np.zeros((2, 2))})
    with pytest.raises(PictureError, match="there is none"):
        read_parts({})
    with pytest.raises(PictureError, match="no such file"):
        read_parts({"hair": tmp_path / "nothing.png"})
