import struct
from pathlib import Path

import numpy as np
import pytest

from rltn_cli.errors import PictureError
from rltn_cli.imaging.files.pictures import read_picture

FILES = Path(__file__).parent / "samples"


def psd(planes, *, mode=3, depth=8, packing=0, version=1, resources=b"", layers=b"", colors=b"") -> bytes:
    """Write a PSD as the specification says."""
    channels, height = planes.shape[:2]
    width = planes.shape[2] * 8 if depth == 1 else planes.shape[2]
    header = struct.pack(">4sH6xHIIHH", b"8BPS", version, channels, height, width, depth, mode)
    wide = ">I" if version == 1 else ">Q"
    sections = [(">I", colors), (">I", resources), (wide, layers)]
    parts = b"".join(struct.pack(kind, len(value)) + value for kind, value in sections)
    return header + parts + struct.pack(">H", packing) + planes.tobytes()


def resource(number, value):
    return (
        b"8BIM"
        + struct.pack(">H", number)
        + b"\0\0"
        + struct.pack(">I", len(value))
        + value
        + b"\0" * (len(value) % 2)
    )


def color(height=20, width=24):
    return np.random.default_rng(0).integers(0, 256, (3, height, width), np.uint8)


def test_modes_and_depths():
    planes = color()
    upright = np.moveaxis(planes, 0, 2)
    np.testing.assert_array_equal(read_picture(psd(planes)).pixels, upright)
    np.testing.assert_array_equal(read_picture(psd(planes, version=2)).pixels, upright)
    wide = (planes.astype(np.uint16) * 257).astype(">u2")
    np.testing.assert_array_equal(read_picture(psd(wide, depth=16)).pixels, upright * np.uint16(257))
    grey = read_picture(psd(planes[:1], mode=1)).pixels
    np.testing.assert_array_equal(grey, np.repeat(planes[0][..., None], 3, 2))
    bits = read_picture(psd(planes[:1, :, :3], mode=0, depth=1)).pixels[..., 0]
    np.testing.assert_array_equal(bits, 255 * (1 - np.unpackbits(planes[0, :, :3], axis=1)))
    palette = np.arange(768, dtype=np.uint8).reshape(3, 256)
    indexed = read_picture(psd(planes[:1], mode=2, colors=palette.tobytes())).pixels
    np.testing.assert_array_equal(indexed, palette.T[planes[0]])
    cmyk = np.concatenate([planes, np.full((1, 20, 24), 255, np.uint8)])
    assert np.abs(read_picture(psd(cmyk, mode=4)).pixels.astype(int) - upright).max() <= 1


def test_lab_and_linear_floats():
    lab = np.zeros((3, 20, 24), np.uint8)
    lab[0], lab[1:] = 255, 128
    assert read_picture(psd(lab, mode=9)).pixels.min() >= 253
    light = np.full((3, 20, 24), 0.2140, ">f4")  # of a grey of one half
    pixels = read_picture(psd(light, depth=32)).pixels
    assert pixels.dtype == np.uint16 and abs(int(pixels[0, 0, 0]) / 65535 - 0.5) < 0.002


def test_white_under_transparency_is_taken_out():
    ink = np.array([40, 80, 120])
    stored = np.empty((4, 20, 24), np.uint8)
    stored[:3] = np.rint(255 - (255 - ink) * 0.5)[:, None, None]
    stored[3] = 128
    layers = struct.pack(">Ih", 2, -1) + bytes(10)
    picture = read_picture(psd(stored, layers=layers))
    assert np.abs(picture.pixels[0, 0].astype(int) - ink).max() <= 2
    assert (picture.alpha == 128).all()


def test_a_saved_selection_is_no_transparency():
    stored = np.concatenate([color(), np.zeros((1, 20, 24), np.uint8)])
    picture = read_picture(psd(stored, layers=struct.pack(">Ih", 2, 1) + bytes(10)))
    assert picture.alpha is None
    assert read_picture(psd(stored, resources=resource(1006, b"\x07Alpha 1"))).alpha is None


def test_density():
    resolution = resource(1005, struct.pack(">IHHIHH", 300 << 16, 1, 1, 150 << 16, 1, 1))
    assert read_picture(psd(color(), resources=resource(1000, b"odd") + resolution)).dpi == (300, 150)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (psd(color(), resources=resource(1057, b"\0\0\0\1\0")), "without its merged picture.*Maximize"),
        (psd(color(), mode=7), "multichannel mode; convert it to RGB"),
        (psd(color())[:-1], "damaged"),
        (psd(color())[:30], "damaged"),
        (psd(color(), mode=5), "damaged"),
        (psd(color(), packing=9), "damaged"),
        (psd(color(), packing=1), "damaged"),
        (psd(color(), packing=2), "damaged"),
        (psd(color(), depth=13), "damaged"),
    ],
)
def test_what_cannot_be_read_is_said(data, message):
    with pytest.raises(PictureError, match=message):
        read_picture(data)


def test_packed_rows_that_do_not_fit_are_damage():
    data = (FILES / "ag-psd-layers.psd").read_bytes()
    good, rng = read_picture(data).pixels, np.random.default_rng(5)
    outcomes = set()
    for _ in range(100):
        changed = bytearray(data)
        changed[int(rng.integers(len(data)))] ^= int(rng.integers(1, 256))
        try:
            outcomes.add(read_picture(bytes(changed)).pixels.shape == good.shape)
        except PictureError:
            outcomes.add("refused")
    assert outcomes == {True, "refused"}
