"""The page in a real browser: a person hovers, clicks, undoes, saves, reloads and exports."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from support.browser import Page, browser, needs_chromium
from support.painted import BAR, BOX, DISC, PAPER, painting

from rltn_cli.imaging.pictures import read_picture
from rltn_cli.painting.finish import FinishOptions
from rltn_cli.painting.saved import open_painting, save_painting
from rltn_cli.touch_up.serving import touch_up

pytestmark = [pytest.mark.slow, needs_chromium]


@contextmanager
def served(path: Path, port: int = 0) -> Iterator[str]:
    """Serve a painting from a thread; ends when the page is done."""
    addresses: list[str] = []
    thread = threading.Thread(
        target=touch_up,
        args=(path,),
        kwargs={"port": port, "open_browser": False, "tell": addresses.append},
    )
    thread.start()
    while not addresses:
        time.sleep(0.01)
    try:
        yield addresses[0]
    finally:
        thread.join(20)
        assert not thread.is_alive()


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
        page.click("#save")
        page.wait("!state.unsaved && at('said').textContent.startsWith('Saved')")
        ready(page, address)  # loaded again: nothing is lost, and still the tab that writes
        assert page.run("writes") and page.run("state.done") == 3
        page.click("#ora")
        wait_for((tmp_path / "out.ora").exists)
        assert page.errors == []
        page.click("#done")
        page.wait("ended")
    colors = [second, [250, 200, 40], [255, 255, 255], list(bytes.fromhex(picked[1:]))]
    exported = read_picture(tmp_path / "out.ora").pixels
    for (x, y), color in zip((BOX, DISC, PAPER, BAR), colors, strict=True):
        np.testing.assert_array_equal(exported[y, x], color)
    assert len(open_painting(path)[1].fixes) == 3


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
