import numpy as np

from rltn_cli.engine.baselines import BASELINES, mean_color, same_position, under_lines, white_page


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
