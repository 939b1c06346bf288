import numpy as np
import pytest

from rltn_cli.errors import UsageError
from rltn_cli.imaging.colors.palette import Palette
from rltn_cli.painting.fixes import Fix, parse_fix, read_fixes

PALETTE = Palette(np.array([(255, 255, 255), (220, 30, 40)], np.uint8))


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("120,340=ffCC00", Fix(120, 340, (255, 204, 0))),
        (" 0 , 7 = #0000ff ", Fix(0, 7, (0, 0, 255))),
        ("1,2=@12", Fix(1, 2, 12)),
    ],
)
def test_a_fix_is_read_as_it_is_written(text, fix):
    assert parse_fix(text) == fix
    assert parse_fix(str(fix)) == fix


@pytest.mark.parametrize("text", ["", "1,2", "1,2=", "1=ff0000", "a,b=ff0000", "-1,2=ff0000", "1,2,3=ff0000"])
def test_what_is_written_otherwise_is_refused(text):
    with pytest.raises(UsageError, match="not written like"):
        parse_fix(text)


@pytest.mark.parametrize("color", ["red", "fff", "@", "@x", "ff00001", "##ff0000"])
def test_an_unknown_colour_is_named(color):
    with pytest.raises(UsageError, match="unknown colour"):
        parse_fix(f"1,2={color}")


def test_fixes_come_from_csv_and_json(tmp_path):
    wanted = (Fix(1, 2, (255, 0, 0)), Fix(30, 4, 2))
    (tmp_path / "a.csv").write_text("﻿x,y,color\n1,2,#ff0000\n\n30,4,@2\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("color,y,x\nff0000,2,1\n@2,4,30\n", encoding="utf-8")
    (tmp_path / "c.json").write_text(
        '[{"x": 1, "y": 2, "color": "ff0000"}, {"x": "30", "y": 4, "color": "@2"}]', encoding="utf-8"
    )
    for name in ("a.csv", "b.csv", "c.json"):
        assert read_fixes(tmp_path / name) == wanted


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "", "must name the columns x,y,color"),
        ("a.csv", "x,y\n1,2\n", "must name the columns"),
        ("a.csv", "x,y,color\n1,2\n", "line 2: 2 values for 3 columns"),
        ("a.csv", "x,y,color\n1,b,ff0000\n", "line 2: y must be a whole number from 0, not 'b'"),
        ("a.csv", "x,y,color\n1,-2,ff0000\n", "y must be"),
        ("a.csv", "x,y,color\n1,2,blue\n", "line 2: unknown colour 'blue'"),
        ("a.csv", 'x,y,color\n"1', "line 2"),
        ("a.json", "[", "not JSON"),
        ("a.json", "{}", "must hold a list"),
        ("a.json", "[1]", "must hold a list"),
        ("a.json", '[{"x": 1}]', "fix 1: must have exactly the keys x, y, color"),
        ("a.json", '[{"x": true, "y": 2, "color": "ff0000"}]', "fix 1: x must be"),
        ("a.json", '[{"x": 1.5, "y": 2, "color": "ff0000"}]', "fix 1: x must be"),
        ("a.txt", "", "read from .csv and .json"),
    ],
)
def test_a_file_that_makes_no_sense_says_where(name, text, message, tmp_path):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=message.replace("(", r"\(")):
        read_fixes(tmp_path / name)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\xff")
    for name in ("a.csv", "b.csv"):
        with pytest.raises(UsageError, match=rf"{name}: cannot be read"):
            read_fixes(tmp_path / name)


def test_numbers_stand_for_colours_of_the_palette():
    assert Fix(0, 0, 2).rgb(PALETTE) == (220, 30, 40)
    assert Fix(0, 0, (1, 2, 3)).rgb(PALETTE) == (1, 2, 3)
    for number in (0, 3):
        with pytest.raises(UsageError, match="colours @1 to @2"):
            Fix(0, 0, number).rgb(PALETTE)


def test_a_point_must_lie_in_a_region():
    grey = np.full((20, 30), 255, np.uint8)
    grey[10] = 0
    Fix(29, 19, 1).check(grey)
    for point, message in (((30, 0), "outside"), ((0, 20), "outside"), ((3, 10), "on a line")):
        with pytest.raises(UsageError, match=message):
            Fix(*point, 1).check(grey)
