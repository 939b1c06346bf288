"""Explanations show the network's own matches."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from rltn_cli.engine.inference.colorization import Colorization
from rltn_cli.engine.inference.colorizer import Colorizer
from rltn_cli.errors import OutputError
from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN
from rltn_cli.painting.explanation import FILES, match_sheet, write_explanation


@pytest.fixture(scope="module")
def result() -> Colorization:
    torch.manual_seed(0)
    sketch = np.full((96, 120), 255, np.uint8)
    sketch[20:70, 30:34] = 0
    references = [np.random.default_rng(i).integers(0, 255, (80, 64 + 16 * i, 3), np.uint8) for i in range(2)]
    return Colorizer(RLTN(PRESETS["tiny"]), "cpu")(sketch, references, size=64)


def test_pictures_at_the_networks_size(result: Colorization, tmp_path: Path) -> None:
    write_explanation(result.painting, result.finished, tmp_path / "why")
    assert sorted(path.name for path in (tmp_path / "why").iterdir()) == sorted(FILES)
    with Image.open(tmp_path / "why" / "warped.png") as warped:
        assert np.array_equal(np.array(warped), result.warped)
    with Image.open(tmp_path / "why" / "confidence.png") as confidence:
        assert confidence.size == (result.warped.shape[1], result.warped.shape[0])
        assert abs(np.array(confidence)[5, 9] / 255 - max(result.confidence[1, 2], 0)) < 0.003


def test_a_place_has_the_code_of_the_place_that_it_matched(result: Colorization) -> None:
    sheet = match_sheet(result.painting)
    height, width = result.warped.shape[:2]
    assert sheet.shape[1] == width + sum(8 + picture.shape[1] for picture in result.references)
    for row, column in ((0, 0), (5, 11), (result.matches.shape[0] - 1, 3)):
        number, from_row, from_column = result.matches[row, column]
        tall, wide = result.references[number].shape[:2]
        red, green, blue = sheet[row * 4, column * 4].astype(int)
        assert abs(red - 255 * from_column / (wide - 1)) <= 1
        assert abs(green - 255 * from_row / (tall - 1)) <= 1
        assert blue == 85 * (number + 1)
    assert height <= sheet.shape[0]


def test_existing_explanations_are_kept_unless_told_otherwise(result: Colorization, tmp_path: Path) -> None:
    (tmp_path / "matches.png").write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists already"):
        write_explanation(result.painting, result.finished, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["matches.png"]
    write_explanation(result.painting, result.finished, tmp_path, overwrite=True)
    assert (tmp_path / "matches.png").read_bytes() != b"mine"


def test_a_folder_that_cannot_be_made_is_refused(result: Colorization, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="is a file"):
        write_explanation(result.painting, result.finished, tmp_path / "file")
    with pytest.raises(OutputError, match="no such folder"):
        write_explanation(result.painting, result.finished, tmp_path / "none" / "why")
