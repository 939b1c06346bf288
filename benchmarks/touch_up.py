"""Milliseconds from a click on the page of `rltn touch-up` to the changed picture, measured by the page itself.

python benchmarks/touch_up.py PAINTING.rltn [--steps 20]

Prints the median and the longest of the steps of each kind, in a headless Chromium on this machine. The
painting itself is not changed.
"""

import argparse
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.browser import Page, browser

from rltn_cli.touch_up.serving import touch_up


@contextmanager
def served(path: Path) -> Iterator[str]:
    """Serve a painting or a folder from a thread until the page is done, and yield the address."""
    told: list[str] = []
    thread = threading.Thread(
        target=touch_up, args=(path,), kwargs={"open_browser": False, "tell": told.append}
    )
    thread.start()
    while not told and thread.is_alive():
        time.sleep(0.01)
    yield told[0]
    thread.join(20)


def settled(page: Page) -> int:
    """Wait until all steps are shown, and return how long the last one took."""
    page.run("queue")
    return int(page.run("at('time').textContent").split()[0])


def timed(page: Page, count: int, step: Callable[[int], str]) -> list[int]:
    """Take steps, each a script, and return how long each took."""
    found = []
    for number in range(count):
        page.run("at('time').textContent = '0 ms'")
        page.run(step(number))
        if taken := settled(page):
            found.append(taken)
    return found


def shown(name: str, times: list[int]) -> None:
    """Print a row."""
    if times:
        print(f"{name:28} {statistics.median(times):6.0f} ms  {max(times):6d} ms longest of {len(times)}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("painting", type=Path)
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_args()
    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "painting.rltn"
        shutil.copy(options.painting, path)
        with served(path) as address, browser(Path(folder)) as page:
            page.visit(address)
            page.wait("document.body.dataset.ready === 'yes'", 60)
            width, height = page.run("facts.size")
            print(f"{width}x{height}, {page.run('map.places.length - 1')} regions")
            for finish in ("cel", "paint", "flat"):
                shown(f"{finish}, first", timed(page, 1, lambda _, name=finish: switched(name)))
            for finish in ("flat", "cel", "paint"):
                page.run(switched(finish))
                settled(page)
                shown(f"click, {finish}", timed(page, options.steps, lambda _: clicked(page, chance)))
            kinds = ("flat", "cel", "paint")
            shown("another finish", timed(page, options.steps, lambda number: switched(kinds[number % 3])))
            palettes = ("['#ffffff', '#305080', '#e0a080']", "null")
            shown(
                "another palette",
                timed(page, 6, lambda n: f"step('palette', {{colors: {palettes[n % 2]}}})"),
            )
            for kind in ("split", "merge"):
                shown(kind, timed(page, options.steps, lambda _, name=kind: stroked(name, page, chance)))
            shown("undo", timed(page, options.steps, lambda _: "undo()"))
            page.run("window.confirm = () => true")
            page.click("#done")
            page.wait("ended")


def switched(finish: str) -> str:
    """Return what chooses a finish."""
    return f"document.querySelector('#finishes [value={finish}]').click()"


def clicked(page: Page, chance: random.Random) -> str:
    """Return what gives any region its next alternative."""
    return f"paint({chance.randrange(1, page.run('map.places.length'))})"


def stroked(kind: str, page: Page, chance: random.Random) -> str:
    """Return what draws a stroke across the drawing."""
    width, height = page.run("facts.size")
    ends = [[chance.randrange(width), chance.randrange(height)] for _ in range(2)]
    return f"step('{kind}', {{stroke: {ends}}})"


if __name__ == "__main__":
    main()
