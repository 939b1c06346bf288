import numpy as np
import pytest
from support.painted import painting

from rltn_cli.painting.finish import FinishOptions, finish_painting
from rltn_cli.painting.match_sheet import draw_sheet
from rltn_cli.painting.region_facts import region_facts


@pytest.mark.parametrize("made", [{}, {"alpha": True, "depth": np.uint16}, {"figure": (30, 170, 30, 230)}])
def test_the_sheet_shows_the_picture_the_reference_and_the_confidence(made):
    painted = painting(**made)
    done = finish_painting(painted, FinishOptions("flat"))
    sheet = draw_sheet(painted, done, region_facts(painted, done.decision))
    wide = round(240 * 900 / 192)
    assert sheet.shape == (900 + 30 + 44, wide + 900 + wide + 4 * 16, 3)
    left, middle = sheet[30:930, 16 : 16 + wide], sheet[30:930, 32 + wide : 932 + wide]
    right = sheet[30:930, 48 + wide + 900 : 48 + 2 * wide + 900]
    scale = 900 / 192
    assert middle[100, 350].tolist() == [220, 30, 40]
    assert np.ptp(right[450, wide // 2].astype(int)) > 40  # a colour, not grey
    if "figure" in made:
        assert right[5, 5].tolist() == [200, 200, 200]
    else:
        assert left[round(60 * scale), round(50 * scale)].tolist() == [220, 30, 40]  # the box


def test_regions_with_room_have_their_numbers():
    painted = painting()
    done = finish_painting(painted, FinishOptions("flat"))
    facts = region_facts(painted, done.decision)
    bare, numbered = draw_sheet(painted, done, []), draw_sheet(painted, done, facts)
    changed = (bare != numbered).any(axis=2)
    for region in facts:
        x, y = 16 + round(region.x * 900 / 192), 30 + round(region.y * 900 / 192)
        assert changed[y - 8 : y + 8, x - 8 : x + 8].any()
        assert changed[30 + round((region.source.y - 0.7) * 900 / 64) :].any()
