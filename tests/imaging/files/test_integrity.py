"""Damage: what a format or its reader can tell of is refused, and nothing that is whole."""

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from rltn_cli.errors import PictureError
from rltn_cli.imaging.files.pictures import read_picture

FILES = Path(__file__).parent / "samples"
CASES = Path(__file__).parents[2] / "cases"
CERTAIN = (
    "libpng.png",
    "libpng-16.png",
    "tifffile-deflate.tif",
    "tifffile-float.tif",
    "pyora.ora",
    "krita-layout.kra",
)
"""Files of formats with checksums over all pixels."""
PACKED = ("tifffile-lzw.tif", "tifffile-16.tif", "libwebp.webp", "libavif.avif", "giflib.gif")
"""Files of formats in which most wrong bytes are seen."""


def pixel_bytes(name: str, data: bytes) -> range:
    """Return where a file holds its pixels; a TIFF's directory has no checksum."""
    if name.startswith("tifffile"):
        page = struct.unpack_from("<I", data, 4)[0]
        return range(page + 300, len(data))
    return range(len(data))


def shows_the_same(data: bytes, good: np.ndarray) -> bool:
    picture = read_picture(data).flatten()
    return picture.shape == good.shape and bool((picture == good).all())


@pytest.mark.parametrize("name", CERTAIN)
def test_no_changed_byte_is_painted_from(name: str) -> None:
    data = (FILES / name).read_bytes()
    good, rng = read_picture(data).flatten(), np.random.default_rng(17)
    refused = 0
    for _ in range(150):
        changed = bytearray(data)
        for place in rng.choice(pixel_bytes(name, data), rng.integers(1, 4)):
            changed[place] ^= int(rng.integers(1, 256))
        try:
            assert shows_the_same(bytes(changed), good)
        except PictureError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > (40 if name.endswith(("ora", "kra")) else 120)


@pytest.mark.parametrize("name", PACKED)
def test_most_changed_bytes_are_seen(name: str) -> None:
    data = (FILES / name).read_bytes()
    good, rng = read_picture(data).flatten(), np.random.default_rng(17)
    painted = 0
    for _ in range(150):
        changed = bytearray(data)
        changed[int(rng.choice(pixel_bytes(name, data)))] ^= int(rng.integers(1, 256))
        try:
            painted += not shows_the_same(bytes(changed), good)
        except PictureError:
            continue
    assert painted <= 12


@pytest.mark.parametrize("path", sorted(FILES.iterdir()), ids=lambda path: path.name)
def test_what_is_cut_short_is_refused_or_all_there(path: Path) -> None:
    data = path.read_bytes()
    if path.suffix in (".md", ".heic", ".jxl"):
        pytest.skip("no format that is read without a package")
    good = read_picture(data).flatten()
    for length in (1, len(data) // 4, len(data) // 2, len(data) * 9 // 10, len(data) - 40, len(data) - 12):
        try:
            assert shows_the_same(data[:length], good)
        except PictureError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize("name", ["damaged_ref.png", "damaged_sketch.png"])
def test_damaged_pngs_are_refused(name: str) -> None:
    with pytest.raises(PictureError, match=r"damaged or cut short .the checksum of chunk 'IDAT' is wrong"):
        read_picture(CASES / name)


def png(size: int = 64) -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("data", [png(), (FILES / "libpng-16.png").read_bytes()], ids=["8 bits", "16 bits"])
def test_a_png_without_its_end_is_all_there(data: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    for missing in range(1, 13):
        picture = read_picture(data[:-missing], name="page.png")
        np.testing.assert_array_equal(picture.pixels, read_picture(data).pixels)
        assert capfd.readouterr() == ("", "")
        assert picture.notices == ("page.png: its last bytes are missing; the picture is complete",)


def test_a_png_whose_chunks_are_whole_and_pixels_are_not() -> None:
    data = png()
    start = data.index(b"IDAT") - 4
    (length,) = struct.unpack_from(">I", data, start)
    body = data[start + 8 : start + 8 + length // 2]
    chunk = struct.pack(">I", len(body)) + b"IDAT" + body + struct.pack(">I", zlib.crc32(b"IDAT" + body))
    with pytest.raises(PictureError, match="damaged or cut short"):
        read_picture(data[:start] + chunk + data[start + 12 + length :])


def test_what_follows_a_picture_does_no_harm() -> None:
    for suffix in (".png", ".jpg", ".bmp", ".webp"):
        data = cv2.imencode(suffix, np.full((40, 40, 3), 200, np.uint8))[1].tobytes()
        assert read_picture(data + b"written behind it").notices == ()
