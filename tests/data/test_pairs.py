import cv2
import numpy as np
import pytest

from rltn_cli.data.pairs import Pair, load_pair, read_pairs
from rltn_cli.data.splits import select_split
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
    assert select_split([a, b], "val") == [b]
    with pytest.raises(DataError, match="no pairs of split 'test'; there are: train, val"):
        select_split([a, b], "test")


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
    with pytest.raises(DataError, match="second picture of the same name"):
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
    for pair, reason in ((a, "not a picture"), (b, "the file is empty")):
        with pytest.raises(DataError, match=f"{pair.id}.png: {reason}"):
            load_pair(pair, 64)


def test_a_spreadsheets_index_is_understood(folder):
    text = "id;split;native_line\r\nb;val;TRUE\r\na; train ;\r\n"
    (folder / "index.csv").write_bytes(text.encode("utf-8-sig"))
    a, b = read_pairs(folder)
    assert (a.split, a.native_line, b.split, b.native_line) == ("train", False, "val", True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"id,split\na,train\nb,val\na,val\n", r"line 4: the id 'a' is a duplicate"),
        (b"id,split\na,train\n ,val\n", r"line 3: no id"),
        (b"id,split\n", r"needs a first line"),
        (b"id\n\xff\xfe", r"save it as CSV in UTF-8"),
    ],
)
def test_a_broken_index_is_named(folder, text, message):
    (folder / "index.csv").write_bytes(text)
    with pytest.raises(DataError, match=rf"index\.csv.*{message}"):
        read_pairs(folder)


def test_files_that_systems_leave_behind_are_no_pictures(folder):
    (folder / "color" / "._a.png").write_bytes(b"resource fork")
    (folder / "color" / "Thumbs.db").write_bytes(b"x")
    assert [p.id for p in read_pairs(folder)] == ["a", "b", "c"]


def lines_of(path, pixels, size=64):
    cv2.imwrite(str(path), pixels)
    color = path.parent / "color.png"
    picture(color, (*pixels.shape[:2], 3))
    return load_pair(Pair("a", color, path), size)[1]


def test_lines_on_transparency_lie_on_paper(tmp_path):
    ink = np.zeros((64, 64, 4), np.uint8)
    ink[30:32, 10:50, 3] = 255
    line = lines_of(tmp_path / "black.png", ink)
    assert (line[30, 20], line[10, 20]) == (0, 255)
    ink[..., :3] = 255
    np.testing.assert_array_equal(lines_of(tmp_path / "white.png", ink), line)


def test_white_lines_on_black_are_inverted(tmp_path):
    board = np.zeros((64, 64), np.uint8)
    cv2.circle(board, (32, 32), 20, 255, 1)
    np.testing.assert_array_equal(lines_of(tmp_path / "board.png", board), 255 - board)


def test_thin_lines_of_a_large_drawing_stay_dark(tmp_path):
    page = np.full((2048, 2048), 255, np.uint8)
    page[1000:1002] = 0
    assert lines_of(tmp_path / "page.png", page, 256)[124:126].min() < 150


def test_halves_side_by_side(tmp_path):
    both = np.full((32, 64, 3), 255, np.uint8)
    both[:, :32] = (10, 20, 200)
    both[10:12, 40:60] = 0
    cv2.imwrite(str(tmp_path / "a.png"), both)
    pair = Pair("a", tmp_path / "a.png", None, beside="right")
    assert pair.has_lines
    color, line = load_pair(pair, 32)
    assert (color == (200, 20, 10)).all()
    assert (line[11, 20], line[20, 20]) == (0, 255)
    picture(tmp_path / "b.png", (32, 32, 3))
    with pytest.raises(DataError, match=r"b\.png is 32x32; .* wider than high"):
        load_pair(Pair("b", tmp_path / "b.png", None, beside="right"), 32)


def test_contours_of_masks_are_lines(tmp_path):
    picture(tmp_path / "7.jpg", (128, 128, 3))
    skin = np.zeros((64, 64, 3), np.uint8)
    skin[16:48, 16:48] = 255
    cv2.imwrite(str(tmp_path / "00007_skin.png"), skin)
    pair = Pair("7", tmp_path / "7.jpg", None, masks=tmp_path / "00007")
    line = load_pair(pair, 256)[1]
    assert line.shape == (256, 256)
    assert line[62:66, 128].min() < 100
    assert line[128, 190:194].min() < 100
    assert line[128, 100] == line[4, 4] == 255
    with pytest.raises(DataError, match=r"00008_\*\.png: face masks: there is none"):
        load_pair(Pair("8", tmp_path / "7.jpg", None, masks=tmp_path / "00008"), 256)
    picture(tmp_path / "9.jpg", (64, 128, 3))
    with pytest.raises(DataError, match="same proportions"):
        load_pair(Pair("9", tmp_path / "9.jpg", None, masks=tmp_path / "00007"), 256)
