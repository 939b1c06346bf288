"""Draw the example pictures: `python examples/draw.py` writes them beside this file.

They are our own, drawn as curves by the scripts here: a line drawing to paint, and colour references of the
same design in other poses and other colours.
"""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import courier_drawing
import courier_parts
import courier_reference
import dragon_parts
import dragon_scenes
import numpy as np
from drawing_kit import Canvas, Colour
from numpy.typing import NDArray
from PIL import Image


class Picture(NamedTuple):
    """One example picture: what draws it, its nominal (H, W), its colours, and whether it is only lines."""

    scene: Callable[[Canvas], None]
    size: tuple[int, int]
    palette: Mapping[str, Colour]
    lines_only: bool


PICTURES = {
    "drawing": Picture(courier_drawing.draw, courier_drawing.SIZE, courier_parts.DAY, True),
    "reference": Picture(courier_reference.draw, courier_reference.SIZE, courier_parts.DAY, False),
    "reference_night": Picture(courier_reference.draw, courier_reference.SIZE, courier_parts.NIGHT, False),
    "creature": Picture(dragon_scenes.draw_sitting, dragon_scenes.SIZE, dragon_parts.PALETTE, True),
    "creature_reference": Picture(dragon_scenes.draw_flying, dragon_scenes.SIZE, dragon_parts.PALETTE, False),
}


def render(name: str, *, scale: float = 1.0) -> NDArray[np.uint8]:
    """Draw one of `PICTURES`.

    Args:
        name: Its name.
        scale: Size relative to the nominal size.

    Returns:
        (H, W) grey for a line drawing, (H, W, 3) RGB otherwise.
    """
    picture = PICTURES[name]
    canvas = Canvas(picture.size, picture.palette, lines_only=picture.lines_only, scale=scale)
    picture.scene(canvas)
    image = canvas.image()
    return image[..., 0] if picture.lines_only else image


def main() -> None:
    """Write the pictures as PNG files."""
    parser = argparse.ArgumentParser(description="Draw the example pictures.")
    parser.add_argument("names", nargs="*", help="which ones (all without a name): " + ", ".join(PICTURES))
    parser.add_argument("--scale", type=float, default=1.0, help="size relative to the nominal size")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent, help="where to write them")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(PICTURES))
    if unknown:
        parser.error(f"no picture is called {', '.join(unknown)}; there are {', '.join(PICTURES)}")
    for name in options.names or PICTURES:
        path = options.folder / f"{name}.png"
        Image.fromarray(render(name, scale=options.scale)).save(path, optimize=True)
        print(path)


if __name__ == "__main__":
    main()
