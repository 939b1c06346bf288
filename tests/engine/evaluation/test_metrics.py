import numpy as np
import pytest

from rltn_cli.engine.evaluation import metrics

# Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula", 2005, table 1.
# Two Lab colours and their difference.
SHARMA = [
    (50.0000, 2.6772, -79.7751, 50.0000, 0.0000, -82.7485, 2.0425),
    (50.0000, 3.1571, -77.2803, 50.0000, 0.0000, -82.7485, 2.8615),
    (50.0000, 2.8361, -74.0200, 50.0000, 0.0000, -82.7485, 3.4412),
    (50.0000, -1.3802, -84.2814, 50.0000, 0.0000, -82.7485, 1.0000),
    (50.0000, -1.1848, -84.8006, 50.0000, 0.0000, -82.7485, 1.0000),
    (50.0000, -0.9009, -85.5211, 50.0000, 0.0000, -82.7485, 1.0000),
    (50.0000, 0.0000, 0.0000, 50.0000, -1.0000, 2.0000, 2.3669),
    (50.0000, -1.0000, 2.0000, 50.0000, 0.0000, 0.0000, 2.3669),
    (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0009, 7.1792),
    (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0010, 7.1792),
    (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0011, 7.2195),
    (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0012, 7.2195),
    (50.0000, -0.0010, 2.4900, 50.0000, 0.0009, -2.4900, 4.8045),
    (50.0000, -0.0010, 2.4900, 50.0000, 0.0010, -2.4900, 4.8045),
    (50.0000, -0.0010, 2.4900, 50.0000, 0.0011, -2.4900, 4.7461),
    (50.0000, 2.5000, 0.0000, 50.0000, 0.0000, -2.5000, 4.3065),
    (50.0000, 2.5000, 0.0000, 73.0000, 25.0000, -18.0000, 27.1492),
    (50.0000, 2.5000, 0.0000, 61.0000, -5.0000, 29.0000, 22.8977),
    (50.0000, 2.5000, 0.0000, 56.0000, -27.0000, -3.0000, 31.9030),
    (50.0000, 2.5000, 0.0000, 58.0000, 24.0000, 15.0000, 19.4535),
    (50.0000, 2.5000, 0.0000, 50.0000, 3.1736, 0.5854, 1.0000),
    (50.0000, 2.5000, 0.0000, 50.0000, 3.2972, 0.0000, 1.0000),
    (50.0000, 2.5000, 0.0000, 50.0000, 1.8634, 0.5757, 1.0000),
    (50.0000, 2.5000, 0.0000, 50.0000, 3.2592, 0.3350, 1.0000),
    (60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644),
    (63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630),
    (61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731),
    (35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645),
    (22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373),
    (36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146),
    (90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441),
    (90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381),
    (6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377),
    (2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082),
]

RED, GREEN, BLUE, WHITE = (200, 40, 40), (40, 160, 60), (50, 70, 200), (255, 255, 255)


def four_regions() -> tuple[np.ndarray, np.ndarray]:
    """A 64 x 64 picture cut by a black cross into a red, a green, a blue and a white quarter."""
    sketch = np.full((64, 64), 255, np.uint8)
    sketch[31:33] = sketch[:, 31:33] = 0
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:31, :31], picture[:31, 33:], picture[33:, :31], picture[33:, 33:] = RED, GREEN, BLUE, WHITE
    return picture, sketch


def test_ciede2000_gives_the_published_differences() -> None:
    data = np.array(SHARMA)
    assert len(data) == 34
    np.testing.assert_allclose(metrics.ciede2000(data[:, :3], data[:, 3:6]), data[:, 6], atol=1e-4)
    np.testing.assert_allclose(metrics.ciede2000(data[:, 3:6], data[:, :3]), data[:, 6], atol=1e-4)


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
    ],
)
def test_lab_of_known_colors(rgb: tuple[int, ...], lab: tuple[float, ...]) -> None:
    picture = np.full((2, 2, 3), rgb, np.uint8)
    np.testing.assert_allclose(metrics.to_lab(picture)[1, 1], lab, atol=0.02)


def test_the_truth_itself_is_without_error() -> None:
    picture, sketch = four_regions()
    figures = metrics.measure(picture, metrics.Target.of(picture, sketch))
    assert figures.color_error == 0
    assert (figures.regions_right, figures.regions) == (3, 3)  # the white quarter is not counted
    assert figures.psnr == metrics.IDENTICAL_PSNR
    assert figures.ssim == pytest.approx(1)


def test_region_accuracy_counts_each_region_once() -> None:
    picture, sketch = four_regions()
    target = metrics.Target.of(picture, sketch)
    output = picture.copy()
    output[:31, 33:] = RED  # green painted red: wrong
    output[33:, 33:] = RED  # white painted red: still not counted
    assert metrics.region_accuracy(metrics.to_lab(output), target) == (2, 3)


def test_blotchiness_is_what_varies_within_regions() -> None:
    picture, sketch = four_regions()
    target = metrics.Target.of(picture, sketch)
    truth = metrics.to_lab(picture)
    assert metrics.blotchiness(truth, target) == 0
    shifted = truth + np.array([5.0, -3.0, 2.0])  # wrong by one colour everywhere
    assert metrics.blotchiness(shifted, target) == pytest.approx(0, abs=1e-9)
    blotched = truth.copy()
    blotched[::2, :, 0] += 6  # rows in turn 0 and 6 off: 3 from their mean, as nearly as rows are even
    assert metrics.blotchiness(blotched, target) == pytest.approx(3, rel=0.01)
    white = np.full_like(picture, 255)
    assert metrics.blotchiness(truth, metrics.Target.of(white, sketch)) is None


def test_region_accuracy_uses_the_regions_mean() -> None:
    picture, sketch = four_regions()
    target = metrics.Target.of(picture, sketch)
    noisy = picture.astype(int)
    noisy[::2] += 12
    noisy[1::2] -= 12
    output = noisy.clip(0, 255).astype(np.uint8)
    assert metrics.region_accuracy(metrics.to_lab(output), target) == (3, 3)


def test_small_regions_are_left_out() -> None:
    sketch = np.zeros((32, 32), np.uint8)
    sketch[2:10, 2:10] = 255  # 64 pixels
    sketch[20:29, 20:27] = 255  # 63 pixels
    picture = np.full((32, 32, 3), BLUE, np.uint8)
    target = metrics.Target.of(picture, sketch)
    assert metrics.region_accuracy(metrics.to_lab(picture), target) == (1, 1)


def test_regions_that_touch_only_at_a_corner_are_two() -> None:
    sketch = np.zeros((32, 32), np.uint8)
    sketch[:16, :16] = sketch[16:, 16:] = 255
    picture = np.full((32, 32, 3), BLUE, np.uint8)
    target = metrics.Target.of(picture, sketch)
    assert metrics.region_accuracy(metrics.to_lab(picture), target) == (2, 2)


def test_color_error_is_the_mean_over_paint_off_the_lines() -> None:
    picture, sketch = four_regions()
    target = metrics.Target.of(picture, sketch)
    output = picture.copy()
    output[:31, :31] = GREEN  # one of three painted quarters is wrong
    output[31:33] = (255, 0, 255)  # on the lines: not looked at
    lab = metrics.to_lab(np.array([[RED, GREEN]], np.uint8))
    wrong = float(metrics.ciede2000(lab[0, :1], lab[0, 1:])[0])
    assert metrics.color_error(metrics.to_lab(output), target) == pytest.approx(wrong / 3)


def test_color_error_counts_paint_on_white() -> None:
    picture, sketch = four_regions()
    target = metrics.Target.of(picture, sketch)
    output = picture.copy()
    output[33:, 33:] = BLUE
    lab = metrics.to_lab(np.array([[WHITE, BLUE]], np.uint8))
    wrong = float(metrics.ciede2000(lab[0, :1], lab[0, 1:])[0])
    assert metrics.color_error(metrics.to_lab(output), target) == pytest.approx(wrong / 4)


def test_an_empty_page_left_empty_is_right() -> None:
    page = np.full((64, 64, 3), 255, np.uint8)
    target = metrics.Target.of(page, np.full((64, 64), 255, np.uint8))
    assert metrics.color_error(metrics.to_lab(page), target) == 0
    assert metrics.region_accuracy(metrics.to_lab(page), target) == (0, 0)


def test_a_sketch_without_paper_has_nothing_to_measure() -> None:
    picture = np.full((64, 64, 3), 90, np.uint8)
    figures = metrics.measure(picture, metrics.Target.of(picture, np.zeros((64, 64), np.uint8)))
    assert (figures.color_error, figures.regions) == (0, 0)


def test_psnr_by_hand() -> None:
    black, grey = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 51, np.uint8)
    assert metrics.psnr(grey, black) == pytest.approx(20 * np.log10(5))


def test_a_sketch_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="sketch"):
        metrics.Target.of(np.zeros((8, 8, 3), np.uint8), np.zeros((8, 9), np.uint8))
