import numpy as np
import pytest

from rltn_cli.imaging.margins import Box, find_figure, with_margins


def figure(height=60, width=50):
    return np.random.default_rng(0).integers(20, 200, (height, width, 3), np.uint8)


def drawn(height, width):
    """A figure that fills half of its box."""
    return np.where(np.add.outer(np.arange(height), np.arange(width))[..., None] % 2, 60, 255).astype(
        np.uint8
    )


def on_page(color=255, top=50, bottom=40, left=30, right=70):
    borders = ((top, bottom), (left, right), (0, 0))
    return np.pad(figure(), borders, constant_values=color)


@pytest.mark.parametrize("color", [255, 240, 0, 8])
def test_wide_blank_margins_are_found(color):
    picture = on_page(color)
    if color < 20:
        picture = np.where(picture == color, color, np.maximum(picture, 60)).astype(np.uint8)
    box = find_figure(picture)
    assert box == Box(50, 110, 30, 80)
    np.testing.assert_array_equal(box.cut(picture), picture[50:110, 30:80])
    assert find_figure(picture[..., 0]) == box


def test_some_of_the_margins_can_be_kept():
    assert find_figure(on_page(), kept=0.1) == Box(44, 116, 24, 86)


@pytest.mark.parametrize(
    "picture",
    [
        on_page(top=2, bottom=1, left=3, right=2),
        on_page(color=128),
        np.full((90, 90, 3), 255, np.uint8),
        figure(),
        np.pad(np.zeros((4, 4, 3), np.uint8), ((40, 40), (40, 40), (0, 0)), constant_values=255),
        np.pad(np.zeros((20, 100, 3), np.uint8), ((0, 3), (40, 40), (0, 0)), constant_values=255),
        np.pad(drawn(100, 30), ((0, 0), (40, 40), (0, 0)), constant_values=255),
    ],
    ids=["narrow", "grey", "blank", "none", "too small", "too long", "at the sides alone"],
)
def test_other_margins_stay(picture):
    assert find_figure(picture) is None


def test_a_narrow_figure_keeps_its_margins_at_the_sides():
    page = np.pad(drawn(100, 30), ((60, 60), (20, 170), (0, 0)), constant_values=255)
    assert find_figure(page) == Box(60, 160, 0, 100)


def test_a_figure_on_a_narrow_page_takes_the_whole_width():
    page = np.pad(drawn(100, 30), ((100, 300), (15, 15), (0, 0)), constant_values=255)
    assert find_figure(page) == Box(100, 200, 0, 60)


def test_a_framed_picture_with_a_pale_corner_keeps_its_proportions():
    picture = figure(100, 60)
    picture[60:, :40] = 250
    page = np.pad(picture, ((60, 60), (60, 60), (0, 0)), constant_values=255)
    assert find_figure(page) == Box(60, 160, 60, 120)


def test_noise_of_jpeg_in_margins_is_blank():
    noise = np.random.default_rng(1).integers(-12, 1, (150, 150, 3))
    picture = np.clip(on_page().astype(int) + noise, 0, 255).astype(np.uint8)
    assert find_figure(picture) == Box(50, 110, 30, 80)


def test_margins_are_painted_in_the_colours_beside_them():
    colors = np.full((64, 48, 3), (0.2, 0.5, 0.8), np.float32)
    colors[20:40, 20:30] = (1, 0, 0)
    result = with_margins(colors, Box(30, 158, 40, 136), (200, 200))
    assert result.shape == (100, 100, 3) and result.dtype == np.float32
    np.testing.assert_allclose(result[15:79, 20:68], colors, atol=0.01)
    outside = np.ones((100, 100), bool)
    outside[15:79, 20:68] = False
    np.testing.assert_allclose(
        result[outside], np.broadcast_to((0.2, 0.5, 0.8), (outside.sum(), 3)), atol=0.02
    )


def test_margins_on_some_sides_only():
    colors = np.random.default_rng(0).random((32, 32, 3)).astype(np.float32)
    result = with_margins(colors, Box(0, 64, 0, 64), (64, 128))
    assert result.shape == (32, 64, 3)
    np.testing.assert_array_equal(result[:, :30], colors[:, :30])
    assert result.min() >= 0 and result.max() <= 1


def test_any_number_of_channels_is_continued_into_margins():
    many = np.random.default_rng(0).random((32, 32, 9), np.float32)
    box = Box(top=16, bottom=48, left=16, right=48)
    whole = with_margins(many, box, (64, 64))
    assert whole.shape == (64, 64, 9)
    np.testing.assert_allclose(whole[..., :3], with_margins(many[..., :3], box, (64, 64)), atol=1e-5)
