"""The example pictures: what is committed, and the script that draws it."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = ("drawing", "reference", "reference_night", "creature", "creature_reference")
LINES = ("drawing", "creature")


@pytest.fixture
def draw(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return importlib.import_module("draw")


def test_the_script_knows_every_committed_picture(draw: ModuleType) -> None:
    assert set(draw.PICTURES) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_committed_picture_is_large_but_a_small_file(name: str) -> None:
    path = EXAMPLES / f"{name}.png"
    with Image.open(path) as picture:
        assert min(picture.size) >= 1024
        assert picture.mode == ("L" if name in LINES else "RGB")
    assert path.stat().st_size < 600_000


@pytest.mark.parametrize("name", LINES)
def test_drawing_is_black_ink_on_white_paper(name: str) -> None:
    grey = np.asarray(Image.open(EXAMPLES / f"{name}.png"))
    paper, ink = float(np.mean(grey == 255)), float(np.mean(grey == 0))
    assert paper > 0.8
    assert 0.01 < ink < 0.2
    assert paper + ink > 0.95  # the rest is the soft edge of the lines


@pytest.mark.parametrize("name", NAMES)
def test_committed_picture_is_what_the_script_draws(name: str, draw: ModuleType) -> None:
    with Image.open(EXAMPLES / f"{name}.png") as picture:
        drawn = draw.render(name, scale=0.5)
        committed = np.asarray(picture.resize(drawn.shape[1::-1], Image.Resampling.BOX), np.float32)
    assert np.abs(drawn - committed).mean() < 2.0


def test_drawing_twice_gives_the_same_pixels(draw: ModuleType) -> None:
    first, second = draw.render("drawing", scale=0.25), draw.render("drawing", scale=0.25)
    assert first.dtype == np.uint8
    assert first.shape == (375, 300)
    assert np.array_equal(first, second)


def test_night_has_other_colours_in_the_same_places(draw: ModuleType) -> None:
    day, night = draw.render("reference", scale=0.25), draw.render("reference_night", scale=0.25)
    assert day.shape == night.shape
    assert np.mean(np.abs(day.astype(int) - night).max(axis=2) > 20) > 0.6


def test_script_refuses_unknown_names(
    draw: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["draw.py", "portrait"])
    with pytest.raises(SystemExit) as stop:
        draw.main()
    assert stop.value.code == 2
    assert "no picture is called portrait" in capsys.readouterr().err


def test_script_writes_where_it_is_told(
    draw: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["draw.py", "drawing", "--scale", "0.1", "--folder", str(tmp_path)])
    draw.main()
    with Image.open(tmp_path / "drawing.png") as picture:
        assert picture.size == (120, 150)
        assert picture.mode == "L"
