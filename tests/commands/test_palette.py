import json

import numpy as np
import pytest
from PIL import Image

from rltn_cli.cli import run
from rltn_cli.imaging.colors.palette_files import load_palette


@pytest.fixture
def picture(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pixels = np.full((80, 80, 3), 255, np.uint8)
    pixels[20:60, 20:60] = (200, 40, 50)
    Image.fromarray(pixels).save("style.png")
    return "style.png"


def test_the_palette_is_written_once(picture, capsys):
    assert run(["palette", picture, "-o", "style.gpl"]) == 0
    assert "style.gpl, 2 colours" in capsys.readouterr().err
    assert load_palette("style.gpl").hexes == ["#ffffff", "#c82832"]
    assert run(["palette", picture, "-o", "style.gpl"]) == 1
    assert run(["palette", picture, "-o", "style.gpl", "--overwrite", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["colors"] == ["#ffffff", "#c82832"]


def test_standard_output(picture, capsys):
    assert run(["palette", picture, "-o", "-"]) == 0
    assert capsys.readouterr().out.startswith("GIMP Palette\nName: style\n")


def test_other_formats_are_refused(picture, capsys):
    assert run(["palette", picture, "-o", "style.ase"]) == 2
    assert "written as .gpl" in capsys.readouterr().err
    assert run(["palette", "missing.png", "-o", "style.gpl"]) == 1
