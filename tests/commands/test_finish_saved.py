"""`rltn colorize` of saved paintings: from what --save wrote to pictures, without the network."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.painted import BAR, BOX, COLORS, DISC, ON_A_LINE, PAPER, painting

from rltn_cli.cli import run
from rltn_cli.imaging.colors.palette import Palette
from rltn_cli.imaging.files.pictures import read_picture
from rltn_cli.painting.finish import FinishOptions
from rltn_cli.painting.fixes import Fix
from rltn_cli.painting.saved import save_painting


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with out.rltn."""
    monkeypatch.chdir(tmp_path)
    save_painting(tmp_path / "out.rltn", painting(), FinishOptions("flat"))
    return tmp_path


def finish(*arguments: str) -> int:
    return run(["colorize", "out.rltn", "-o", "out.png", *arguments])


def color_at(point: tuple[int, int], name: str = "out.png") -> tuple[int, ...]:
    with Image.open(name) as picture:
        return picture.getpixel(point)


def test_a_painting_is_finished_as_it_was_saved_unless_told_otherwise(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert finish() == 0
    assert capsys.readouterr().err.startswith("rltn: out.png, 240x192, in ")
    assert [color_at(point) for point in (PAPER, BOX, DISC, BAR)] == [
        tuple(color) for color in COLORS.tolist()
    ]
    with Image.open("out.png") as picture:
        assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.01)
    assert finish("--finish", "paint", "--overwrite") == 0
    assert color_at(BOX) != tuple(COLORS[1].tolist())


def test_fixes_give_regions_their_colours(desk: Path) -> None:
    Path("fixes.csv").write_text("x,y,color\n200,100,#010203\n100,100,@1\n", encoding="utf-8")
    assert finish("--fix", "60,100=00c800", "--fix", "200,100=@2", "--fixes", "fixes.csv") == 0
    assert [color_at(point) for point in (PAPER, BOX, DISC, BAR)] == [
        (255, 255, 255), (0, 200, 0), (255, 255, 255), (220, 30, 40),
    ]  # fmt: skip


def test_fixes_stay_when_the_painting_is_saved_again(desk: Path) -> None:
    assert finish("--fix", "60,100=00c800", "--save", "two.rltn") == 0
    assert run(["colorize", "two.rltn", "-o", "two.png", "--fix", "200,100=000064"]) == 0
    assert (color_at(BOX, "two.png"), color_at(BAR, "two.png")) == ((0, 200, 0), (0, 0, 100))


def test_another_palette_is_taken(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert finish("--palette", "ffffff,c81e28,123456", "--finish", "flat") == 0
    assert color_at(BOX) == (200, 30, 40) and color_at(DISC) == (18, 52, 86)
    said = capsys.readouterr().err
    assert "rltn: the references' colours are 39 from the palette's on average (CIE76), #fac828 is" in said
    assert finish("--overwrite", "--palette", "ffffff,c81e28,123456", "--fix", "5,5=@3") == 0
    assert color_at(PAPER) == (18, 52, 86)


def test_json_says_how_it_was_finished(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert finish("--fix", "60,100=00c800", "--json", "-n") == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["painting"], facts["finish"], facts["fixes"]) == ("out.rltn", "flat", ["60,100=#00c800"])
    assert not Path("out.png").exists()
    assert finish("--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["width"] == 240 and facts["colors"][1] == "#dc1e28"
    assert finish("--json", "--overwrite", "-q", "--palette", "dc1e28,ffffff") == 0
    nearest = json.loads(capsys.readouterr().out)["nearest"]
    assert nearest[1] == {"reference": "#dc1e28", "palette": "#dc1e28", "distance": 0.0}


def test_layers_are_written_from_it(desk: Path) -> None:
    assert finish("--layers", "out.ora", "--fix", "60,100=00c800") == 0
    np.testing.assert_array_equal(read_picture("out.ora").pixels, read_picture("out.png").pixels)
    assert color_at(BOX) == (0, 200, 0)


def test_paper_can_be_left_transparent(desk: Path) -> None:
    assert finish("--transparent-paper", "--layers", "out.ora") == 0
    assert color_at(PAPER) == (0, 0, 0, 0) and color_at(BOX) == (220, 30, 40, 255)
    assert read_picture("out.ora").alpha[PAPER[1], PAPER[0]] == 0


def test_an_explanation_is_written_from_it(desk: Path) -> None:
    assert finish("--explain", "why") == 0
    assert Path("why/matches.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--ref", "a.png"), 2, "--ref has no effect on out.rltn, which is already painted: leave it out"),
        (("--size", "256"), 2, "--size has no effect"),
        (("--drop-pencil", "blue"), 2, "--drop-pencil has no effect"),
        (("--precision", "bf16"), 2, "--precision has no effect"),
        (("--fix", "240,5=ff0000"), 2, "lies outside of the drawing, which is 240x192"),
        (("--fix", f"{ON_A_LINE[0]},{ON_A_LINE[1]}=ff0000"), 2, "lies on a line"),
        (("--fix", "5,5=red"), 2, "unknown colour 'red'"),
        (("--fix", "5,5=@5"), 2, "the palette has colours @1 to @4"),
        (("--fix", "5,5=@0"), 2, "the palette has colours @1 to @4"),
        (("--fix", "5;5=ff0000"), 2, "not written like 120,340=ffcc00"),
        (("--fix", "-1,5=ff0000"), 2, "not written like 120,340=ffcc00"),
        (("--fixes", "none.csv"), 2, "none.csv: cannot be read"),
        (("--fixes", "fixes.txt"), 2, "read from .csv and .json files"),
        (("--finish", "raw", "--fix", "5,5=ff0000"), 2, "without regions"),
        (("--palette", "text.gpl"), 2, "neither a palette file nor hex"),
        (("--palette", "words.gpl"), 2, "not a GIMP palette"),
        (("--transparent-paper", "-o", "out.jpg"), 2, "JPEG has no transparency for --transparent-paper"),
        (("--layers", "out.kra"), 2, "layers are written as .ora or .psd"),
        (("--layers", "none/out.ora"), 1, "no such folder"),
        (("--save", "two.zip"), 2, "paintings are saved as .rltn"),
        (("--save", "out.rltn", "--overwrite"), 2, "out.rltn is also an input"),
        (("--save", "none/two.rltn"), 1, "no such folder"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_one_line_and_writes_nothing(
    desk: Path, arguments: tuple[str, ...], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("words.gpl").write_text("words", encoding="utf-8")
    before = sorted(desk.iterdir())
    assert finish(*arguments) == code
    said = capsys.readouterr().err
    assert message in said and said.startswith("rltn: ") and said.count("\n") == 1
    assert sorted(desk.iterdir()) == before


@pytest.mark.parametrize("broken", ["cut", "text", "missing"])
def test_a_painting_that_is_none_is_one_line(
    desk: Path, broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data = Path("out.rltn").read_bytes()
    Path("out.rltn").unlink()
    if broken != "missing":
        Path("out.rltn").write_bytes(data[:2000] if broken == "cut" else b"words")
    assert finish() == 1
    said = capsys.readouterr().err
    assert said.startswith("rltn: out.rltn: ") and said.count("\n") == 1 and not Path("out.png").exists()


def test_the_palette_that_was_named_is_taken_up_again(desk: Path) -> None:
    palette = Palette(np.array([(255, 255, 255), (10, 20, 30)], np.uint8))
    options = FinishOptions("flat", palette=palette, fixes=(Fix(*BOX, 2),))
    save_painting(desk / "out.rltn", painting(), options, overwrite=True)
    assert finish() == 0
    assert color_at(BOX) == (10, 20, 30)


def test_a_psd_without_psd_tools_is_one_line(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "psd_tools", None)
    assert finish("--layers", "out.psd") == 2
    said = capsys.readouterr().err
    assert "pip install 'rltn[layers]'" in said and said.count("\n") == 1
    assert sorted(path.name for path in desk.iterdir()) == ["out.rltn"]


def test_a_saved_painting_is_no_picture(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["palette", "out.rltn", "-o", "out.gpl"]) == 1
    assert "out.rltn: a saved painting; finish it to a picture with rltn colorize" in capsys.readouterr().err


def test_a_dry_run_shows_the_settings(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert finish("-n", "--palette", "ffffff,000000", "--fix", "5,5=@2", "--fix", "60,100=@1") == 0
    shown = capsys.readouterr().out
    assert "palette     #ffffff, #000000" in shown and "fixes       5,5=@2, 60,100=@1" in shown
    assert not Path("out.png").exists()
