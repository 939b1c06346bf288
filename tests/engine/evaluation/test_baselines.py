import numpy as np

from rltn_cli.engine.evaluation.baselines import (
    BASELINES,
    mean_color,
    reinhard,
    same_position,
    under_lines,
    white_page,
)


def test_the_lines_are_multiplied_on_top() -> None:
    colors = np.full((1, 1, 3, 3), 200, np.uint8)
    sketches = np.array([[[0, 128, 255]]], np.uint8)
    assert under_lines(colors, sketches)[0, 0, :, 0].tolist() == [0, 100, 200]


def test_each_baseline_by_hand() -> None:
    references = np.zeros((2, 2, 2, 3), np.uint8)
    references[0, :, 0] = (100, 0, 40)
    references[1] = (10, 20, 30)
    paper = np.full((2, 2, 2), 255, np.uint8)
    assert (white_page(paper, references, "ab").images == 255).all()
    assert mean_color(paper, references, "ab").images[:, 1, 1].tolist() == [[50, 0, 20], [10, 20, 30]]
    assert (same_position(paper, references, "ab").images == references).all()


def test_no_baseline_is_lighter_than_the_sketch() -> None:
    rng = np.random.default_rng(0)
    sketches = rng.integers(0, 256, (2, 8, 8), np.uint8)
    references = rng.integers(0, 256, (2, 8, 8, 3), np.uint8)
    for paint in BASELINES.values():
        images = paint(sketches, references, "ab").images
        assert images.dtype == np.uint8
        assert (images <= sketches[..., None]).all()


def test_reinhard_gives_the_page_the_references_mean_and_spread() -> None:
    rng = np.random.default_rng(3)
    sketches = np.full((1, 64, 64), 255, np.uint8)
    sketches[0, :16] = 254  # next to no lines, so that the product leaves the colours as they are
    references = rng.normal((120, 140, 160), 6, (1, 64, 64, 3)).clip(0, 255).astype(np.uint8)
    image = reinhard(sketches, references, "a").images[0]
    mean = image.reshape(-1, 3).mean(axis=0)
    np.testing.assert_allclose(mean, references.reshape(-1, 3).mean(axis=0), atol=2)


def test_reinhard_of_a_blank_page_is_the_mean_color() -> None:
    references = np.full((1, 8, 8, 3), (200, 100, 50), np.uint8)
    image = reinhard(np.full((1, 8, 8), 255, np.uint8), references, "a").images[0]
    np.testing.assert_allclose(image.reshape(-1, 3), [(200, 100, 50)] * 64, atol=1)
