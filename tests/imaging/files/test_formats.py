"""One table of picture formats, which everything that reads or writes pictures goes by."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from rltn_cli.cli import run
from rltn_cli.data.pairs import load_pair, read_pairs
from rltn_cli.data.recipes import read_data
from rltn_cli.engine.batch.plan import Guide, plan_batch
from rltn_cli.errors import OutputError
from rltn_cli.imaging.files import formats
from rltn_cli.imaging.files.encoding import write_picture
from rltn_cli.imaging.files.formats import FORMATS, PictureFormat, format_of_output, is_picture, of_codec
from rltn_cli.imaging.files.pictures import read_picture


def drawing() -> np.ndarray:
    picture = np.full((48, 64, 3), 255, np.uint8)
    cv2.circle(picture, (32, 24), 15, (200, 60, 40), -1)
    cv2.circle(picture, (32, 24), 15, (0, 0, 0), 2)
    return picture


def test_every_suffix_belongs_to_one_format() -> None:
    suffixes = [suffix for row in FORMATS for suffix in row.suffixes]
    assert len(set(suffixes)) == len(suffixes)
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in suffixes)
    assert all(set(row.written) <= set(row.suffixes) for row in FORMATS)
    assert len({row.codec for row in FORMATS}) == len(FORMATS)


@pytest.mark.parametrize("row", [row for row in FORMATS if row.written], ids=lambda row: row.name)
def test_what_a_row_says_of_writing_is_so(row: PictureFormat, tmp_path: Path) -> None:
    seen_through = np.dstack([drawing().astype(np.uint16) * 257, np.full((48, 64), 32_000, np.uint16)])
    for suffix in row.written:
        path = tmp_path / f"picture{suffix}"
        write_picture(path, seen_through, dpi=(300, 300))
        picture = read_picture(path)
        assert (picture.alpha is not None) == row.alpha
        assert (picture.pixels.dtype == np.uint16) == row.deep
        with Image.open(path) as image:
            assert of_codec(image.format) == row
            assert ("icc_profile" in image.info) == row.profile


@pytest.mark.parametrize("row", FORMATS, ids=lambda row: row.name)
def test_folders_are_read_alike_by_batch_and_train(row: PictureFormat, tmp_path: Path) -> None:
    for number, suffix in enumerate(row.suffixes):
        (tmp_path / f"{number}{suffix.upper()}").write_bytes(b"")
    (tmp_path / "notes.txt").write_bytes(b"")
    tasks = plan_batch([str(tmp_path)], tmp_path / "out", Guide((Path("ref.png"),)))
    pairs = read_data([str(tmp_path)])
    assert [task.sketch for task in tasks] == [pair.color for pair in pairs]
    assert len(pairs) == len(row.suffixes)


@pytest.mark.parametrize("name", ["out", "out.xyz", "out.gif", "out.jfif"])
def test_a_name_that_no_result_can_have(name: str) -> None:
    with pytest.raises(OutputError, match=r"unknown picture format; end the name in one of \.png, \.jpg"):
        format_of_output(name)


def test_a_row_is_all_that_a_format_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PCX stands for any format of Pillow's: it is read, written, found in folders and chosen by name."""
    source = tmp_path / "source.pcx"
    assert not is_picture(source)
    with pytest.raises(OutputError, match="unknown picture format"):
        write_picture(source, drawing())
    monkeypatch.setattr(
        formats, "FORMATS", (*FORMATS, PictureFormat("PCX", "PCX", (".pcx",), (".pcx",), largest_side=64))
    )
    write_picture(source, np.dstack([drawing(), np.full((48, 64), 255, np.uint8)]))
    np.testing.assert_array_equal(read_picture(source).pixels, drawing())
    with pytest.raises(OutputError, match="PCX holds at most 64 pixels per side"):
        write_picture(tmp_path / "wide.pcx", np.zeros((8, 65, 3), np.uint8))

    (tmp_path / "pairs" / "color").mkdir(parents=True)
    (tmp_path / "pairs" / "color" / "a.pcx").write_bytes(source.read_bytes())
    (pair,) = read_pairs(tmp_path / "pairs")
    assert load_pair(pair, 64)[0].shape == (64, 64, 3)

    places = [str(tmp_path / "pairs" / "color"), "-o", str(tmp_path / "lines")]
    assert run(["extract-lines", *places, "--method", "xdog", "--format", "pcx"]) == 0
    assert read_picture(tmp_path / "lines" / "a.pcx").size == (48, 64)


def test_an_unknown_format_is_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["extract-lines", "a.png", "-o", str(tmp_path / "out"), "--format", "gif"]) == 2
    said = capsys.readouterr().err
    assert "--format must be one of png, jpg, jpeg, webp, tif, tiff, bmp, " in said
    assert "not 'gif'" in said


def test_the_page_on_data_names_every_format() -> None:
    page = (Path(__file__).parents[3] / "docs" / "data.md").read_text(encoding="utf-8")
    (names,) = re.findall(r"^(PNG, .*) are read", page, re.MULTILINE)
    assert re.split(", | and ", names) == [row.name for row in FORMATS]
