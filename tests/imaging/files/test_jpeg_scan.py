import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rltn_cli.errors import PictureError
from rltn_cli.imaging.files.jpeg_scan import find_scans
from rltn_cli.imaging.files.libjpeg_warnings import warning_about
from rltn_cli.imaging.files.pictures import read_picture

EXAMPLES = Path(__file__).parents[3] / "examples"
CASES = Path(__file__).parents[2] / "cases"
WAYS = [
    {"quality": 90},
    {"quality": 75, "subsampling": 2},
    {"quality": 90, "progressive": True},
    {"quality": 85, "restart_marker_rows": 1},
]
IDS = ["baseline", "subsampled", "progressive", "restarts"]


def jpeg(name: str = "reference.png", mode: str = "RGB", size=(300, 360), **options) -> bytes:
    buffer = io.BytesIO()
    with Image.open(EXAMPLES / name) as image:
        image.convert(mode).resize(size).save(buffer, "JPEG", **options)
    return buffer.getvalue()


@pytest.mark.parametrize("options", WAYS, ids=IDS)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("name", ["drawing.png", "reference.png"])
def test_good_files_are_read(name, mode, options):
    for size in ((300, 360), (37, 53), (16, 160)):
        assert read_picture(jpeg(name, mode, size, **options)).notices == ()


@pytest.mark.parametrize("options", WAYS, ids=IDS)
def test_a_broken_middle_is_refused(options):
    data, rng = jpeg(**options), np.random.default_rng(3)
    scans, _ = find_scans(data)
    seen = 0
    for _ in range(20):
        place = int(rng.integers(scans[0][0], scans[-1][1] - 600))
        noise = rng.integers(0, 256, 512, dtype=np.uint8).tobytes()
        try:
            read_picture(data[:place] + noise + data[place + 512 :])
        except PictureError as error:
            assert "damaged" in str(error)
            seen += 1
    assert seen >= 19


@pytest.mark.parametrize("options", WAYS, ids=IDS)
def test_a_jpeg_that_was_cut_and_closed_again_is_refused(options):
    data = jpeg(**options)
    for share in (0.3, 0.6, 0.9):
        with pytest.raises(PictureError, match="damaged"):
            read_picture(data[: int(share * len(data))] + b"\xff\xd9")
        with pytest.raises(PictureError, match="damaged"):
            read_picture(data[: int(share * len(data))])


@pytest.mark.parametrize("options", WAYS, ids=IDS)
@pytest.mark.parametrize("missing", [1, 2])
def test_without_its_end_marker_it_is_all_there(options, missing):
    data = jpeg(**options)
    picture = read_picture(data[:-missing], name="page.jpg")
    np.testing.assert_array_equal(picture.pixels, read_picture(data).pixels)
    assert picture.notices == ("page.jpg: its last bytes are missing; the picture is complete",)


def test_the_case_without_an_end_marker():
    picture = read_picture(CASES / "no_end_marker.jpg")
    assert "complete" in picture.notices[0]
    good = read_picture(CASES / "sketch.png").pixels.astype(int)
    assert np.abs(picture.pixels - good).mean() < 4


def test_padding_of_cameras_and_thumbnails_do_no_harm():
    data = jpeg()
    for padding in (b"\0" * 40, b"\xff" * 3):
        assert read_picture(data[:-2] + padding + data[-2:]).notices == ()
    exif = Image.Exif()
    exif[0x010E] = "a description"
    assert read_picture(jpeg(exif=exif, comment=b"\xff\xd9 and more")).notices == ()


def test_what_other_threads_say_is_not_lost():
    program = (
        "import os, cv2, sys\n"
        "from rltn_cli.imaging.files import libjpeg_warnings\n"
        "decode = cv2.imdecode\n"
        "def talking(*given):\n"
        "    os.write(2, b'said meanwhile\\n')\n"
        "    return decode(*given)\n"
        "cv2.imdecode = talking\n"
        "print(libjpeg_warnings.warning_about(open(sys.argv[1], 'rb').read()[:-900] + bytes([255, 217])))\n"
    )
    command = [sys.executable, "-c", program, str(CASES / "no_end_marker.jpg")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == "said meanwhile\n"
    assert done.stdout.strip() != "None"


def test_nothing_is_said_of_a_good_file():
    assert warning_about(jpeg()) is None
