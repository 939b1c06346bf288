"""Every format of the table is read from files that other programs wrote."""

from pathlib import Path

import numpy as np
import pytest

from rltn_cli.errors import PictureError
from rltn_cli.imaging.files.formats import FORMATS, PictureFormat
from rltn_cli.imaging.files.pictures import read_picture
from rltn_cli.imaging.pixels import to_eight_bit

FILES = sorted(path for path in (Path(__file__).parent / "samples").iterdir() if path.suffix != ".md")
LOSSY = {".jpg": 2.5, ".avif": 0.5, ".heic": 0.5}
"""How far colours may be off, on average, in formats that lose some."""
GREY = ("giflib.gif", "psd-tools-l.psd")


def expected():
    y, x = np.mgrid[0:48, 0:64]
    distance = np.hypot(x - 32, y - 24)
    picture = np.full((48, 64, 3), 255, np.uint8)
    picture[distance < 16] = (200, 60, 40)
    picture[np.abs(distance - 15) < 1.5] = 0
    picture[:8, :16] = (40, 90, 200)
    return picture


def of_format(row):
    return [path for path in FILES if path.suffix in row.suffixes]


def read(path):
    """Read a file, or skip the test where its reader is not installed."""
    row = next(row for row in FORMATS if path.suffix in row.suffixes)
    if row.package:
        pytest.importorskip({"pillow-heif": "pillow_heif", "pillow-jxl-plugin": "pillow_jxl"}[row.package])
    return read_picture(path)


@pytest.mark.parametrize("row", FORMATS, ids=lambda row: row.name)
def test_there_is_a_file_of_every_format(row: PictureFormat) -> None:
    assert of_format(row)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_shows_the_drawing(path: Path) -> None:
    picture = read(path)
    assert picture.size == (48, 64)
    assert picture.notices == ()
    colors = to_eight_bit(picture.flatten()).astype(int)
    if path.name in GREY:
        ink = expected().min(axis=2) == 0
        assert (colors[ink] == 0).all()
        assert (colors[expected().min(axis=2) == 255] == 255).all()
        assert (colors[..., 0] == colors[..., 2]).all()
    else:
        assert np.abs(colors - expected()).mean() <= LOSSY.get(path.suffix, 0)


@pytest.mark.parametrize(
    "name", ["libpng-16.png", "tifffile-16.tif", "tifffile-float.tif", "pytoshop-16-layers.psd"]
)
def test_depth_is_kept(name: str) -> None:
    assert read_picture(Path(__file__).parent / "samples" / name).pixels.dtype == np.uint16


def test_a_transparent_psd_keeps_its_transparency() -> None:
    picture = read_picture(Path(__file__).parent / "samples" / "ag-psd-clear.psd")
    assert picture.alpha is not None
    assert (picture.alpha[expected().min(axis=2) == 255] == 0).all()
    assert (picture.alpha[expected().min(axis=2) == 0] == 255).all()


def test_the_grey_psd_of_the_cases(tmp_path: Path) -> None:
    picture = read_picture(Path(__file__).parents[2] / "cases" / "grey.psd")
    assert picture.size == (200, 160)
    assert picture.pixels.min() < 60 and picture.pixels.max() == 255


@pytest.mark.parametrize("row", [row for row in FORMATS if row.package], ids=lambda row: row.name)
def test_a_reader_that_is_not_installed_is_named(row: PictureFormat, monkeypatch: pytest.MonkeyPatch) -> None:
    module = {"pillow-heif": "pillow_heif", "pillow-jxl-plugin": "pillow_jxl"}[row.package]
    monkeypatch.setitem(__import__("sys").modules, module, None)
    (path,) = of_format(row)
    with pytest.raises(PictureError, match=f"a {row.name} picture; to read it, .* install {row.package}"):
        read_picture(path)
