import json

import pytest

from rltn_cli.errors import UsageError
from rltn_cli.painting.finish import FinishOptions
from rltn_cli.painting.fixes import Fix
from rltn_cli.touch_up.work import Work, work_from_json

SIZE = (192, 240)
EMPTY = Work("flat", None, (), ())


def test_changes_lead_from_state_to_state_and_leave_the_first_as_it_was() -> None:
    work = EMPTY.after({"instead": [], "fix": [[5, 6], [7, 8]], "color": "#010203"}, SIZE)
    assert work.fixes == (Fix(5, 6, (1, 2, 3)), Fix(7, 8, (1, 2, 3)))
    work = work.after({"instead": [[5, 6]], "fix": [[9, 9]], "color": "#ffffff"}, SIZE)
    assert work.fixes == (Fix(7, 8, (1, 2, 3)), Fix(9, 9, (255, 255, 255)))
    work = work.after({"instead": [[7, 8]], "fix": [[7, 8]], "color": None}, SIZE)
    assert work.fixes == (Fix(9, 9, (255, 255, 255)),) and EMPTY.fixes == ()
    work = work.after({"edit": "split 1,1 9,9"}, SIZE).after({"finish": "cel"}, SIZE)
    work = work.after({"palette": ["#FFFFFF", "#000001", "#ffffff"]}, SIZE)
    assert (work.finish, work.palette, len(work.edits)) == ("cel", ("#ffffff", "#000001"), 1)
    assert work_from_json(json.loads(json.dumps(work.to_json())), SIZE) == work


def test_options_keep_what_the_page_does_not_offer() -> None:
    saved = FinishOptions("auto", "none", 3.5, fix_alike=True, transparent_paper=True)
    options = EMPTY.after({"finish": "cel"}, SIZE).options(saved)
    assert (options.finish, options.fix_alike) == ("cel", False)
    assert (options.lines, options.gap, options.transparent_paper) == ("none", 3.5, True)


def test_the_order_of_fixes_makes_no_other_picture() -> None:
    one, two = Fix(5, 6, (1, 2, 3)), Fix(7, 8, (1, 2, 3))
    assert Work("flat", None, (), (one, two)).essence == Work("flat", None, (), (two, one)).essence


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"colour": "#000000"},
        {"finish": "raw"},
        {"palette": "#000000"},
        {"edit": "split 1,1"},
        {"edit": "split 1,1 240,1"},
        {"fix": [[240, 1]], "instead": [], "color": "#000000"},
        {"fix": [[1, True]], "instead": [], "color": "#000000"},
        {"fix": [[1, 1]], "instead": [], "color": "black"},
        {"fix": [[1, 1]], "instead": [[-1, 0]], "color": "#000000"},
    ],
    ids=str,
)
def test_changes_that_make_no_sense_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        EMPTY.after(change, SIZE)
