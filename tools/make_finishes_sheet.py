"""Paint 24 validation drawings with every finish and lay them out: docs/finishes.webp.

python tools/make_finishes_sheet.py openposes:FOLDER

The drawings are chosen by a fixed seed among those of groups with two pictures, in turns from the sources
that are CC0 or MIT. Each row shows the drawing, the reference, paint, cel and flat; a frame marks what
`--finish auto` takes.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from rltn_cli import Colorizer
from rltn_cli.choices import Finish
from rltn_cli.data.recipes import read_data
from rltn_cli.engine.evaluation.protocols import load, plan, spread
from rltn_cli.engine.inference.drawings import DrawingOptions
from rltn_cli.imaging.finishes.finish_choice import choose_finish
from rltn_cli.painting.finish import FinishOptions

ROOT = Path(__file__).parents[1]
SOURCES = ("comicgen", "kaykit", "quaternius", "valid")
FINISHES: tuple[Finish, ...] = ("paint", "cel", "flat")
ROWS, COLUMNS, SIDE, SPACE = 12, 2, 150, 4
SEED = 0


def main() -> None:
    """Choose, paint and lay out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="+", help="folders of pairs, as rltn evaluate takes them")
    pairs = [pair for pair in read_data(parser.parse_args().data) if pair.source in SOURCES]
    samples = spread(plan(pairs, "group"), ROWS * COLUMNS, SEED)
    drawings = load(samples)
    colorizer = Colorizer.from_pretrained("rltn-small", device="cpu")
    cell, width = SIDE + SPACE, (2 + len(FINISHES)) * (SIDE + SPACE) + 3 * SPACE
    sheet = Image.new("RGB", (COLUMNS * width, ROWS * cell + SPACE), "white")
    for number, sample in enumerate(samples):
        column, row = divmod(number, ROWS)
        left, top = column * width + SPACE, row * cell + SPACE
        for place, picture in enumerate(
            painted(colorizer, drawings.sketches[number], drawings.references[number])
        ):
            sheet.paste(picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS), (left + place * cell, top))
        finish, _ = choose_finish(drawings.sketches[number])
        x = left + (2 + FINISHES.index(finish)) * cell
        ImageDraw.Draw(sheet).rectangle((x - 2, top - 2, x + SIDE + 1, top + SIDE + 1), None, "#d02020", 2)
        print(sample.pair.id, sample.pair.source, finish)
    sheet.save(ROOT / "docs" / "finishes.webp", quality=82, method=6)


def painted(colorizer: Colorizer, sketch: np.ndarray, reference: np.ndarray) -> list[Image.Image]:
    """Return a drawing, its reference, and the drawing with each finish."""
    drawing, encoded = (
        colorizer.prepare(sketch, options=DrawingOptions(alpha="drop")),
        colorizer.encode([reference]),
    )
    outputs = colorizer.paint(drawing, encoded)
    images = [colorizer.finish(drawing, encoded, outputs, FinishOptions(finish)).image for finish in FINISHES]
    return [Image.fromarray(image).convert("RGB") for image in (sketch, reference, *images)]


if __name__ == "__main__":
    main()
