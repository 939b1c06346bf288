import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from rltn_cli.errors import PictureError
from rltn_cli.imaging.files.pictures import read_picture

RED, BLUE = (200, 30, 40), (20, 60, 220)


def halves(width=24, height=16):
    """Left half red, right half blue."""
    picture = np.empty((height, width, 3), np.uint8)
    picture[:, : width // 2] = RED
    picture[:, width // 2 :] = BLUE
    return picture


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "PPM", "TGA"])
def test_lossless_formats_give_the_same_pixels(kind, tmp_path):
    path = tmp_path / "picture"
    path.write_bytes(encoded(Image.fromarray(halves()), kind))
    picture = read_picture(path)
    assert picture.alpha is None and picture.notices == () and picture.size == (16, 24)
    np.testing.assert_array_equal(picture.pixels, halves())


def test_one_bit_palette_grey_and_grey_with_alpha():
    bits = Image.fromarray(np.eye(20, dtype=bool))
    np.testing.assert_array_equal(
        read_picture(encoded(bits, "PNG")).pixels[..., 1], np.eye(20, dtype=np.uint8) * 255
    )
    palette = Image.fromarray(halves()).quantize(4)
    assert np.abs(read_picture(encoded(palette, "PNG")).pixels.astype(int) - halves()).max() <= 4
    clear = read_picture(encoded(palette, "GIF", transparency=palette.getpixel((0, 0))))
    assert (clear.alpha[:, :12] == 0).all() and (clear.alpha[:, 12:] == 255).all()
    assert (clear.flatten()[:, :12] == 255).all()
    grey = Image.merge("LA", (Image.new("L", (20, 20), 0), Image.new("L", (20, 20), 51)))
    picture = read_picture(encoded(grey, "PNG"))
    assert (picture.pixels == 0).all() and (picture.alpha == 51).all()
    assert (picture.flatten() == 204).all()


def test_opaque_alpha_is_no_alpha():
    assert read_picture(encoded(Image.fromarray(halves()).convert("RGBA"), "PNG")).alpha is None


def test_cmyk_jpeg():
    picture = read_picture(encoded(Image.fromarray(halves()).convert("CMYK"), "JPEG", quality=98))
    assert np.abs(picture.pixels[:, :8].astype(int) - RED).max() < 12


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("kind", [".png", ".tiff"])
def test_sixteen_bits_stay(kind, channels):
    rng = np.random.default_rng(1)
    stored = rng.integers(0, 65536, (16, 20, channels), np.uint16)
    options = [cv2.IMWRITE_TIFF_COMPRESSION, 1] if kind == ".tiff" else []
    data = cv2.imencode(kind, stored, options)[1].tobytes()
    picture = read_picture(data)
    assert picture.pixels.dtype == np.uint16
    expected = np.repeat(stored, 3, 2) if channels == 1 else stored[..., 2::-1]
    np.testing.assert_array_equal(picture.pixels, expected)
    if channels == 4:
        np.testing.assert_array_equal(picture.alpha, stored[..., 3])
    else:
        assert picture.alpha is None


def test_wide_integers_and_floats():
    ramp = np.linspace(0, 1, 400, dtype=np.float32).reshape(20, 20)
    np.testing.assert_array_equal(
        read_picture(encoded(Image.fromarray(ramp), "TIFF")).pixels[..., 0], np.rint(ramp * 65535)
    )
    whole = Image.fromarray((ramp * 200).astype(np.int32))
    assert read_picture(encoded(whole, "TIFF")).pixels.max() == 200


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(kind, orientation):
    upright = np.full((16, 32, 3), 255, np.uint8)
    upright[:8, :8] = 0
    upright[:8, 24:] = 128
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    image = Image.fromarray(upright)
    if orientation > 1:
        image = image.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = read_picture(encoded(image, kind, exif=exif, quality=95, dpi=(300, 150)))
    assert picture.size == (16, 32)
    assert np.abs(picture.pixels.astype(int) - upright).mean() < 6
    if kind != "WEBP":
        assert picture.dpi == pytest.approx((300, 150) if orientation < 5 else (150, 300), abs=0.1)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_orientation_of_sixteen_bits(kind):
    stored = np.zeros((16, 24), np.uint16)
    stored[:8, :8] = 40_000
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = read_picture(encoded(Image.fromarray(stored), kind, exif=exif))
    assert picture.size == (24, 16)
    assert picture.pixels[0, -1, 0] == 40_000 and picture.pixels[0, 0, 0] == 0


def wide_gamut():
    """A profile with the primaries of Display P3, as a matrix profile with the curve of sRGB."""
    base = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    primaries = {
        b"rXYZ": (0.515102, 0.241182, -0.001050),
        b"gXYZ": (0.291965, 0.692236, 0.041880),
        b"bXYZ": (0.157153, 0.066582, 0.784378),
    }
    count = struct.unpack(">I", base[128:132])[0]
    for index in range(count):
        entry = 132 + 12 * index
        name, offset, size = struct.unpack(">4sII", base[entry : entry + 12])
        if name in primaries:
            fixed = [round(value * 65536) for value in primaries[name]]
            base[offset + 8 : offset + 20] = struct.pack(">3i", *fixed)
        elif name == b"desc":
            base[offset + 8 : offset + size] = base[offset + 8 : offset + size].replace(
                b"\0R\0G\0B", b"\0P\0X\0Q"
            )
    return bytes(base)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_display_p3_becomes_srgb(kind):
    stored = np.full((16, 16, 3), (180, 100, 60), np.uint8)
    data = encoded(Image.fromarray(stored), kind, icc_profile=wide_gamut())
    color = read_picture(data).pixels[8, 8].astype(int)
    # The same light in sRGB, computed by hand from the two matrices.
    np.testing.assert_allclose(color, p3_to_srgb(stored[0, 0]), atol=3 if kind == "JPEG" else 1)
    assert color[0] > 185 and color[2] < 55


def p3_to_srgb(color):
    value = np.asarray(color) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    matrix = np.array([[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]])
    linear = np.clip(matrix @ linear, 0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def test_sixteen_bits_with_a_profile_keep_their_gradation():
    ramp = np.linspace(20_000, 22_000, 256).astype(np.uint16)
    stored = np.repeat(np.repeat(ramp[None, :, None], 16, 0), 3, 2)
    data = cv2.imencode(".png", stored)[1].tobytes()
    profile = b"p\0\0" + zlib.compress(wide_gamut())
    chunk = struct.pack(">I", len(profile)) + b"iCCP" + profile
    chunk += struct.pack(">I", zlib.crc32(b"iCCP" + profile))
    picture = read_picture(data[:33] + chunk + data[33:])
    assert picture.pixels.dtype == np.uint16
    assert len(np.unique(picture.pixels[0, :, 0])) > 200
    assert np.abs(picture.pixels.astype(int) - stored).max() < 500


def test_a_broken_profile_is_left_out_with_a_notice():
    picture = read_picture(encoded(Image.fromarray(halves()), "PNG", icc_profile=b"nonsense" * 40))
    np.testing.assert_array_equal(picture.pixels, halves())
    assert "profile" in picture.notices[0]


def test_the_first_frame_of_an_animation_is_read_and_said(tmp_path):
    frames = [Image.new("RGB", (20, 20), color) for color in (RED, BLUE, RED)]
    path = tmp_path / "moving.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    picture = read_picture(path)
    np.testing.assert_allclose(picture.pixels[3, 3], RED, atol=3)
    assert picture.notices == (f"{path}: only the first of 3 frames is read",)


def test_arrays_and_images_from_memory():
    assert read_picture(np.zeros((8, 9), np.uint8)).pixels.shape == (8, 9, 3)
    assert read_picture(np.zeros((8, 9, 2), np.uint16)).alpha.shape == (8, 9)
    np.testing.assert_array_equal(read_picture(Image.fromarray(halves())).pixels, halves())
    for wrong in (np.zeros((8, 9)), np.zeros((8,), np.uint8), np.zeros((8, 9, 5), np.uint8)):
        with pytest.raises(PictureError, match="not a picture"):
            read_picture(wrong)


def test_standard_input(monkeypatch):
    stdin = io.TextIOWrapper(io.BytesIO(encoded(Image.fromarray(halves()), "PNG")))
    monkeypatch.setattr("sys.stdin", stdin)
    picture = read_picture("-")
    assert picture.name == "standard input"
    np.testing.assert_array_equal(picture.pixels, halves())


def bomb():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">2I5B", 30_000, 30_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


def cut(kind, share=0.6):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    return data[: int(len(data) * share)]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"just some words\n", "not a picture"),
        (cut("PNG"), "damaged or cut short"),
        (cut("JPEG"), "damaged or cut short"),
        (cut("PNG", 0.01), "damaged or cut short|not a picture"),
        (cut("TIFF", 0.3), "damaged or cut short|not a picture"),
        (bomb(), "150,000,000 pixels"),
        (cv2.imencode(".png", np.full((64, 64, 3), 777, np.uint16))[1].tobytes()[:-60], "damaged"),
    ],
)
def test_bad_files_give_one_line_with_their_name(tmp_path, data, message):
    path = tmp_path / "bad.png"
    path.write_bytes(data)
    with pytest.raises(PictureError, match=message) as caught:
        read_picture(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(PictureError, match="no such file"):
        read_picture(tmp_path / "missing.png")
    with pytest.raises(PictureError, match="is a folder"):
        read_picture(tmp_path)
