"""Paint 24 validation drawings with every finish and lay them out: docs/finishes.webp.

python tools/make_finishes_sheet.py openposes:FOLDER

The drawings are chosen by a fixed seed among those of groups with two pictures, in turns from the sources
that are CC0 or MIT. Each row shows the drawing, the reference, paint, cel and flat; a frame marks what
`--finish auto` takes.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import ImageDraw
from sheet_grid import SheetGrid

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
GRID = SheetGrid(rows=12, columns=2, pictures=2 + len(FINISHES), side=150)
SEED = 0


def main() -> None:
    """Choose, paint and lay out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="+", help="folders of pairs, as rltn evaluate takes them")
    pairs = [pair for pair in read_data(parser.parse_args().data) if pair.source in SOURCES]
    samples = spread(plan(pairs, "group"), GRID.rows * GRID.columns, SEED)
    drawings = load(samples)
    colorizer = Colorizer.from_pretrained("rltn-small", device="cpu")
    pictures = [
        painted(colorizer, *pair) for pair in zip(drawings.sketches, drawings.references, strict=True)
    ]
    sheet = GRID.lay_out(pictures)
    for number, sample in enumerate(samples):
        finish, _ = choose_finish(drawings.sketches[number])
        x, y = GRID.corner(number, 2 + FINISHES.index(finish))
        frame = x - 2, y - 2, x + GRID.side + 1, y + GRID.side + 1
        ImageDraw.Draw(sheet).rectangle(frame, None, "#d02020", 2)
        print(sample.pair.id, sample.pair.source, finish)
    sheet.save(ROOT / "docs" / "finishes.webp", quality=82, method=6)


def painted(colorizer: Colorizer, sketch: np.ndarray, reference: np.ndarray) -> list[np.ndarray]:
    """Return a drawing, its reference, and the drawing with each finish."""
    drawing, encoded = (
        colorizer.prepare(sketch, options=DrawingOptions(alpha="drop")),
        colorizer.encode([reference]),
    )
    outputs = colorizer.paint(drawing, encoded)
    images = [colorizer.finish(drawing, encoded, outputs, FinishOptions(finish)).image for finish in FINISHES]
    return [sketch, reference, *images]


if __name__ == "__main__":
    main()
