"""TIFFs of kinds that Pillow cannot read, misreads, or reduces."""

import io

import numpy as np
import pytest

from rltn_cli.errors import PictureError
from rltn_cli.imaging.files.pictures import read_picture

tifffile = pytest.importorskip("tifffile")

KINDS = {
    "u8": (np.uint8, 255), "u16": (np.uint16, 65535), "u32": (np.uint32, 2**32 - 1), "i8": (np.int8, 127),
    "i16": (np.int16, 32767), "f16": (np.float16, 1), "f32": (np.float32, 1), "f64": (np.float64, 1),
}  # fmt: skip


def drawn():
    """A grey drawing and a coloured one, in [0, 1]."""
    y, x = np.mgrid[0:96, 0:128]
    distance = np.hypot(y - 48, x - 64)
    grey = np.ones((96, 128))
    grey[np.abs(distance - 30) < 2] = 0.1
    color = np.stack([grey, np.where(distance < 28, 0.4, grey), np.where(distance < 28, 0.25, grey)], axis=2)
    return grey, color


def tiff(values, **options):
    buffer = io.BytesIO()
    options = {"photometric": "rgb" if values.ndim > 2 else "minisblack", **options}
    tifffile.imwrite(buffer, values, metadata=None, **options)
    return buffer.getvalue()


def error(picture, expected):
    values = picture.pixels / np.iinfo(picture.pixels.dtype).max
    expected = np.repeat(expected[..., None], 3, 2) if expected.ndim == 2 else expected
    return float(np.abs(values - expected).max())


@pytest.mark.parametrize("color", [False, True], ids=["grey", "rgb"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"byteorder": ">"},
        {"compression": "zlib"},
        {"compression": "zlib", "tile": (48, 64), "byteorder": ">"},
        {"rowsperstrip": 20},
        {"bigtiff": True},
    ],
    ids=["raw", "big-endian", "deflate", "tiles", "strips", "BigTIFF"],
)
def test_every_depth_is_read_right(kind, options, color):
    dtype, white = KINDS[kind]
    expected = drawn()[color]
    picture = read_picture(tiff((expected * white).astype(dtype), **options))
    assert error(picture, expected) < 0.01
    assert picture.notices == ()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_planes_apart(dtype):
    expected = drawn()[1]
    values = np.moveaxis((expected * KINDS[{"u": "u8", "f": "f32"}[np.dtype(dtype).kind]][1]), 2, 0)
    values = values * 257 if dtype == np.uint16 else values
    assert error(read_picture(tiff(values.astype(dtype), planarconfig="separate")), expected) < 0.01


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_white_may_be_zero(dtype):
    expected = drawn()[0]
    top = np.iinfo(dtype).max
    data = tiff((top - expected * top).astype(dtype), photometric="miniswhite")
    assert error(read_picture(data), expected) < 0.01


def test_cmyk_of_sixteen_bits():
    expected = drawn()[1]
    ink = np.dstack([1 - expected, np.zeros((96, 128))])
    data = tiff((ink * 65535).astype(np.uint16), photometric="separated")
    assert error(read_picture(data), expected) < 0.01


@pytest.mark.parametrize("extra", ["unassalpha", "assocalpha"])
def test_alpha_of_sixteen_bits(extra):
    color = np.full((96, 128, 3), 0.5)
    alpha = np.full((96, 128, 1), 0.25)
    alpha[:, 64:] = 1
    stored = np.concatenate([color * alpha if extra == "assocalpha" else color, alpha], axis=2)
    picture = read_picture(tiff((stored * 65535).astype(np.uint16), extrasamples=[extra]))
    assert error(picture, color) < 0.001
    assert abs(int(picture.alpha[0, 0]) - 16384) <= 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_page_can_be_chosen(dtype):
    white = 1 if dtype == np.float32 else np.iinfo(dtype).max
    pages = np.stack([np.full((40, 50, 3), share * white).astype(dtype) for share in (0.2, 0.4, 0.6)])
    data = tiff(pages)
    assert read_picture(data).notices == ("picture: only the first of 3 pages is read",)
    for page, share in ((1, 0.2), (2, 0.4), (3, 0.6)):
        assert error(read_picture(data, page=page), np.full((40, 50, 3), share)) < 0.01
    assert read_picture(data, page=2).notices == ()
    with pytest.raises(PictureError, match="picture: has 3 pages; there is no page 4"):
        read_picture(data, page=4)
    with pytest.raises(PictureError, match="picture: has one page; there is no page 2"):
        read_picture(tiff(pages[0]), page=2)


def test_orientation_and_density():
    values = (drawn()[1] * 65535).astype(np.uint16)
    data = tiff(values, extratags=[(274, 3, 1, 6, True)], resolution=(300, 150), resolutionunit=2)
    picture = read_picture(data)
    assert picture.size == (128, 96)
    assert error(picture, np.rot90(drawn()[1], 3)) < 0.01
    assert picture.dpi == (150, 300)


def test_kinds_that_are_not_read_are_named():
    values = np.zeros((32, 32, 3), np.complex64)
    with pytest.raises(PictureError, match=r"a TIFF of 3 channels of 64 bits"):
        read_picture(tiff(values))
