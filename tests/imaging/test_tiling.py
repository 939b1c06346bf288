import cv2
import numpy as np
import pytest

from rltn_cli.imaging.tiling import draw_tiled, plan_tiles

SIZES = [(1, 1), (64, 64), (3, 2000), (400, 10_000), (2000, 3), (700, 500), (999, 1001)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("multiple", [1, 16])
def test_tiles_cover_the_picture_once_and_see_their_margin(size, multiple):
    covered = np.zeros(size, int)
    for tile in plan_tiles(size, limit=40_000, margin=20, multiple=multiple):
        covered[slice(*tile.rows), slice(*tile.columns)] += 1
        for span, seen, length in (
            (tile.rows, tile.seen_rows, size[0]),
            (tile.columns, tile.seen_columns, size[1]),
        ):
            assert seen[0] % multiple == 0
            assert seen[0] <= max(0, span[0] - 20) and seen[1] >= min(length, span[1] + 20)
    assert (covered == 1).all()


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_tiles_stay_within_the_limit_and_are_not_many(size):
    tiles = list(plan_tiles(size, limit=40_000, margin=20, multiple=4))
    for tile in tiles:
        seen = [span[1] - span[0] for span in (tile.seen_rows, tile.seen_columns)]
        assert seen[0] * seen[1] <= 40_000
    assert len(tiles) <= 1 + 3 * size[0] * size[1] / 40_000


def test_a_margin_wider_than_the_limit_still_covers():
    covered = np.zeros((100, 100), int)
    for tile in plan_tiles((100, 100), limit=64, margin=30, multiple=16):
        covered[slice(*tile.rows), slice(*tile.columns)] += 1
    assert (covered == 1).all()


def test_a_local_filter_in_tiles_equals_the_whole():
    color = np.random.default_rng(0).integers(0, 256, (150, 211, 3), np.uint8)

    def draw(part):
        return np.ascontiguousarray(cv2.blur(part, (9, 9))[..., 1])

    tiled = draw_tiled(color, draw, limit=60 * 60, margin=4)
    assert abs(tiled.astype(int) - draw(color)).max() <= 1
    seams = draw_tiled(color, draw, limit=60 * 60, margin=0)
    assert abs(seams.astype(int) - draw(color)).max() > 1
