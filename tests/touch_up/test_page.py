"""The page in a real browser: a person hovers, clicks, undoes, saves, reloads and exports."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.browser import Page, browser, needs_chromium
from support.painted import BAR, BOX, DISC, PAPER, painting
from support.served import served

from rltn_cli.imaging.files.pictures import read_picture
from rltn_cli.painting.finish import FinishOptions
from rltn_cli.painting.saved import open_painting, save_painting

LEFT = (45, 100)
"""In the box, left of `BOX`."""
pytestmark = [pytest.mark.slow, needs_chromium]


def wait_for(there: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not there():
        assert time.monotonic() < end
        time.sleep(0.05)


def at(page: Page, point: tuple[int, int], *, click: bool = False) -> None:
    """Point at a pixel of the drawing."""
    corner, scale = page.run(
        "(box => [[box.left + view.x, box.top + view.y], view.scale])(stage.getBoundingClientRect())"
    )
    x, y = (start + (place + 0.5) * scale for start, place in zip(corner, point, strict=True))
    page.point(x, y, click=click)


def shown(page: Page, point: tuple[int, int]) -> list[int]:
    """Return the colour that the page shows at a pixel of the drawing."""
    return page.run(
        f"[...painting.getContext('2d').getImageData({point[0]}, {point[1]}, 1, 1).data].slice(0, 3)"
    )


def steps(page: Page, done: int) -> None:
    """Wait until so many steps are done and shown."""
    page.wait(
        f"state.done === {done} && shown === state.version && at('undo').disabled === {str(not done).lower()}"
    )


def ready(page: Page, address: str) -> None:
    page.visit(address)
    page.wait("document.body.dataset.ready === 'yes'")


def draw(page: Page, *points: tuple[int, int]) -> None:
    """Draw a stroke with the mouse through pixels of the drawing."""
    corner, scale = page.run(
        "(box => [[box.left + view.x, box.top + view.y], view.scale])(stage.getBoundingClientRect())"
    )
    places = [[start + (p + 0.5) * scale for start, p in zip(corner, point, strict=True)] for point in points]
    page.drag(places)


def test_a_person_puts_a_painting_right(tmp_path: Path) -> None:
    path = tmp_path / "out.rltn"
    save_painting(path, painting(), FinishOptions("flat"))
    with served(path) as address, browser(tmp_path) as page:
        ready(page, address)
        at(page, DISC)
        page.wait("at('about').textContent.includes('#143cc8')")
        votes = page.run("[...at('alternatives').children].map(one => one.ariaLabel).join()")
        assert votes.startswith("#143cc8, ") and votes.count("of the votes") == 4
        at(page, BOX, click=True)  # the next alternative
        steps(page, 1)
        second = shown(page, BOX)
        assert second != [220, 30, 40]
        page.press("4")  # a colour of the palette
        at(page, DISC, click=True)
        steps(page, 2)
        assert shown(page, DISC) == [250, 200, 40]
        page.run("choose('#00c8ff')")
        at(page, PAPER, click=True)
        steps(page, 3)
        page.click("#undo")
        steps(page, 2)
        assert shown(page, PAPER) == [255, 255, 255]
        page.click("#references canvas")  # a colour picked from the reference
        picked = page.run("at('color').value")
        at(page, BAR, click=True)
        steps(page, 3)
        page.press("s")
        draw(page, (50, 20), (52, 100), (50, 185))  # through the box, left of the disc
        page.wait("at('said').textContent.startsWith('Split.') && state.done === 4")
        assert page.run("regionAt([45, 100]) === selected && regionAt([45, 100]) !== regionAt([60, 100])")
        page.press("c")
        page.run("choose('#654321')")
        at(page, LEFT, click=True)
        steps(page, 5)
        assert shown(page, LEFT) == [0x65, 0x43, 0x21] and shown(page, BOX) == second
        page.click("#save")
        page.wait("!state.unsaved && at('said').textContent.startsWith('Saved')")
        ready(page, address)  # loaded again: nothing is lost, and still the tab that writes
        assert page.run("writes") and page.run("state.done") == 5
        page.click("#ora")
        wait_for((tmp_path / "out.ora").exists)
        assert page.errors == []
        page.click("#done")
        page.wait("ended")
    colors = [second, [250, 200, 40], [255, 255, 255], list(bytes.fromhex(picked[1:])), [0x65, 0x43, 0x21]]
    exported = read_picture(tmp_path / "out.ora").pixels
    for (x, y), color in zip((BOX, DISC, PAPER, BAR, LEFT), colors, strict=True):
        np.testing.assert_array_equal(exported[y, x], color)
    options = open_painting(path)[1]
    assert len(options.fixes) == 4 and [edit.kind for edit in options.edits] == ["split"]


def test_the_keyboard_alone_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "out.rltn"
    save_painting(path, painting(), FinishOptions("flat"))
    with served(path) as address, browser(tmp_path) as page:
        ready(page, address)
        found = set()
        for number in range(1, 5):
            page.press("n")
            region = page.run("selected")
            found.add(region)
            page.press("Enter")
            steps(page, number)
            assert f"Region {region}, #" in page.run("at('about').textContent")
        assert len(found) == 4
        page.press("n")
        assert page.run("at('said').textContent") == "Every region has a colour of yours."
        page.run("Promise.all([undo(), undo(), undo(), undo(), save()])")
        steps(page, 0)
        assert page.errors == []
        page.click("#done")
        page.wait("ended")


def test_strokes_are_drawn_with_the_keyboard_too(tmp_path: Path) -> None:
    path = tmp_path / "out.rltn"
    save_painting(path, painting(), FinishOptions("flat"))
    with served(path) as address, browser(tmp_path) as page:
        ready(page, address)
        page.press("m")
        page.run("select(regionAt([100, 100]))")  # the disc
        page.press("Enter")
        page.press("Enter")
        for _ in range(40):
            if page.run("hovered") == page.run("regionAt([60, 100])"):
                break
            page.press("ArrowLeft")
        page.press("Enter")
        steps(page, 1)
        assert shown(page, BOX) == shown(page, DISC) == [20, 60, 200]
        page.press("s")
        page.press("Enter")
        page.press("Escape")
        assert page.run("state.done") == 1 and page.run("cursor === null")
        page.run("Promise.all([undo(), save()])")
        steps(page, 0)
        assert page.errors == []
        page.click("#done")
        page.wait("ended")


def test_finish_and_palette_are_switched(tmp_path: Path) -> None:
    path = tmp_path / "out.rltn"
    save_painting(path, painting(), FinishOptions("flat"))
    with served(path) as address, browser(tmp_path) as page:
        ready(page, address)
        page.run("document.querySelector('#finishes [value=cel]').click()")
        steps(page, 1)
        page.run("usePalette(new File(['GIMP Palette\\n255 255 255\\n1 2 3\\n'], 'mine.gpl'))")
        steps(page, 2)
        assert (
            page.run("[...at('palette').children].map(one => one.dataset.color).join()") == "#ffffff,#010203"
        )
        page.click("#own")
        steps(page, 3)
        page.run("usePalette(new File(['words'], 'mine.gpl'))")
        page.wait("at('said').textContent.includes('GIMP palette')")
        page.run("Promise.all([undo(), undo(), undo()])")
        steps(page, 0)
        assert page.run("document.querySelector('#finishes :checked').value") == "flat"
        page.errors.clear()  # the browser logs the refused file
        page.click("#done")
        page.wait("ended")


def test_a_chapter_is_walked_through(tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    for number in range(1, 6):
        save_painting(folder / f"page{number}.rltn", painting(), FinishOptions("flat"))
    for damaged in ("page4.rltn", "cover.rltn"):
        (folder / damaged).write_bytes(b"words")
    with served(folder) as address, browser(tmp_path) as page:
        ready(page, address)
        assert "cover.rltn: not a painting" in page.run("at('banner').textContent")
        page.errors.clear()
        page.press("PageDown")
        page.wait("page === 2 && state && at('banner').hidden")
        page.run("choose('#00c800')")
        at(page, BOX, click=True)
        steps(page, 1)
        page.press("PageDown")
        page.wait("page === 3 && state && document.querySelectorAll('.offer').length === 1")
        assert shown(page, BOX) == [220, 30, 40]
        page.click(".offer button", 1)
        steps(page, 1)
        assert shown(page, BOX) == [0, 200, 0]
        page.wait("at('offered').hidden")
        page.run("at('page').value = 5, at('page').dispatchEvent(new Event('change'))")
        page.wait("at('banner').textContent.includes('not a painting that rltn saved')")
        page.errors.clear()
        page.press("PageDown")
        page.wait("page === 6 && state && at('banner').hidden")
        page.click("#save-all")
        page.wait("at('said').textContent === 'Saved in 2 paintings.'")
        assert page.errors == []
        page.click("#done")
        page.wait("ended")
    assert [len(open_painting(folder / f"page{number}.rltn")[1].fixes) for number in (1, 2, 3)] == [1, 1, 0]
    assert [file.name for file in folder.iterdir() if file.suffix != ".rltn"] == []


def test_everything_has_a_name_for_screen_readers(tmp_path: Path) -> None:
    path = tmp_path / "out.rltn"
    save_painting(path, painting(), FinishOptions("flat"))
    with served(path) as address, browser(tmp_path) as page:
        ready(page, address)
        page.press("n")
        nodes = page.send("Accessibility.getFullAXTree")["nodes"]
        controls = {"button", "link", "radio", "checkbox", "slider", "combobox", "ColorWell", "application"}
        nameless = [
            node["role"]["value"]
            for node in nodes
            if not node["ignored"] and node["role"]["value"] in controls and not node["name"]["value"]
        ]
        assert nameless == []
        assert {node["role"]["value"] for node in nodes} >= {
            "button",
            "radio",
            "slider",
            "status",
            "application",
        }
        page.click("#done")
        page.wait("ended")
