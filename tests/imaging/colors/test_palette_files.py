import numpy as np
import pytest

from rltn_cli.errors import UsageError
from rltn_cli.imaging.colors.palette import Palette
from rltn_cli.imaging.colors.palette_files import load_palette, to_gpl


@pytest.mark.parametrize("value", ["ff8000,0000FF", "#ff8000, #0000ff", "ff8000,#0000ff,ff8000"])
def test_hex_values(value):
    assert load_palette(value).hexes == ["#ff8000", "#0000ff"]


def test_a_gimp_palette_comes_back_as_it_was_written(tmp_path):
    palette = Palette(np.array([(255, 0, 9), (10, 200, 30)], np.uint8))
    path = tmp_path / "one.gpl"
    path.write_text(to_gpl(palette, "My\ncolours"))
    assert path.read_text().splitlines()[:2] == ["GIMP Palette", "Name: My colours"]
    np.testing.assert_array_equal(load_palette(str(path)).colors, palette.colors)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("once upon a time", "not a GIMP palette"),
        ("", "not a GIMP palette"),
        ("GIMP Palette\n1 2 300 bright\n", "line 2: expected red, green and blue"),
        ("GIMP Palette\nName: x\n#\n1 2\n", "line 4"),
        ("GIMP Palette\nName: nothing\n", "from 1 to 256 colours, not 0"),
    ],
)
def test_a_bad_file_is_refused(text, message, tmp_path):
    path = tmp_path / "bad.gpl"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        load_palette(str(path))


@pytest.mark.parametrize("value", ["", "ff80", "red,blue", "missing.gpl", "ff8000,"])
def test_what_is_neither_is_refused(value):
    with pytest.raises(UsageError, match="neither a palette file nor hex"):
        load_palette(value)


def test_too_many_colours_are_refused():
    with pytest.raises(UsageError, match="not 257"):
        load_palette(",".join(f"{number:06x}" for number in range(257)))
