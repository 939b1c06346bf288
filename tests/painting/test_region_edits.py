import numpy as np
import pytest
from support.painted import BAR, BOX, DISC, PAPER, painting

from rltn_cli.errors import UsageError
from rltn_cli.painting.finish import FinishOptions, finish_painting
from rltn_cli.painting.fixes import Fix
from rltn_cli.painting.region_edits import MOST_EDITS, RegionEdit, check_edits, parse_edit

ACROSS = RegionEdit("split", ((50, 30), (50, 170)))
"""Through the box, beside the disc."""
JOIN = RegionEdit("merge", (BOX, DISC))


def pixel(finished, point):
    return tuple(finished.image[point[1], point[0]].tolist())


def test_an_edit_is_read_as_it_is_written():
    for edit in (ACROSS, JOIN):
        assert parse_edit(str(edit)) == edit
    assert str(ACROSS) == "split 50,30 50,170"


@pytest.mark.parametrize(
    "text", ["", "split", "cut 1,2 3,4", "split 1,2 3", "merge -1,2 3,4", "split 1,2 3,4 "]
)
def test_what_is_written_otherwise_is_refused(text):
    with pytest.raises(UsageError, match="not written like"):
        parse_edit(text)


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ([RegionEdit("split", ((5, 5),))], "from 2 to 64 points, not 1"),
        ([RegionEdit("split", ((5, 5),) * 65)], "from 2 to 64 points, not 65"),
        ([RegionEdit("merge", ((5, 5), (240, 5)))], "leaves the drawing, which is 240x192"),
        ([RegionEdit("merge", ((5, 5), (5, 192)))], "leaves the drawing"),
        ([RegionEdit("cut", ((5, 5), (6, 6)))], "edited by merge and split, not 'cut'"),
        ([JOIN] * (MOST_EDITS + 1), "at most 1,000 merges and splits"),
    ],
)
def test_edits_that_make_no_sense_are_refused(edits, message):
    with pytest.raises(UsageError, match=message):
        check_edits(edits, (192, 240))


def test_a_half_of_a_region_takes_a_colour_of_its_own():
    fixes = (Fix(45, 100, (0, 200, 0)), Fix(150, 100, (9, 9, 9)))
    finished = finish_painting(painting(), FinishOptions("flat", edits=(ACROSS,), fixes=fixes))
    assert pixel(finished, (45, 100)) == (0, 200, 0) and pixel(finished, (150, 100)) == (9, 9, 9)
    assert pixel(finished, DISC) == (20, 60, 200)
    whole = finish_painting(painting(), FinishOptions("flat", fixes=fixes))
    assert pixel(whole, (45, 100)) == (9, 9, 9)


def test_merged_regions_take_one_colour():
    fixed = FinishOptions("flat", edits=(JOIN,), fixes=(Fix(*DISC, (0, 200, 0)),))
    finished = finish_painting(painting(), fixed)
    assert pixel(finished, BOX) == pixel(finished, DISC) == (0, 200, 0)
    assert pixel(finished, PAPER) == (255, 255, 255) and pixel(finished, BAR) == (250, 200, 40)
    one = finish_painting(painting(), FinishOptions("flat", edits=(JOIN,)))
    assert pixel(one, BOX) == pixel(one, DISC) == (220, 30, 40)  # the larger one's


def test_a_merge_can_be_split_again_and_order_counts():
    made = painting()
    before = made.regions().labels.max()
    assert made.regions(edits=(JOIN,)).labels.max() == before - 1
    assert made.regions(edits=(JOIN, ACROSS)).labels.max() == before
    assert made.regions(edits=(ACROSS, JOIN)).labels.max() == before
    np.testing.assert_array_equal(
        made.regions(edits=(JOIN, ACROSS)).labels, painting().regions(edits=(JOIN, ACROSS)).labels
    )


def test_edits_without_effect_are_said():
    nothing = RegionEdit("split", ((5, 5), (9, 9)))
    finished = finish_painting(painting(), FinishOptions("flat", edits=(JOIN, nothing)))
    assert "1 of 2 merges and splits change nothing with this gap" in finished.notices
