import cv2
import numpy as np
import pytest

from rltn_cli.data.check.duplicates import color_cells, find_same_pictures, perceptual_hash


def scene(seed: int, size: int = 256) -> np.ndarray:
    """A smooth picture that no other seed gives."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (7, 7, 3)).astype(np.uint8)
    return cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC)


def found(*pictures: np.ndarray) -> list[list[int]]:
    hashes = np.stack([perceptual_hash(picture) for picture in pictures])
    return find_same_pictures(hashes, np.stack([color_cells(picture) for picture in pictures]))


def compressed(picture: np.ndarray, quality: int) -> np.ndarray:
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


@pytest.mark.parametrize(
    "change",
    [
        lambda picture: picture.copy(),
        lambda picture: cv2.resize(picture, (100, 100), interpolation=cv2.INTER_AREA),
        lambda picture: cv2.resize(picture, (700, 700), interpolation=cv2.INTER_LINEAR),
        lambda picture: compressed(picture, 70),
    ],
)
def test_a_picture_is_found_again_at_other_sizes_and_qualities(change) -> None:
    scenes = [scene(seed) for seed in range(30)]
    assert found(*scenes, change(scenes[7])) == [[7, 30]]


@pytest.mark.parametrize(
    "change",
    [
        lambda picture: picture[:, :, ::-1],
        lambda picture: picture[:, ::-1],
        lambda picture: cv2.rectangle(picture.copy(), (60, 60), (110, 110), (0, 0, 0), -1),
    ],
)
def test_recolourings_mirrorings_and_changed_details_are_other_pictures(change) -> None:
    assert found(scene(0), np.ascontiguousarray(change(scene(0)))) == []


def test_groups_are_whole_and_in_order() -> None:
    a, b, c = (scene(seed) for seed in range(3))
    assert found(b, a, c, a, b, b) == [[0, 4, 5], [1, 3]]
    assert found(a) == []


def test_thousands_of_equal_pictures_are_one_group() -> None:
    hashes = np.repeat(perceptual_hash(scene(0))[None], 5000, axis=0)
    cells = np.repeat(color_cells(scene(0))[None], 5000, axis=0)
    cells[::2] ^= 1
    assert [len(group) for group in find_same_pictures(hashes, cells)] == [5000]
