"""Milliseconds from a click on the page of `rltn touch-up` to the changed picture.

python benchmarks/touch_up.py PAINTING.rltn [--steps 20]

Prints, for each kind of step, the median and the longest as the page in a headless Chromium measures them,
and the median of the processor time that the server takes. The painting itself is not changed.
"""

import argparse
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.browser import Page, browser
from support.served import served


def settled(page: Page) -> int:
    """Wait until all steps are shown, and return how long the last one took."""
    page.run("queue")
    return int(page.run("at('time').textContent").split()[0])


def timed(page: Page, steps: Sequence[str]) -> list[tuple[int, float]]:
    """Take steps, each a script; return how long each took, and the server's processor time, in milliseconds.

    Those that were refused are left out.
    """
    found = []
    for script in steps:
        page.run("at('time').textContent = '0 ms'")
        begun = time.process_time()
        page.run(script)
        if taken := settled(page):
            found.append((taken, 1000 * (time.process_time() - begun)))
    return found


def shown(name: str, steps: list[tuple[int, float]]) -> None:
    """Print a row."""
    if steps:
        times, processor = zip(*steps, strict=True)
        print(
            f"{name:18} {statistics.median(times):6.0f} ms, at most {max(times):5d} ms of {len(times):2d}; "
            f"{statistics.median(processor):5.0f} ms of processor time"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("painting", type=Path)
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "painting.rltn"
        shutil.copy(options.painting, path)
        with served(path) as address, browser(Path(folder)) as page:
            page.visit(address)
            page.wait("document.body.dataset.ready === 'yes'", 60)
            width, height = page.run("facts.size")
            print(f"{width}x{height}, {page.run('map.places.length - 1')} regions")
            measure(page, options.steps, random.Random(0))
            page.run("window.confirm = () => true")
            page.click("#done")
            page.wait("ended")


def measure(page: Page, count: int, chance: random.Random) -> None:
    """Take all kinds of steps and print how long they took."""
    for finish in ("cel", "paint", "flat"):
        shown(f"{finish}, first", timed(page, [switched(finish)]))
    for finish in ("flat", "cel", "paint"):
        page.run(switched(finish))
        settled(page)
        shown(f"click, {finish}", timed(page, [clicked(page, chance) for _ in range(count)]))
    kinds = ("flat", "cel", "paint")
    shown("another finish", timed(page, [switched(kinds[number % 3]) for number in range(count)]))
    palettes = ["['#ffffff', '#305080', '#e0a080']", "null"] * 3
    shown("another palette", timed(page, [f"step('palette', {{colors: {colors}}})" for colors in palettes]))
    for kind in ("split", "merge"):
        shown(kind, timed(page, [stroked(kind, page, chance) for _ in range(count)]))
    shown("undo", timed(page, ["undo()"] * count))


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
