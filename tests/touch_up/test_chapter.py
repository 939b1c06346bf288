from pathlib import Path

import pytest
from support.painted import BAR, BOX, DISC, PAPER, painting

from rltn_cli.errors import PaintingError, UsageError
from rltn_cli.painting.finish import FinishOptions
from rltn_cli.painting.saved import open_painting, save_painting
from rltn_cli.touch_up.chapter import Chapter, chapter_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve pages, some of them in a folder below."""
    for number in range(1, 13):
        path = tmp_path / ("one" if number < 4 else "two") / f"page{number}.rltn"
        path.parent.mkdir(exist_ok=True)
        save_painting(path, painting(), FinishOptions("flat"))
    return tmp_path


def give(chapter: Chapter, number: int, point: tuple[int, int], color: str) -> None:
    desk = chapter.desk(number)
    desk.fix(desk.survey.region_at(point), color)


def journals(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.journal"))


def test_pages_come_as_people_number_them(folder: Path) -> None:
    chapter = chapter_of(folder)
    assert chapter.names[:4] == [f"one/page{number}.rltn" for number in (1, 2, 3)] + ["two/page4.rltn"]
    assert [Path(name).stem for name in chapter.names[-3:]] == ["page10", "page11", "page12"]
    assert chapter_of(folder / "one" / "page1.rltn").names == ["page1.rltn"]


def test_a_folder_without_paintings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no saved painting"):
        chapter_of(tmp_path)


def test_few_pages_are_open_and_none_loses_a_step(folder: Path) -> None:
    chapter = chapter_of(folder)
    for number in range(1, 7):
        give(chapter, number, BOX, f"#0000{number:02x}")
    assert chapter.desk(6).colors[chapter.desk(6).survey.region_at(BOX)] == "#000006"
    assert len(chapter.unsaved) == 6 and chapter.facts()["pages"][0] == {
        "name": "one/page1.rltn",
        "unsaved": True,
    }
    first = chapter.desk(1)  # was closed meanwhile
    assert first.colors[first.survey.region_at(BOX)] == "#000001" and first.steps == (1, 0)
    first.save()
    assert chapter.unsaved[0] == "one/page2.rltn"
    chapter.close()
    assert journals(folder) == [f"page{number}.rltn.journal" for number in range(2, 7)]
    assert [fix.color for fix in open_painting(folder / "one" / "page1.rltn")[1].fixes] == [(0, 0, 1)]


def test_there_are_no_other_pages(folder: Path) -> None:
    chapter = chapter_of(folder)
    for number in (0, 13, -1):
        with pytest.raises(UsageError, match="there is no page"):
            chapter.desk(number)


def test_a_page_that_is_damaged_is_the_only_one(folder: Path) -> None:
    (folder / "one" / "page2.rltn").write_bytes(b"words")
    chapter = chapter_of(folder)
    with pytest.raises(PaintingError, match="not a painting"):
        chapter.desk(2)
    give(chapter, 3, BOX, "#00c800")
    assert [offer.page for offer in chapter.offers(1)[1]] == [3]
    chapter.close()


def test_fixes_are_offered_to_pages_with_the_same_references(folder: Path) -> None:
    chapter = chapter_of(folder)
    assert chapter.offers(1)[1] == []
    give(chapter, 1, BOX, "#00c800")
    give(chapter, 1, DISC, "#123456")
    version, offers = chapter.offers(2)
    desk = chapter.desk(2)
    assert version == desk.map_version
    assert [(offer.page, offer.before, offer.color, offer.regions) for offer in offers] == [
        (1, "#dc1e28", "#00c800", (desk.survey.region_at(BOX),)),
        (1, "#143cc8", "#123456", (desk.survey.region_at(DISC),)),
    ]
    desk.give(list(offers[0].regions), offers[0].color)
    assert [offer.color for offer in chapter.offers(2)[1]] == ["#123456"]  # what was taken is offered no more
    give(chapter, 2, DISC, "#ffffff")
    assert chapter.offers(2)[1] == []
    chapter.close()


def test_pages_that_are_closed_teach_what_they_hold(folder: Path) -> None:
    chapter = chapter_of(folder)
    give(chapter, 1, BAR, "#00c800")
    chapter.desk(1).save()
    chapter.close()
    again = chapter_of(folder)
    assert [offer.color for offer in again.offers(5)[1]] == ["#00c800"]
    give(again, 2, PAPER, "#0a0b0c")  # not saved
    for number in (3, 4, 6):
        again.desk(number)
    assert {offer.color for offer in again.offers(5)[1]} == {"#00c800", "#0a0b0c"}
    again.close()


def test_other_references_teach_nothing(folder: Path) -> None:
    other = painting()
    other.references[0][0, 0] = (1, 2, 3)
    save_painting(folder / "one" / "page1.rltn", other, FinishOptions("flat"), overwrite=True)
    chapter = chapter_of(folder)
    give(chapter, 1, BOX, "#00c800")
    assert chapter.offers(2)[1] == []
    chapter.close()
