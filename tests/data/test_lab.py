import numpy as np
import pytest
import torch

from rltn_cli.data.lab import is_white_paper, lab_distance_squared, to_lab


def test_lab_is_that_of_scikit_image():
    color = pytest.importorskip("skimage.color")
    pixels = np.random.default_rng(0).integers(0, 256, (3, 8, 9), dtype=np.uint8)
    pixels[:, 0, :3] = [
        [0, 255, 3],
        [0, 255, 9],
        [0, 255, 1],
    ]  # black, white, nearly black
    ours = to_lab(torch.from_numpy(pixels).float()[None] / 127.5 - 1)[0].numpy()
    expected = color.rgb2lab(pixels.transpose(1, 2, 0)).transpose(2, 0, 1)
    np.testing.assert_allclose(ours, expected, atol=0.02)


def test_lightness_counts_half():
    one = torch.tensor([[[50.0, 0.0, 0.0]]])
    other = torch.tensor([[[54.0, 0.0, 0.0], [50.0, 3.0, 4.0], [50.0, 0.0, 0.0]]])
    torch.testing.assert_close(lab_distance_squared(one, other), torch.tensor([[[8.0, 25.0, 0.0]]]))


def test_white_paper_is_light_and_without_colour():
    lab = torch.tensor([[100.0, 0, 0], [96.5, 3.9, -3.9], [95.9, 0, 0], [99, 4.1, 0], [99, 0, -4.1]])
    assert is_white_paper(lab).tolist() == [True, True, False, False, False]
