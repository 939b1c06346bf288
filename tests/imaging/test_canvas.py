import itertools

import cv2
import numpy as np
import pytest

from rltn_cli.errors import PictureError
from rltn_cli.imaging.canvas import fit_reference, fit_sketch, plan_fit, shrink_lines, upsample_rows


@pytest.mark.parametrize("native", [(2048, 2048), (40, 40), (300, 1000), (1001, 333), (16, 900), (64, 64)])
@pytest.mark.parametrize("size", [64, 100, 256])
def test_sides_are_multiples_of_16_and_the_aspect_stays(native, size):
    canvas, fit = fit_sketch(np.full(native, 255, np.uint8), size)
    assert canvas.shape == fit.canvas
    assert all(side % 16 == 0 and side >= 64 for side in fit.canvas)
    assert min(fit.inner) == size
    assert fit.inner[0] / fit.inner[1] == pytest.approx(native[0] / native[1], rel=0.02)
    assert all(0 <= canvas - inner < 16 for canvas, inner in zip(fit.canvas, fit.inner, strict=True))


def test_the_record_undoes_the_fit():
    across = np.tile(np.linspace(0, 255, 1000), (333, 1)).astype(np.uint8)
    canvas, fit = fit_sketch(across, 100)
    back = cv2.resize(fit.crop(canvas), (1000, 333), interpolation=cv2.INTER_LINEAR)
    assert np.abs(back.astype(int) - across).max() <= 8
    assert fit.crop(canvas[::4, ::4], stride=4).shape == (25, 75)


def test_a_two_pixel_line_of_a_large_scan_stays_visible():
    for place in range(1000, 1009):
        scan = np.full((2048, 2048), 255, np.uint8)
        scan[:, place : place + 2] = 0
        canvas, _ = fit_sketch(scan, 256)
        assert (canvas.min(axis=1) <= 150).all()
        assert (canvas[0] < 250).sum() <= 2
        area = cv2.resize(scan, (256, 256), interpolation=cv2.INTER_AREA)
        assert canvas.min() < area.min() - 20


def test_shrinking_keeps_plain_areas_and_enlarging_works():
    for value in (0, 100, 255):
        assert (shrink_lines(np.full((512, 700), value, np.uint8), (64, 90)) == value).all()
    assert shrink_lines(np.zeros((40, 40), np.uint8), (256, 256)).shape == (256, 256)


def test_long_pictures_are_tiled():
    fit = plan_fit((400, 10_000), 256)
    tiles = fit.tiles()
    assert len(tiles) > 1
    covered = np.zeros(fit.canvas, int)
    for rows, columns in tiles:
        assert (rows.stop - rows.start, columns.stop - columns.start) == (256, 1024)
        assert columns.start % 16 == 0
        covered[rows, columns] += 1
    assert covered.min() == 1
    assert all(b[1].start <= a[1].stop - 128 + 16 for a, b in itertools.pairwise(tiles))
    assert len(plan_fit((1000, 300), 256).tiles()) == 1


@pytest.mark.parametrize("native", [(400, 10_000), (5000, 400)])
@pytest.mark.parametrize("stride", [1, 4])
def test_tiles_join_to_what_they_were_cut_from(native, stride):
    fit = plan_fit(native, 64)
    height, width = (side // stride for side in fit.canvas)
    whole = np.random.default_rng(0).random((height, width, 2)).astype(np.float32)
    parts = [
        whole[r.start // stride : r.stop // stride, c.start // stride : c.stop // stride]
        for r, c in fit.tiles()
    ]
    np.testing.assert_allclose(fit.join(parts, stride), whole, atol=1e-5)


def test_tiles_fade_into_each_other():
    fit = plan_fit((64, 640), 64)
    parts = [np.full((64, 256, 1), float(i), np.float32) for i in range(len(fit.tiles()))]
    joined = fit.join(parts)[0, :, 0]
    assert joined[0] == 0 and joined[-1] == len(parts) - 1
    assert np.abs(np.diff(joined)).max() < 0.1


def test_references_fit_too():
    canvas, fit = fit_reference(np.zeros((300, 500, 3), np.uint8), 256)
    assert canvas.shape == (256, 432, 3) and fit.native == (300, 500)
    canvas, _ = fit_reference(np.zeros((100, 2000, 3), np.uint8), 128)
    assert canvas.shape == (128, 512, 3)


@pytest.mark.parametrize("native", [(1, 1), (10, 10_000), (10_000, 10), (20, 2000)])
def test_too_small_or_too_narrow(native):
    with pytest.raises(PictureError, match=r"too small|too narrow"):
        plan_fit(native, 256)


@pytest.mark.parametrize("size", [(90, 130), (40, 60), (30, 65)])
def test_upsampled_rows_are_those_of_a_whole_resize(size):
    picture = np.random.default_rng(0).random((30, 60, 3)).astype(np.float32)
    whole = cv2.resize(picture, size[::-1], interpolation=cv2.INTER_LINEAR)
    parts = [upsample_rows(picture, slice(s, min(s + 7, size[0])), size) for s in range(0, size[0], 7)]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-5)
    np.testing.assert_allclose(
        upsample_rows(picture[..., 0], slice(0, size[0]), size), whole[..., 0], atol=1e-5
    )
