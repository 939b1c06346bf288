import numpy as np
import pytest

from rltn_cli.imaging.files.depth import to_depth


def ramp(top, dtype, low=0):
    return np.linspace(low, top, 4096).astype(dtype).reshape(64, 64)


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_few_bits_in_sixteen_are_stretched_and_said(bits):
    top = (1 << bits) - 1
    pixels, remark = to_depth(ramp(top, np.uint16), 16)
    assert pixels.dtype == np.uint16 and pixels.max() == 65535
    assert remark == f"its 16 bits hold {bits} and are read as such"


def test_real_sixteen_bits_stay():
    for values in (ramp(65535, np.uint16), ramp(40000, np.uint16), ramp(16383, np.uint16) // 257 * 257):
        pixels, remark = to_depth(values, 16)
        np.testing.assert_array_equal(pixels, values)
        assert remark is None


def test_a_dark_picture_of_real_sixteen_bits_stays():
    dark = ramp(9000, np.uint16, 500)
    pixels, remark = to_depth(dark, 16)
    np.testing.assert_array_equal(pixels, dark)
    assert remark is None


def test_the_value_of_white_that_a_file_names():
    pixels, remark = to_depth(ramp(1000, np.uint16), 16, white=2000)
    assert abs(int(pixels.max()) - 32768) <= 17 and remark is None


@pytest.mark.parametrize(
    ("values", "bits", "white"),
    [
        (ramp(2**32 - 1, np.uint32), 32, 65535),
        (ramp(2**31 - 1, np.int32), 32, 65535),
        (ramp(32767, np.int16), 16, 65535),
        (ramp(4095, np.uint16), 12, 65535),
        (ramp(127, np.int8), 8, 255),
        (ramp(15, np.uint8), 4, 255),
        (ramp(200, np.int32), 32, 200),
        (ramp(60000, np.uint32), 32, 60000),
        (ramp(1, np.float32), 32, 65535),
        (ramp(1, np.float64), 64, 65535),
        (ramp(1, np.float16), 16, 65535),
        (ramp(255, np.float32), 32, 65535),
        (ramp(255, np.uint8).astype(np.float32), 32, 65535),
        (ramp(65535, np.uint16).astype(np.float32), 32, 65535),
    ],
)
def test_white_is_found(values, bits, white):
    pixels, _ = to_depth(values, bits)
    assert pixels.max() == white
    middle = pixels[32, 0] / white
    assert abs(float(middle) - 0.5) < 0.04


@pytest.mark.parametrize("paper", [0.98, 1.0, 1.02, 1.3])
def test_floats_that_go_past_white_are_no_blank_page(paper):
    page = np.full((64, 64), paper, np.float32)
    page[20:24] = 0.05
    pixels, remark = to_depth(page, 32)
    assert pixels[0, 0] >= 0.97 * 65535 and pixels[21, 0] < 4000
    assert (remark is not None) == (paper > 1.05)


def test_floats_that_are_none():
    page = np.full((8, 8), 0.5, np.float32)
    page[0] = np.nan, np.inf, -np.inf, -3, 7, 1, 0, 0.25
    pixels, _ = to_depth(page, 32)
    assert pixels[0].tolist() == [0, 65535, 0, 0, 65535, 65535, 0, 16384]
