import numpy as np
import pytest
from support.painted import BAR, BOX, COLORS, DISC, ON_A_LINE, PAPER, painting

from rltn_cli.errors import UsageError
from rltn_cli.imaging.colors.palette import Palette
from rltn_cli.imaging.finishes.flat_painting import RegionRows
from rltn_cli.painting.fixes import Fix


def decided(decision, *points):
    regions = RegionRows(decision.evidence.labels, (192, 240))
    return [tuple(decision.colors[regions.at(y, x)].tolist()) for x, y in points]


def test_regions_take_the_colours_that_the_network_saw():
    assert decided(painting().decide(), PAPER, BOX, DISC, BAR) == [tuple(color) for color in COLORS.tolist()]


def test_a_fix_colours_its_region_alone_and_the_later_one_counts():
    decision = painting().decide([Fix(*BOX, (0, 200, 0)), Fix(*DISC, 4), Fix(*BOX, 2)])
    assert decided(decision, BOX, DISC, BAR) == [(220, 30, 40), (250, 200, 40), (250, 200, 40)]


def test_alike_regions_take_the_fix_too_but_not_fixed_ones():
    plain = painting()
    green, red = (0, 200, 0), (220, 30, 40)
    plain.seen.attention[...] = 0
    plain.seen.colors[...] = COLORS[1] / 255  # everything looks red
    plain.seen.warped[...] = COLORS[1] / 255
    assert decided(plain.decide(), PAPER, BOX, DISC, BAR) == [red] * 4
    one = [Fix(*BOX, green)]
    assert decided(plain.decide(one), PAPER, BOX, DISC, BAR) == [red, green, red, red]
    assert decided(plain.decide(one, alike=True), PAPER, BOX, DISC, BAR) == [green] * 4
    two = [Fix(*BOX, green), Fix(*DISC, 1)]
    assert decided(plain.decide(two, alike=True), BOX, DISC) == [green, (255, 255, 255)]


def test_another_palette_leaves_no_other_colours():
    palette = Palette(np.array([(240, 240, 240), (18, 52, 86), (200, 30, 40)], np.uint8))
    assert decided(painting().decide(palette=palette), PAPER, BOX, DISC) == [
        (240, 240, 240), (200, 30, 40), (18, 52, 86),
    ]  # fmt: skip


def test_evidence_is_gathered_once_for_a_gap_and_a_palette(monkeypatch):
    plain = painting()
    assert plain.evidence() is plain.evidence() and plain.evidence(5) is not plain.evidence()
    assert plain.evidence(5).labels is plain.evidence(5, Palette(COLORS[:2])).labels


@pytest.mark.parametrize(
    ("fix", "message"),
    [(Fix(240, 0, 1), "outside"), (Fix(*ON_A_LINE, 1), "on a line"), (Fix(*BOX, 5), "@1 to @4")],
)
def test_fixes_that_make_no_sense_are_refused(fix, message):
    with pytest.raises(UsageError, match=message):
        painting().decide([fix])


def test_a_figure_is_continued_into_its_margins():
    framed = painting(figure=(30, 170, 30, 230))
    assert framed.clues.colors.shape[0] > framed.seen.colors.shape[0]
    assert framed.clues is framed.clues
    assert painting().clues.colors.shape == painting().seen.colors.shape
