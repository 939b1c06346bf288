import cv2
import numpy as np
import pytest

from rltn_cli.data.coords import load_coords
from rltn_cli.data.pairs import read_pairs
from rltn_cli.errors import DataError


@pytest.fixture
def folder(tmp_path):
    """Return a folder of two pairs, and an empty folder for the coords."""
    for part in ("color", "coords"):
        (tmp_path / part).mkdir()
    for name in "ab":
        cv2.imwrite(str(tmp_path / "color" / f"{name}.png"), np.full((32, 32, 3), 200, np.uint8))
    return tmp_path


def test_coords_must_be_square_and_have_alpha(folder):
    name = read_pairs(folder)[0].id
    cv2.imwrite(str(folder / "coords" / f"{name}.png"), np.zeros((8, 6, 4), np.uint8))
    with pytest.raises(DataError, match="coords must be a square RGBA picture"):
        load_coords(read_pairs(folder)[0], 8)
    cv2.imwrite(str(folder / "coords" / f"{name}.png"), np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(DataError, match="coords must be a square RGBA picture"):
        load_coords(read_pairs(folder)[0], 8)


def test_coords_are_resized_without_mixing(folder):
    name = read_pairs(folder)[0].id
    places = np.random.default_rng(0).integers(0, 256, (4, 4, 4), dtype=np.uint8)
    cv2.imwrite(str(folder / "coords" / f"{name}.png"), places)
    found = load_coords(read_pairs(folder)[0], 8)
    assert np.array_equal(found[::2, ::2], places[..., [2, 1, 0, 3]])
    assert np.array_equal(found[1::2, 1::2], found[::2, ::2])
    assert load_coords(read_pairs(folder)[1], 8).max() == 0
