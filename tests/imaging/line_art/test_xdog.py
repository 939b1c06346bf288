import numpy as np

from rltn_cli.imaging.line_art.xdog import xdog


def two_halves(left, right, size=64):
    picture = np.empty((size, size, 3), np.uint8)
    picture[:, : size // 2] = left
    picture[:, size // 2 :] = right
    return picture


def test_xdog_of_a_plain_picture_is_white():
    for value in (0, 40, 128, 255):
        assert (xdog(np.full((64, 64, 3), value, np.uint8)) == 255).all()


def test_xdog_draws_one_thin_line_at_an_edge_of_lightness_or_of_colour():
    for left, right in (((30, 30, 30), (90, 90, 90)), ((220, 60, 60), (60, 130, 60))):
        lines = xdog(two_halves(left, right))
        dark = (lines[32] < 128).nonzero()[0]
        assert 1 <= dark.size <= 4
        assert abs(dark - 31.5).max() <= 4
        assert (lines[:, :24] == 255).all() and (lines[:, 40:] == 255).all()


def test_a_dark_panel_keeps_its_lines_and_stays_white():
    panel = np.full((64, 64, 3), 40, np.uint8)
    panel[:, 30:32] = 10
    lines = xdog(panel)
    assert (lines[:, 30:32] < 100).all()
    assert (lines > 200).mean() > 0.85


def test_xdog_wider_and_stronger():
    picture = two_halves((90, 90, 90), (140, 140, 140))
    thin, broad = xdog(picture, sigma=0.5), xdog(picture, sigma=1.4)
    assert (broad < 200).sum() > (thin < 200).sum()
    assert xdog(picture, strength=3).mean() < xdog(picture, strength=0.3).mean()
    assert (xdog(picture, threshold=1.0) == 255).all()
