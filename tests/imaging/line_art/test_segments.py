import cv2
import numpy as np
import pytest

from rltn_cli.imaging.line_art.segments import flat_regions, label_map


def scene(size=256):
    """A disc that is lit from the left on a sky that darkens downwards, with a box; and noise on all."""
    rows, columns = np.mgrid[:size, :size].astype(np.float32) / size
    picture = np.stack([90 + 40 * rows, 140 + 30 * rows, 220 - 50 * rows], axis=-1)
    disc = np.hypot(rows - 0.4, columns - 0.4) < 0.22
    picture[disc] = np.stack([230 - 120 * columns, 120 - 60 * columns, 60 + 0 * columns], axis=-1)[disc]
    picture[int(0.75 * size) : int(0.95 * size), int(0.6 * size) : int(0.9 * size)] = (40, 110, 50)
    noise = np.random.default_rng(0).normal(0, 3, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def at(labels, row, column):
    return labels[int(row * labels.shape[0]), int(column * labels.shape[1])]


def test_a_shaded_and_noisy_scene_is_three_regions():
    labels = flat_regions(scene())
    sky, disc, box = at(labels, 0.1, 0.9), at(labels, 0.4, 0.3), at(labels, 0.85, 0.75)
    assert len({sky, disc, box}) == 3
    assert at(labels, 0.4, 0.55) == disc and at(labels, 0.9, 0.1) == sky
    counts = np.bincount(labels.ravel())
    assert counts[[sky, disc, box]].sum() > 0.99 * labels.size
    assert abs(counts[disc] / labels.size - np.pi * 0.22**2) < 0.01


def test_regions_of_one_colour_are_divided_by_a_line():
    picture = np.full((200, 200, 3), 250, np.uint8)
    cv2.circle(picture, (100, 100), 60, (20, 20, 20), 3, cv2.LINE_AA)
    labels = flat_regions(picture)
    assert len(np.unique(labels)) == 2
    assert at(labels, 0.5, 0.5) != at(labels, 0.02, 0.02)
    assert abs((labels == at(labels, 0.5, 0.5)).mean() - np.pi * 0.3**2) < 0.01


def test_a_stroke_that_ends_divides_nothing():
    picture = np.full((200, 200, 3), 250, np.uint8)
    cv2.line(picture, (60, 60), (140, 140), (20, 20, 20), 3)
    assert len(np.unique(flat_regions(picture))) == 1


@pytest.mark.parametrize("shape", [(1, 1), (3, 2000), (2000, 3), (17, 5), (400, 10_000)])
def test_any_size_is_divided(shape):
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    labels = flat_regions(picture, size=64)
    assert labels.ndim == 2
    assert min(labels.shape) >= 1
    assert abs(np.log(labels.shape[1] / labels.shape[0] * shape[0] / shape[1])) < 0.1


def test_black_and_white_alone():
    for value in (0, 255):
        assert (flat_regions(np.full((50, 60, 3), value, np.uint8)) == 0).all()


def test_the_same_picture_gives_the_same_regions():
    assert (flat_regions(scene()) == flat_regions(scene())).all()


def test_the_working_size_bounds_the_labels():
    assert flat_regions(scene(), size=128).shape == (128, 128)
    assert flat_regions(scene(100), size=512).shape == (200, 200)


def test_few_colours_are_a_label_map_also_of_sixteen_bits():
    labels = np.random.default_rng(0).integers(0, 19, (70, 90))
    for factor, kind in ((1, np.uint8), (3000, np.uint16)):
        picture = np.repeat((factor * labels)[..., None], 3, axis=2).astype(kind)
        assert (label_map(picture) == labels).all()
    palette = np.random.default_rng(1).permutation(256)[:57].reshape(19, 3).astype(np.uint8)
    found = label_map(palette[labels])
    assert len(np.unique(found)) == 19
    for label in range(19):
        assert len(np.unique(found[labels == label])) == 1


def test_many_colours_are_no_label_map():
    assert label_map(scene()) is None
    picture = np.zeros((300, 300, 3), np.uint8)
    picture[1, :, 0] = np.arange(300) % 256  # on a row that a quick look passes over
    assert label_map(picture) is None
