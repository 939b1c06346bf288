from pathlib import Path

import numpy as np
import pytest
import torch

from rltn_cli.data.pairs import read_pairs
from rltn_cli.engine.evaluation.methods import make_folder_method, make_model_method
from rltn_cli.engine.inference.colorizer import Colorizer
from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN


def test_a_model_paints_one_drawing_by_one_reference(caplog: pytest.LogCaptureFixture) -> None:
    torch.manual_seed(0)
    colorizer = Colorizer(RLTN(PRESETS["tiny"]), "cpu")
    rng = np.random.default_rng(0)
    sketches = np.zeros((2, 64, 64), np.uint8)  # white on black, which the Colorizer would tell about
    sketches[:, 20:22, 8:56] = sketches[:, 8:56, 40] = 255
    references = rng.integers(0, 256, (2, 64, 64, 3), np.uint8)
    painting = make_model_method(colorizer)(sketches, references, "ab")
    assert caplog.text == ""
    for i in range(2):
        alone = colorizer(sketches[i], references[i], size=64, finish="paint", margins="keep")
        np.testing.assert_array_equal(painting.images[i], alone.image)
        assert painting.warped is not None
        np.testing.assert_array_equal(painting.warped[i], alone.warped)
    assert caplog.text != ""


def test_notices_about_references_are_suppressed_too(caplog: pytest.LogCaptureFixture) -> None:
    colorizer = Colorizer(RLTN(PRESETS["tiny"]), "cpu")
    sketch, reference = np.full((64, 64), 255, np.uint8), np.full((64, 64, 3), 90, np.uint8)
    sketch[20:22, 8:56] = 0
    make_model_method(colorizer)(sketch[None], reference[None], "a")
    assert caplog.text == ""
    colorizer(sketch, reference, size=64, finish="paint")
    assert "is grey; a reference without colours gives none" in caplog.text


def test_a_folder_gives_the_pictures_by_id(pairs_folder: Path) -> None:
    pairs = [pair for pair in read_pairs(pairs_folder) if pair.split == "val"]
    paint = make_folder_method(pairs_folder / "color", pairs)
    sketches, references = np.full((2, 128, 128), 255, np.uint8), np.zeros((2, 128, 128, 3), np.uint8)
    images = paint(sketches, references, ["sea-0", "fox-2"]).images
    assert images.shape == (2, 128, 128, 3)
    assert images[0, 65, 25].tolist() == [30, 110, 180]  # RGB of the figure's left half
    assert images[1, 65, 60].tolist() == [230, 120, 60]
