"""The page in a real browser while its server is killed again and again."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from support.browser import Page, browser, needs_chromium
from support.painted import painting

from rltn_cli.painting.finish import FinishOptions
from rltn_cli.painting.saved import save_painting

pytestmark = [pytest.mark.slow, needs_chromium]


def started(path: Path) -> tuple["subprocess.Popen[str]", str]:
    """Start the command, and return it with the address that it prints."""
    command = [sys.executable, "-m", "rltn_cli", "touch-up", str(path), "--no-open"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    return process, process.stdout.readline().strip()


def act_at_random(page: Page, chance: random.Random) -> None:
    """Click or draw somewhere on the picture, or press a key."""
    left, top, width, height = page.run(
        "(box => [box.left, box.top, box.width, box.height])(stage.getBoundingClientRect())"
    )

    def place() -> list[float]:
        return [left + chance.uniform(0, width), top + chance.uniform(0, height)]

    act = chance.choice(["c"] * 4 + ["m", "s", "s", "u", "y", "f", "w"])
    if act in "cms":
        page.press(act)
    if act == "c":
        page.point(*place(), click=True)
    elif act in "ms":
        page.drag([place() for _ in range(chance.randrange(2, 6))])
    elif act == "f":
        finish = chance.choice(["flat", "cel", "paint"])
        page.run(f"document.querySelector('#finishes [value={finish}]').click()")
    else:
        page.run({"u": "undo()", "y": "redo()", "w": "save()"}[act])


def seen(page: Page) -> dict[str, object]:
    """Return the state that the page shows, when all steps have been taken."""
    page.run("queue")
    state = page.run("state")
    return {name: value for name, value in state.items() if name not in ("version", "map", "region")}


def test_two_hundred_clicks_and_strokes_and_ten_kills_lose_nothing(tmp_path: Path) -> None:
    path, chance = tmp_path / "out.rltn", random.Random(3)
    save_painting(path, painting(), FinishOptions("flat"))
    before: dict[str, object] | None = None
    with browser(tmp_path) as page:
        for number in range(11):
            process, address = started(path)
            try:
                page.visit(address)
                page.wait("document.body.dataset.ready === 'yes'")
                assert page.run("writes")
                assert before is None or seen(page) == before
                if number < 10:
                    for _ in range(20):
                        act_at_random(page, chance)
                    before = seen(page)
                else:
                    assert page.run("state.done + state.undone") > 20
            finally:
                process.kill()
                _, said = process.communicate()
            assert "Traceback" not in said
            assert number == 0 or "steps that were kept" in said
        page.errors.clear()  # strokes that were refused, and answers that the kills cut off
