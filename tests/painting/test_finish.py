import numpy as np
import pytest
from support.painted import BAR, BOX, COLORS, painting

from rltn_cli.errors import UsageError
from rltn_cli.painting.finish import FinishOptions, finish_painting
from rltn_cli.painting.fixes import Fix


def test_auto_says_what_it_takes():
    done = finish_painting(painting(), FinishOptions())
    assert done.options.finish == "cel" and "closed line art" in done.notices[0]
    same = finish_painting(painting(), FinishOptions("cel"))
    assert same.notices == ()
    np.testing.assert_array_equal(done.image, same.image)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("finish", ["flat", "cel", "paint", "raw"])
def test_without_lines_the_colours_go_on_under_them(finish, depth):
    made = painting(depth=depth)
    bare = finish_painting(made, FinishOptions(finish, "none")).image
    inked = finish_painting(made, FinishOptions(finish)).image
    line = made.ink.max(axis=2) == 0
    assert bare.dtype == depth and (inked[line] == 0).all()
    np.testing.assert_array_equal(bare[~line], inked[~line])
    if finish in ("flat", "paint"):
        assert (bare[line].max(axis=1) > np.iinfo(depth).max // 8).mean() > 0.9


def test_a_fixed_region_of_paint_is_flat_and_the_rest_is_paint():
    plain = finish_painting(painting(), FinishOptions("paint", "none"))
    fixed = finish_painting(painting(), FinishOptions("paint", "none", fixes=(Fix(*BOX, (0, 200, 0)),)))
    assert plain.decision is None and fixed.decision is not None
    assert fixed.image[BOX[1], BOX[0]].tolist() == [0, 200, 0]
    changed = (fixed.image != plain.image).any(axis=2)
    assert 0.15 < changed.mean() < 0.35 and not changed[BAR[1], BAR[0]]


def test_fixes_reach_under_shading():
    fixed = finish_painting(painting(), FinishOptions("cel", fixes=(Fix(*BAR, tuple(COLORS[2].tolist())),)))
    blue = fixed.image[BAR[1], BAR[0]].astype(int)
    assert np.abs(blue - COLORS[2]).max() < 40


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"finish": "oil"}, "finish must be one of"),
        ({"lines": "some"}, "lines must be one of"),
        ({"gap": -1}, "gap must be from 0"),
        ({"gap": 257}, "gap must be from 0"),
        ({"finish": "raw", "fixes": (Fix(1, 1, 1),)}, "without regions"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        finish_painting(painting(), FinishOptions(**options))
