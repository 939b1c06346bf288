import json
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.painted import BAR, BOX, DISC, PAPER, painting

from rltn_cli.errors import OutputError, PaintingError, RltnError, UsageError
from rltn_cli.painting.finish import FinishOptions
from rltn_cli.painting.fixes import Fix
from rltn_cli.painting.saved import open_painting, save_painting
from rltn_cli.touch_up.desk import Desk

JOURNAL = "out.rltn.journal"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_painting(tmp_path / "out.rltn", painting(), FinishOptions("flat"))
    return tmp_path / "out.rltn"


def region_at(desk: Desk, point: tuple[int, int]) -> int:
    return int(desk.labels[point[1], point[0]])


def colors_of(desk: Desk) -> list[str]:
    return [desk.colors[region_at(desk, point)] for point in (PAPER, BOX, DISC, BAR)]


def kill(desk: Desk) -> None:
    """Let go of the journal's file and nothing else, as the system does when a process is killed."""
    desk._journal._file.close()


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
    assert colors_of(desk) == first and desk.history.undone == 2
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
    assert colors_of(again)[1] == "#00c800" and again.finish == "cel" and again.history.done == 0
    again.close()


def test_alike_fixes_that_were_saved_are_taken_up_region_by_region(path: Path) -> None:
    options = FinishOptions("auto", fixes=(Fix(*PAPER, (9, 9, 9)),), fix_alike=True)
    save_painting(path, painting(), options, overwrite=True)
    desk = Desk(path)
    assert desk.history.fixed and colors_of(desk)[0] == "#090909" and not desk.is_unsaved
    desk.close()


@pytest.mark.parametrize("seed", range(2))
def test_two_hundred_random_clicks_and_kills_lose_nothing(path: Path, seed: int) -> None:
    chance, desk = random.Random(seed), Desk(path)
    points = (PAPER, BOX, DISC, BAR)
    for number in range(200):
        act = chance.choice(["fix"] * 6 + ["undo", "undo", "redo", "finish", "save", "none"])
        if act == "fix":
            color = chance.choice([None, *(f"#{chance.randrange(1 << 24):06x}" for _ in range(3))])
            desk.fix(region_at(desk, chance.choice(points)), color, chance.random() < 0.2)
        elif act == "finish":
            desk.set_finish(chance.choice(["flat", "cel", "paint"]))
        elif act != "none":
            getattr(desk, act)()
        if number % 20 == 19:
            before = colors_of(desk), desk.finish, desk.history.done, desk.history.undone, desk.is_unsaved
            kill(desk)
            if chance.random() < 0.5:  # in the middle of a line
                with path.with_name(JOURNAL).open("ab") as file:
                    file.write(b'{"regions": [1], "col')
            desk = Desk(path)
            after = colors_of(desk), desk.finish, desk.history.done, desk.history.undone, desk.is_unsaved
            assert after == before
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
    assert "those steps are in" in again.notices[0] and again.finish == "cel" and not again.history.done
    assert b"#00c800" in path.with_name("out.rltn.journal.old").read_bytes()
    again.close()


@pytest.mark.parametrize(
    "line", [b"words\n", b"[]\n", b'{"regions": [99], "color": null}\n', b'{"finish": 1}\n']
)
def test_a_journal_that_makes_no_sense_is_set_aside(path: Path, line: bytes) -> None:
    desk = Desk(path)
    desk.fix(region_at(desk, BOX), "#00c800")
    kill(desk)
    with path.with_name(JOURNAL).open("ab") as file:
        file.write(line)
    again = Desk(path)
    assert "those steps are in" in again.notices[0] and not again.history.done
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
    from io import BytesIO

    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(desk.picture()))), exported)
    desk.close()


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
