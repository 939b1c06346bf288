import cv2
import numpy as np
import pytest

from rltn_cli.imaging.regions.clearance import Clearance


@pytest.mark.parametrize("mask", [cv2.DIST_MASK_PRECISE, cv2.DIST_MASK_3])
@pytest.mark.parametrize("radius", [0.5, 1, 1.5, 2.9, 6.144, 13.9, 20])
def test_balls_find_what_distances_find(mask, radius):
    rng = np.random.default_rng(0)
    free = (rng.random((90, 130)) > 0.002).astype(np.uint8)
    free[30:33] = 0
    distance = Clearance(free, mask).distance()
    assert (Clearance(free, mask).beyond(radius) == (distance > radius)).all()
    at_least = Clearance(free, mask).where(lambda distance: distance >= radius, radius)
    assert (at_least == (distance >= radius)).all()


def test_what_is_not_on_the_picture_is_free():
    assert Clearance(np.ones((5, 6), np.uint8)).beyond(3).all()
