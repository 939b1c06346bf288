import io
import os
import stat

import numpy as np
import pytest
from PIL import Image

from rltn_cli.errors import OutputError
from rltn_cli.imaging.files import formats
from rltn_cli.imaging.files.encoding import check_output, encode_picture, srgb_profile, write_picture
from rltn_cli.imaging.files.pictures import read_picture

FORMATS = {row.name: row for row in formats.FORMATS}


def noise(channels=3, depth=np.uint8):
    rng = np.random.default_rng(2)
    shape = (20, 30, channels) if channels > 1 else (20, 30)
    return rng.integers(0, int(np.iinfo(depth).max) + 1, shape, depth)


@pytest.mark.parametrize("ending", ["png", "tiff", "tif", "webp", "bmp"])
def test_lossless_round_trip(tmp_path, ending):
    path = tmp_path / f"out.{ending}"
    write_picture(path, noise(), dpi=(300, 150))
    picture = read_picture(path)
    np.testing.assert_array_equal(picture.pixels, noise())
    if ending != "webp":
        assert picture.dpi == pytest.approx((300, 150), abs=0.1)


def test_jpeg_keeps_the_colours_of_thin_lines(tmp_path):
    lines = np.full((32, 32, 3), 255, np.uint8)
    lines[:, ::4] = (255, 0, 0)
    write_picture(tmp_path / "out.JPG", lines, dpi=(72, 72))
    read = read_picture(tmp_path / "out.JPG").pixels.astype(int)
    assert np.abs(read - lines).mean() < 4


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("ending", ["png", "tiff"])
def test_sixteen_bits_and_density_round_trip(tmp_path, ending, channels):
    path = tmp_path / f"out.{ending}"
    pixels = noise(channels, np.uint16)
    write_picture(path, pixels, dpi=(300, 150))
    picture = read_picture(path)
    assert picture.dpi == pytest.approx((300, 150), abs=0.1)
    expected = np.repeat(pixels[..., None], 3, 2) if channels == 1 else pixels[..., :3]
    np.testing.assert_array_equal(picture.pixels, expected)
    if channels == 4:
        np.testing.assert_array_equal(picture.alpha, pixels[..., 3])


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG", "WebP"])
def test_tagged_srgb(kind, depth):
    with Image.open(io.BytesIO(encode_picture(noise(depth=depth), FORMATS[kind]))) as image:
        image.load()
        assert image.info["icc_profile"] == srgb_profile()
    assert encode_picture(noise(depth=depth), FORMATS[kind]) == encode_picture(
        noise(depth=depth), FORMATS[kind]
    )


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG"])
def test_grey_has_no_profile_for_colours(kind, depth):
    with Image.open(io.BytesIO(encode_picture(noise(1, depth), FORMATS[kind]))) as image:
        image.load()
        assert "icc_profile" not in image.info
        assert image.mode in ("L", "I;16")


@pytest.mark.parametrize(("kind", "opaque"), [("PNG", False), ("WebP", False), ("JPEG", True), ("BMP", True)])
def test_alpha_is_kept_or_laid_on_paper(kind, opaque):
    pixels = np.zeros((20, 20, 4), np.uint8)
    pixels[:10] = (10, 200, 30, 255)
    picture = read_picture(encode_picture(pixels, FORMATS[kind]))
    assert (picture.alpha is None) == opaque
    np.testing.assert_allclose(picture.flatten()[15, 5], 255, atol=2)
    np.testing.assert_allclose(picture.flatten()[5, 5], (10, 200, 30), atol=4)


def test_outputs_that_cannot_be_written(tmp_path):
    taken = tmp_path / "taken.png"
    taken.write_bytes(b"mine")
    for path, message in (
        (taken, "exists already"),
        (tmp_path / "none" / "out.png", "no such folder"),
        (tmp_path / "out.xyz", "unknown picture format"),
        (tmp_path / "out", "unknown picture format"),
    ):
        with pytest.raises(OutputError, match=message):
            check_output(path)
        with pytest.raises(OutputError, match=message):
            write_picture(path, noise())
    folder = tmp_path / "folder.png"
    folder.mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        check_output(folder, overwrite=True)
    assert taken.read_bytes() == b"mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder.png", "taken.png"]


def test_overwrite_replaces_and_keeps_a_link(tmp_path):
    real, link = tmp_path / "real.png", tmp_path / "link.png"
    real.write_bytes(b"old")
    link.symlink_to(real)
    write_picture(link, noise(), overwrite=True)
    assert link.is_symlink()
    np.testing.assert_array_equal(read_picture(real).pixels, noise())


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OutputError, match="No space left"):
        write_picture(tmp_path / "out.png", noise())
    assert list(tmp_path.iterdir()) == []


def test_the_file_has_the_permissions_of_any_other(tmp_path):
    mask = os.umask(0o022)
    try:
        write_picture(tmp_path / "out.png", noise())
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "out.png").stat().st_mode) == 0o644


def test_too_large_for_the_format():
    with pytest.raises(
        OutputError, match="WebP holds at most 16,383 pixels per side and the picture is 16384x1"
    ):
        encode_picture(np.zeros((1, 16_384, 3), np.uint8), FORMATS["WebP"])


def test_standard_output_is_png(monkeypatch):
    stdout = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr("sys.stdout", stdout)
    write_picture("-", noise())
    np.testing.assert_array_equal(read_picture(stdout.buffer.getvalue()).pixels, noise())
