import contextlib
import json
import random
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.painted import BAR, BOX, DISC, PAPER, painting

from rltn_cli.errors import OutputError, PaintingError, RltnError, UsageError
from rltn_cli.painting.finish import FinishOptions, finish_painting
from rltn_cli.painting.fixes import Fix
from rltn_cli.painting.saved import encode_painting, open_painting, save_painting
from rltn_cli.touch_up.desk import Desk

JOURNAL = "out.rltn.journal"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_painting(tmp_path / "out.rltn", painting(), FinishOptions("flat"))
    return tmp_path / "out.rltn"


def region_at(desk: Desk, point: tuple[int, int]) -> int:
    return desk.survey.region_at(point)


def colors_of(desk: Desk) -> list[str]:
    return [desk.colors[region_at(desk, point)] for point in (PAPER, BOX, DISC, BAR)]


def kill(desk: Desk) -> None:
    """Let go of the journal's file and nothing else, as the system does when a process is killed."""
    desk._record._journal._file.close()


def test_regions_take_colours_and_give_them_back(path: Path) -> None:
    desk = Desk(path)
    first = colors_of(desk)
    desk.fix(region_at(desk, BOX), "#00C800")
    assert colors_of(desk)[1] == "#00c800"
    desk.fix(region_at(desk, BOX), None)
    assert colors_of(desk) == first
    desk.undo()
    assert colors_of(desk)[1] == "#00c800"
    desk.undo()
    desk.undo()  # there is nothing left: no step
    assert colors_of(desk) == first and desk.steps[1] == 2
    desk.redo()
    assert colors_of(desk)[1] == "#00c800"
    desk.close()


def test_all_alike_take_the_colour(path: Path) -> None:
    desk = Desk(path)
    for point in (BOX, BAR):
        desk.fix(region_at(desk, point), "#010203")
    desk.fix(region_at(desk, BOX), "#0a0b0c", True)
    assert colors_of(desk)[1] == colors_of(desk)[3] == "#0a0b0c"
    desk.undo()
    assert colors_of(desk)[1] == colors_of(desk)[3] == "#010203"
    desk.close()


def test_saving_writes_the_fixes_into_the_painting(path: Path) -> None:
    desk = Desk(path)
    desk.fix(region_at(desk, BOX), "#00c800")
    desk.set_finish("cel")
    assert desk.is_unsaved
    desk.save()
    assert not desk.is_unsaved
    _, options = open_painting(path)
    assert options.finish == "cel" and [fix.color for fix in options.fixes] == [(0, 200, 0)]
    desk.undo()  # also past the save
    assert desk.is_unsaved
    desk.redo()
    desk.close()
    assert not path.with_name(JOURNAL).exists()
    again = Desk(path)
    assert colors_of(again)[1] == "#00c800" and again.work.finish == "cel" and again.steps[0] == 0
    again.close()


def test_alike_fixes_that_were_saved_are_taken_up_region_by_region(path: Path) -> None:
    options = FinishOptions("auto", fixes=(Fix(*PAPER, (9, 9, 9)),), fix_alike=True)
    save_painting(path, painting(), options, overwrite=True)
    desk = Desk(path)
    assert desk.work.fixes and colors_of(desk)[0] == "#090909" and not desk.is_unsaved
    desk.close()


def act_at_random(desk: Desk, chance: random.Random) -> None:
    """Do what a user may do; what makes no sense is refused."""
    points = (PAPER, BOX, DISC, BAR)
    act = chance.choice(
        ["fix"] * 6 + ["merge", "split", "split", "undo", "undo", "redo", "finish", "palette", "save"]
    )
    if act == "fix":
        color = chance.choice([None, *(f"#{chance.randrange(1 << 24):06x}" for _ in range(3))])
        desk.fix(region_at(desk, chance.choice(points)), color, chance.random() < 0.2)
    elif act == "finish":
        desk.set_finish(chance.choice(["flat", "cel", "paint"]))
    elif act == "palette":
        desk.set_palette(chance.choice([None, ["#102030", "#ffffff"], ["#dc1e28", "#143cc8", "#fac828"]]))
    elif act in ("merge", "split"):
        stroke = [[chance.randrange(240), chance.randrange(192)] for _ in range(chance.randrange(2, 5))]
        with contextlib.suppress(UsageError):
            getattr(desk, act)(stroke)
    else:
        getattr(desk, act)()


@pytest.mark.parametrize("seed", range(2))
def test_two_hundred_random_steps_and_kills_lose_nothing(path: Path, seed: int) -> None:
    chance, desk = random.Random(seed), Desk(path)
    for number in range(200):
        act_at_random(desk, chance)
        if number % 20 == 19:
            before = desk.colors, desk.work, desk.steps, desk.is_unsaved
            labels = desk.survey.labels
            kill(desk)
            if chance.random() < 0.5:  # in the middle of a line
                with path.with_name(JOURNAL).open("ab") as file:
                    file.write(b'{"fix": [[5, 5]], "col')
            desk = Desk(path)
            assert (desk.colors, desk.work, desk.steps, desk.is_unsaved) == before
            np.testing.assert_array_equal(desk.survey.labels, labels)
    assert desk.work.edits
    desk.close()


@pytest.mark.parametrize("seed", range(2))
def test_what_was_saved_is_what_was_seen(path: Path, seed: int) -> None:
    chance, desk = random.Random(100 + seed), Desk(path)
    for _ in range(40):
        act_at_random(desk, chance)
    desk.save()
    seen = Image.open(BytesIO(desk.picture())).convert("RGB")
    desk.close()
    finished = finish_painting(*open_painting(path))
    np.testing.assert_array_equal(finished.image, np.asarray(seen))


def test_a_split_and_a_merge_are_steps_like_others(path: Path) -> None:
    desk = Desk(path)
    first, count = colors_of(desk), desk.survey.count
    part = desk.split([[50, 30], [50, 170]])  # the box, left of the disc
    assert desk.survey.count == count + 1 and desk.survey.region_at((45, 100)) == part
    desk.fix(part, "#00c800")
    assert desk.colors[region_at(desk, (45, 100))] == "#00c800" and colors_of(desk) == first
    joined = desk.merge([list(BAR), [230, 100]])  # into the paper
    assert desk.survey.count == count and region_at(desk, PAPER) == region_at(desk, BAR) == joined
    assert colors_of(desk)[0] == colors_of(desk)[3] == first[3]  # that of the region where it began
    assert desk.colors[region_at(desk, (45, 100))] == "#00c800"
    for _ in range(3):
        desk.undo()
    assert colors_of(desk) == first and desk.survey.count == count
    for _ in range(3):
        desk.redo()
    assert colors_of(desk)[0] == first[3] and desk.survey.count == count
    desk.save()
    desk.close()
    again = Desk(path)
    assert again.survey.count == count and len(again.work.edits) == 2
    again.close()


def test_another_palette_is_a_step_too(path: Path) -> None:
    desk = Desk(path)
    first = colors_of(desk)
    desk.set_palette(["#ffffff", "#c81e28"])
    assert set(colors_of(desk)) == {"#ffffff", "#c81e28"}
    desk.undo()
    assert colors_of(desk) == first
    desk.redo()
    desk.set_palette(None)
    assert colors_of(desk) == first and desk.steps == (2, 0)
    desk.close()


@pytest.mark.parametrize(
    ("act", "stroke", "message"),
    [
        ("split", [[5, 5], [9, 9]], "cuts nothing off"),
        ("merge", [[5, 5], [9, 9]], "stays in one region"),
        ("split", [[5, 5]], "from 2 to 64 points"),
        ("split", [[5, 5]] * 65, "from 2 to 64 points"),
        ("split", [[5, 5], [240, 9]], "leaves the drawing"),
        ("split", [[5, 5], [-1, 9]], "leaves the drawing"),
        ("merge", [[5, 5], [5.5, 9]], "a stroke is a list of points"),
        ("merge", [[5, 5], [True, 9]], "a stroke is a list of points"),
        ("merge", "5,5 6,6", "a stroke is a list of points"),
        ("merge", 5, "a stroke is a list of points"),
        ("merge", {"5": 5}, "a stroke is a list of points"),
    ],
    ids=str,
)
def test_strokes_that_make_no_sense_are_refused(path: Path, act: str, stroke: object, message: str) -> None:
    desk = Desk(path)
    with pytest.raises(UsageError, match=message):
        getattr(desk, act)(stroke)
    assert desk.steps == (0, 0) and len(path.with_name(JOURNAL).read_bytes().splitlines()) == 1
    desk.close()


def test_numbers_of_other_regions_are_refused(path: Path) -> None:
    desk = Desk(path)
    before = desk.map_version
    desk.split([[50, 30], [50, 170]])
    with pytest.raises(UsageError, match="the regions have changed"):
        desk.fix(1, "#000000", False, before)
    desk.fix(1, "#000000", False, desk.map_version)
    for regions in ([], [99], "1", [1, "2"]):
        with pytest.raises(UsageError, match=r"regions must be|there is no region"):
            desk.give(regions, "#000000")
    desk.close()


def test_a_kill_between_the_note_and_the_file_loses_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(path)
    desk.fix(region_at(desk, BOX), "#00c800")

    def fail(*arguments: object, **options: object) -> None:
        raise OutputError("full")

    monkeypatch.setattr("rltn_cli.touch_up.desk.write_file", fail)
    with pytest.raises(OutputError):
        desk.save()
    assert desk.is_unsaved
    kill(desk)
    again = Desk(path)
    assert colors_of(again)[1] == "#00c800" and again.is_unsaved
    again.close()


def test_a_second_process_only_reads(path: Path) -> None:
    desk = Desk(path)
    desk.fix(region_at(desk, BOX), "#00c800")
    second = Desk(path)
    assert second.reads_only and colors_of(second) == colors_of(desk)
    for act in (second.undo, second.redo, second.save, lambda: second.fix(1, "#000000")):
        with pytest.raises(OutputError, match="another process"):
            act()
    second.close()
    desk.fix(region_at(desk, BOX), "#000001")
    desk.close()
    assert path.with_name(JOURNAL).exists()


def test_steps_of_another_painting_are_set_aside(path: Path) -> None:
    desk = Desk(path)
    desk.fix(region_at(desk, BOX), "#00c800")
    kill(desk)
    save_painting(path, painting(), FinishOptions("cel"), overwrite=True)
    again = Desk(path)
    assert "those steps are in" in again.notices[0] and again.work.finish == "cel" and not again.steps[0]
    assert b"#00c800" in path.with_name("out.rltn.journal.old").read_bytes()
    again.close()


@pytest.mark.parametrize(
    "line",
    [
        b"words\n",
        b"[]\n",
        b'{"finish": 1}\n',
        b"{}\n",
        b'{"do": "dance"}\n',
        b'{"fix": [[500, 5]], "instead": [], "color": "#000000"}\n',
        b'{"edit": "split 1,1"}\n',
        b'{"palette": []}\n',
        b'{"fix": [[5, 5]]}\n',
    ],
)
def test_a_journal_that_makes_no_sense_is_set_aside(path: Path, line: bytes) -> None:
    desk = Desk(path)
    desk.fix(region_at(desk, BOX), "#00c800")
    kill(desk)
    with path.with_name(JOURNAL).open("ab") as file:
        file.write(line)
    again = Desk(path)
    assert "those steps are in" in again.notices[0] and not again.steps[0]
    again.close()


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(path: Path) -> None:
    desk = Desk(path)
    desk.fix(region_at(desk, BOX), "#00c800")
    save_painting(path, painting(), FinishOptions("cel"), overwrite=True)
    with pytest.raises(OutputError, match="another program has changed it"):
        desk.save()
    path.unlink()
    with pytest.raises(PaintingError, match="cannot be read any more"):
        desk.save()
    desk.close()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((0, "#000000"), "no region 0"),
        ((99, "#000000"), "no region 99"),
        ((-1, "#000000"), "no region -1"),
        ((True, "#000000"), "no region True"),
        (("1", "#000000"), "no region 1"),
        (([1], "#000000"), "no region"),
        ((1, "red"), "no colour such as"),
        ((1, "#00000g"), "no colour such as"),
        ((1, 5), "no colour such as"),
        ((1, "#000000", 1), "alike must be"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(path: Path, values: tuple[object, ...], message: str) -> None:
    desk = Desk(path)
    with pytest.raises(UsageError, match=message):
        desk.fix(*values)
    with pytest.raises(UsageError, match="the finish must be one of"):
        desk.set_finish("raw")
    assert len(path.with_name(JOURNAL).read_bytes().splitlines()) == 1
    desk.close()


def test_exports_have_exactly_these_colours(path: Path, tmp_path: Path) -> None:
    desk = Desk(path)
    desk.fix(region_at(desk, BOX), "#00c800")
    desk.fix(region_at(desk, DISC), "#123456")
    for kind in ("png", "ora", "psd"):
        (tmp_path / f"picture.{kind}").write_bytes(desk.export(kind))
    with Image.open(tmp_path / "picture.png") as picture:
        assert picture.getpixel(BOX) == (0, 200, 0) and picture.getpixel(DISC) == (0x12, 0x34, 0x56)
        exported = np.asarray(picture.convert("RGB"))
    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(desk.picture()))), exported)
    desk.close()


def test_a_fix_outside_of_the_drawing_is_said(path: Path) -> None:
    options = FinishOptions("flat", fixes=(Fix(500, 5, (0, 0, 0)),))
    path.write_bytes(encode_painting(painting(), options))
    with pytest.raises(UsageError, match="outside of the drawing"):
        Desk(path)
    assert not path.with_name(JOURNAL).exists()


def test_a_damaged_painting_leaves_no_journal(tmp_path: Path) -> None:
    (tmp_path / "out.rltn").write_bytes(b"words")
    with pytest.raises(RltnError):
        Desk(tmp_path / "out.rltn")
    assert [path.name for path in tmp_path.iterdir()] == ["out.rltn"]


def test_the_journal_begins_with_what_it_belongs_to(path: Path) -> None:
    desk = Desk(path)
    (header,) = map(json.loads, path.with_name(JOURNAL).read_text().splitlines())
    assert header["kind"] == "rltn touch-up" and len(header["sha256"]) == 64
    desk.close()
