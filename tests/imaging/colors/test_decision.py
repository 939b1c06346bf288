import numpy as np

from rltn_cli.imaging.colors.decision import decide
from rltn_cli.imaging.colors.evidence import Evidence
from rltn_cli.imaging.colors.palette import Palette
from rltn_cli.imaging.regions.count import RegionCount
from rltn_cli.imaging.regions.graph import find_borders

PALETTE = Palette(np.array([(255, 255, 255), (220, 30, 40), (20, 60, 200)], np.uint8))
LABELS = np.repeat(np.arange(1, 4, dtype=np.int32), 20)[None].repeat(30, axis=0)


def evidence(votes, wall=True, contacts=None):
    """Three rooms in a row; a line stands between all of them, or only between the first two."""
    dark = np.zeros(LABELS.shape, np.float32)
    dark[:, 20] = 1
    if wall:
        dark[:, 40] = 1
    contacts = np.ones((3, 3), np.float32) / 9 if contacts is None else contacts
    votes = np.array([[0, 0, 0], *votes], np.float32)
    count = RegionCount(LABELS, dark)
    return Evidence(LABELS, PALETTE, votes, count.areas, find_borders(LABELS, dark), contacts, count)


def test_the_strongest_votes_win():
    decision = decide(evidence([(9, 1, 0), (1, 8, 2), (0, 1, 5)]))
    assert decision.chosen[1:].tolist() == [0, 1, 2]
    assert (decision.confidence[1:] > 0.5).all()
    np.testing.assert_allclose(decision.support.sum(axis=1), 1, atol=1e-5)
    assert decision.alternatives(2)[2].tolist() == [1, 2]


def test_across_an_opening_a_sure_region_persuades_an_unsure_one():
    votes = [(9, 0, 0), (0, 90, 1), (0, 4.9, 5)]
    assert decide(evidence(votes)).chosen[3] == 2
    assert decide(evidence(votes, wall=False)).chosen[3] == 1


def test_colours_that_touch_in_the_reference_go_together():
    contacts = np.array([[0.3, 0.2, 0], [0.2, 0.15, 0], [0, 0, 0.15]], np.float32)
    votes = [(9, 0, 0), (0, 5, 5.1), (9, 0, 0)]
    assert decide(evidence(votes)).chosen[2] == 2
    assert decide(evidence(votes, contacts=contacts)).chosen[2] == 1


def test_a_fixed_region_is_certain_and_persuades_others():
    votes = [(9, 0, 0), (0, 4.9, 5), (0, 4.9, 5)]
    red = (220, 30, 40)
    fixed = decide(evidence(votes, wall=False), {2: red})
    assert fixed.chosen.tolist()[1:] == [0, 1, 1] and fixed.confidence[2] == 1 and fixed.fixed == {2: red}


def test_a_given_colour_need_not_be_in_the_palette_and_counts_as_the_nearest():
    votes = [(9, 0, 0), (0, 4.9, 5), (0, 4.9, 5)]
    dark_red = (180, 20, 30)
    fixed = decide(evidence(votes, wall=False), {2: dark_red})
    assert fixed.chosen.tolist()[1:] == [0, 1, 1]
    assert fixed.colors[1:].tolist() == [[255, 255, 255], [180, 20, 30], [220, 30, 40]]


def test_a_region_without_votes_gets_a_colour_and_the_same_one_each_time():
    without = evidence([(0, 0, 0), (0, 0, 0), (0, 0, 0)])
    np.testing.assert_array_equal(decide(without).chosen, decide(without).chosen)
