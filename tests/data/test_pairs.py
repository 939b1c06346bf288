import cv2
import numpy as np
import pytest

from rltn_cli.data.pairs import load_pair, of_split, read_pairs
from rltn_cli.errors import DataError


def picture(path, shape=(32, 32, 3), value=128):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full(shape, value, np.uint8))


@pytest.fixture
def folder(tmp_path):
    for name in "abc":
        picture(tmp_path / "color" / f"{name}.png")
    picture(tmp_path / "line" / "a.webp", (32, 32), 200)
    return tmp_path


def test_a_folder_without_index(folder):
    pairs = read_pairs(folder)
    assert [p.id for p in pairs] == ["a", "b", "c"]
    assert [p.line is not None for p in pairs] == [True, False, False]
    assert {p.split for p in pairs} == {"train"}
    assert pairs[1].group == pairs[1].palette == "b"


def test_an_index_chooses_and_describes(folder):
    (folder / "index.csv").write_text(
        "id,split,source,group,palette,native_line\nb,val,x,g,p,1\na,train,y,g,p,0\n"
    )
    a, b = read_pairs(folder)
    assert (a.id, a.split, a.source, a.native_line) == ("a", "train", "y", False)
    assert (b.id, b.group, b.palette, b.native_line) == ("b", "g", "p", True)
    assert of_split([a, b], "val") == [b]
    with pytest.raises(DataError, match="no pairs of split 'test'; there are: train, val"):
        of_split([a, b], "test")


def test_what_is_wrong_is_named(folder, tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        read_pairs(tmp_path / "nowhere")
    (tmp_path / "empty" / "color").mkdir(parents=True)
    with pytest.raises(DataError, match="no pictures in its folder color/"):
        read_pairs(tmp_path / "empty")
    (folder / "index.csv").write_text("id\na\nmissing\n")
    with pytest.raises(DataError, match=r"no picture color/missing\.\*"):
        read_pairs(folder)
    (folder / "index.csv").write_text("name\na\n")
    with pytest.raises(DataError, match="column 'id'"):
        read_pairs(folder)
    (folder / "index.csv").unlink()
    picture(folder / "color" / "a.jpg")
    with pytest.raises(DataError, match="second picture of that name"):
        read_pairs(folder)


def test_loading_resizes_pads_with_paper_and_extracts_lines(folder):
    picture(folder / "color" / "wide.png", (20, 40, 3), 0)
    wide = read_pairs(folder)[-1]
    color, line = load_pair(wide, 64)
    assert color.shape == (64, 64, 3)
    assert line.shape == (64, 64)
    assert (color[2] == 255).all()
    assert (color[32] == 0).all()
    assert (line[32, 32]) == 255  # a flat colour has no lines


def test_unreadable_pictures_are_named(folder):
    (folder / "color" / "a.png").write_bytes(b"text")
    (folder / "color" / "b.png").write_bytes(b"")
    a, b, _ = read_pairs(folder)
    for pair in (a, b):
        with pytest.raises(DataError, match=f"{pair.id}.png: not a picture"):
            load_pair(pair, 64)
