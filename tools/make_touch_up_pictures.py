"""Make the pictures of docs/touch-up.md: the page in Chromium, light with a stroke and dark with a chapter.

python tools/make_touch_up_pictures.py

The courier, and a mirrored close-up of it as a second page, are painted, served, and touched up.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageOps

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.browser import Page, browser  # noqa: E402
from support.served import served  # noqa: E402

from rltn_cli import Colorizer  # noqa: E402

EXAMPLES, DOCS = ROOT / "examples", ROOT / "docs"
MOON, NECK, BERET = (315, 449), (630, 825), (560, 150)
"""Pixels (x, y) of the drawing."""


def main() -> None:
    """Paint, serve, click and take the pictures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "chapter"
        folder.mkdir()
        colorizer = Colorizer.from_pretrained("rltn-small", device="cpu")
        with Image.open(EXAMPLES / "drawing.png") as drawing:
            ImageOps.mirror(drawing.crop((150, 60, 1150, 1010))).save(Path(name) / "close-up.png")
        for number, sketch in enumerate((EXAMPLES / "drawing.png", Path(name) / "close-up.png"), 1):
            painted = colorizer(sketch, EXAMPLES / "reference.png", finish="flat")
            painted.save_painting(folder / f"courier-{number}.rltn")
        with served(folder / "courier-1.rltn") as address, opened(Path(name), address, "light") as page:
            take(page, DOCS / "touch-up.webp", before=lambda: stroke(page))
        with served(folder) as address, opened(Path(name), address, "dark") as page:
            for point, color in ((MOON, "#fff3d6"), (NECK, "#ffe2cd")):
                page.run(f"choose({color!r}), paint(regionAt({list(point)}))")
                page.run("queue")
            page.press("PageDown")
            page.wait("page === 2 && state && !at('offered').hidden", 60)
            take(page, DOCS / "touch-up-dark.webp", before=lambda: hover(page))


def stroke(page: Page) -> None:
    """Draw the edge of a shadow on the beret, and stop while the mouse is down."""
    page.press("s")
    page.run(f"select(regionAt({list(BERET)}))")
    corner, scale = page.run(
        "(box => [[box.left + view.x, box.top + view.y], view.scale])(stage.getBoundingClientRect())"
    )
    places = [(335, 320), (400, 262), (500, 215), (620, 195), (740, 200), (850, 225), (945, 275)]
    on_screen = [[start + p * scale for start, p in zip(corner, place, strict=True)] for place in places]
    page.drag(on_screen, release=False)


def hover(page: Page) -> None:
    """Point at what another page offers, with the drawing beside."""
    page.press("d")
    box = "document.querySelector('.offer').getBoundingClientRect()"
    page.point(*page.run(f"(box => [box.x + 20, box.y + 12])({box})"))


def take(page: Page, path: Path, *, before: object) -> None:
    """Save what is seen."""
    assert callable(before)
    before()
    time.sleep(0.5)
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        page.screenshot(Path(file.name))
        Image.open(file.name).convert("RGB").save(path, quality=88, method=6)
    print(path.relative_to(ROOT), page.errors or "")
    page.run("window.confirm = () => true, end()")
    page.wait("ended")


@contextmanager
def opened(folder: Path, address: str, scheme: str) -> Iterator[Page]:
    """Open the page in a light or dark browser."""
    with browser(folder, width=1400, height=960) as page:
        media = [{"name": "prefers-color-scheme", "value": scheme}]
        page.send("Emulation.setEmulatedMedia", features=media)
        page.visit(address)
        page.wait("document.body.dataset.ready === 'yes'", 60)
        yield page


if __name__ == "__main__":
    main()
