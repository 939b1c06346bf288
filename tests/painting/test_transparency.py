import cv2
import numpy as np
import pytest
from support.compositing import laid_over, levels_apart
from support.painted import BAR, BOX, DISC, PAPER, painting

from rltn_cli.painting.finish import FinishOptions, finish_painting
from rltn_cli.painting.fixes import Fix
from rltn_cli.painting.layers import layers_of
from rltn_cli.painting.transparency import ink_on_nothing

WHITE_DISC = (Fix(*DISC, (255, 255, 255)),)


def alpha_at(finished, *points):
    return [int(finished.image[y, x, 3]) for x, y in points]


@pytest.mark.parametrize("finish", ["flat", "cel", "paint"])
def test_white_around_the_figure_is_transparent_and_white_in_it_is_not(finish):
    done = finish_painting(painting(), FinishOptions(finish, fixes=WHITE_DISC, transparent_paper=True))
    assert alpha_at(done, PAPER, BOX, DISC, BAR) == [0, 255, 255, 255]


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_on_white_it_is_the_opaque_picture_and_lines_are_whole(depth):
    made = painting(depth=depth)
    plain = finish_painting(made, FinishOptions("flat")).image.astype(float)
    done = finish_painting(made, FinishOptions("flat", transparent_paper=True)).image.astype(float)
    top = np.iinfo(depth).max
    share = done[..., 3:] / top
    np.testing.assert_allclose(done[..., :3] * share + top * (1 - share), plain, atol=1)
    assert (done[made.ink.max(axis=2) == 0, 3] == top).all()


def test_a_coloured_background_stays_and_is_said():
    fixed = (Fix(*PAPER, (20, 60, 200)),)
    done = finish_painting(painting(), FinishOptions("flat", fixes=fixed, transparent_paper=True))
    assert done.image.shape[2] == 3 and "no white region lies at the picture's edge" in done.notices[0]


def test_the_drawings_own_alpha_counts_too():
    made = painting(alpha=True)
    done = finish_painting(made, FinishOptions("flat", transparent_paper=True))
    assert (done.image[..., 3] <= made.alpha).all() and alpha_at(done, PAPER, BOX) == [0, 255]


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("lines", ["keep", "network", "none"])
@pytest.mark.parametrize("finish", ["flat", "cel", "paint", "raw"])
def test_layers_are_transparent_there_too(finish, lines, alpha, depth):
    made = painting(alpha=alpha, depth=depth)
    soft = cv2.GaussianBlur(made.ink, (0, 0), 1.0)
    made.ink[...] = soft
    done = finish_painting(made, FinishOptions(finish, lines, transparent_paper=True))
    layers = [(layer.blend, layer.visible, layer.render()) for layer in layers_of(done)]
    laid = laid_over(layers)
    top = np.iinfo(depth).max
    wanted = done.image.astype(float)
    # where next to nothing shows, its colour hardly counts: compare what shows
    apart = np.abs(laid[..., :3] * laid[..., 3:] - wanted[..., :3] * wanted[..., 3:] / top**2) * top
    assert apart.max() < 1.5 and np.abs(laid[..., 3] * top - wanted[..., 3]).max() <= 1
    assert levels_apart(laid[~done.paper][None], done.image[~done.paper][None]) <= 1


def test_ink_on_nothing_over_white_is_the_ink():
    rng = np.random.default_rng(0)
    ink = rng.integers(0, 256, (50, 40, 3)).astype(np.uint8)
    done = ink_on_nothing(ink).astype(float)
    share = done[..., 3:] / 255
    np.testing.assert_allclose(done[..., :3] * share + 255 * (1 - share), ink, atol=0.51)
