"""Layers as a painting program reads them: opened by Krita, laid over each other there, and exported."""

import os
import shutil
import subprocess

import numpy as np
import pytest
from support.painted import painting

from rltn_cli.imaging.files.pictures import read_picture
from rltn_cli.imaging.pixels import to_eight_bit
from rltn_cli.painting.finish import FinishOptions, finish_painting
from rltn_cli.painting.layer_files import write_layers

needs_krita = pytest.mark.skipif(
    not (shutil.which("krita") and shutil.which("xvfb-run")), reason="needs krita and xvfb-run"
)


@pytest.mark.slow
@needs_krita
@pytest.mark.parametrize("ending", ["ora", "psd"])
@pytest.mark.parametrize(
    "made", [{}, {"depth": np.uint16}, {"alpha": True}, {"depth": np.uint16, "alpha": True}], ids=str
)
def test_krita_makes_the_same_picture(made, ending, tmp_path):
    done = finish_painting(painting(**made), FinishOptions("cel"))
    write_layers(tmp_path / f"in.{ending}", done)
    command = ["xvfb-run", "-a", "krita", "--export", "--export-filename", "out.png", f"in.{ending}"]
    # OpenCV names its own Qt plug-ins in the environment, with which Krita does not start
    known = {name: value for name, value in os.environ.items() if not name.startswith("QT_")}
    home = {**known, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    for _ in range(2):  # now and then it ends with an error as it starts
        subprocess.run(command, cwd=tmp_path, env=home, capture_output=True, timeout=300, check=False)
        if (tmp_path / "out.png").exists():
            break
    exported = read_picture(tmp_path / "out.png")
    assert exported.pixels.dtype == done.image.dtype or ending == "ora"  # which Krita 5.1 reads with 8 bits
    image, pixels = to_eight_bit(done.image), to_eight_bit(exported.pixels)
    shown = np.full(image.shape[:2], True)
    if "alpha" in made:
        shown = image[..., 3] == 255
        assert np.abs(to_eight_bit(exported.alpha).astype(int) - image[..., 3]).max() <= 1
    assert np.abs(pixels[shown].astype(int) - image[shown, :3]).max() <= 1
