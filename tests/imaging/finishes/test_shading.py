import cv2
import numpy as np
from support.finishing import finish_picture

from rltn_cli.imaging.colors.evidence import Clues
from rltn_cli.imaging.colors.palette import Palette

PALETTE = Palette(np.array([(255, 255, 255), (180, 60, 60), (40, 80, 190)], np.uint8))


def cel(colors):
    """Paint two rooms, left and right, at 512 pixels."""
    page = np.full((512, 512), 255, np.uint8)
    cv2.line(page, (256, 0), (256, 511), 0, 3)
    ink = np.repeat(page[..., None], 3, axis=2)
    return finish_picture(Clues(colors, colors, PALETTE), ink, page, finish="cel").astype(int)


def rooms():
    colors = np.empty((128, 128, 3), np.float32)
    colors[:, :64], colors[:, 64:] = PALETTE.colors[1] / 255, PALETTE.colors[2] / 255
    return colors


def test_soft_light_is_kept_within_limits():
    colors = rooms()
    colors[:, :64] *= np.linspace(0.8, 1.2, 128)[:, None, None]
    painted = cel(colors)
    column = painted[40:-40, 128, 0]
    assert column[-1] - column[0] > 20 and (np.diff(column) >= 0).all()
    assert np.abs(painted[:, :250].mean(axis=(0, 1)) - PALETTE.colors[1]).max() < 6
    assert np.abs(painted[60:-60, 320:480] - PALETTE.colors[2]).max() <= 3


def test_a_blotch_of_another_colour_is_no_shading():
    colors = rooms()
    colors[20:50, 10:40] = PALETTE.colors[2] / 255
    assert np.abs(cel(colors)[30:-30, 30:220] - PALETTE.colors[1]).max() <= 12


def test_a_region_whose_picture_disagrees_stays_flat():
    colors = rooms()
    colors[:, :64] = np.random.default_rng(0).random((128, 64, 3), np.float32)
    painted = cel(colors)[30:-30, 30:220]
    assert np.ptp(painted, axis=(0, 1)).max() <= 20


def test_white_regions_have_shading_only_where_the_picture_is_tinted():
    colors = rooms()
    colors[:, 64:] = np.linspace(0.99, 0.97, 128)[:, None, None]
    assert (cel(colors)[30:-30, 290:480] == 255).all()
    colors[:, 64:] = np.linspace(1, 0.7, 128)[:, None, None]
    assert np.ptp(cel(colors)[30:-30, 290:480]) > 10
