"""Draw ten pictures with every method of `rltn extract-lines` and lay them out: docs/extract-lines.webp.

python tools/make_lines_sheet.py --openlines FOLDER --hed FILE.safetensors

FOLDER holds color/ID.webp, FILE the weights of the original HED.
"""

import argparse
from pathlib import Path

import numpy as np
from lines_scenes import painted_landscape, still_life
from PIL import Image, ImageDraw, ImageFont

from rltn_cli.engine.inference.line_extractor import LineExtractor
from rltn_cli.imaging.canvas import shrink_lines
from rltn_cli.imaging.pixels import Bytes

ROOT = Path(__file__).parents[1]
CELL, GAP, HEADING = 240, 6, 26
BLOCKS = 2
"""Pictures stand in so many columns of rows."""
EXAMPLES = ("reference.png", "reference_night.png", "creature_reference.png")
OPENLINES = (
    "robo-set4-012-0",
    "robo-set1-052-0",
    "db-adventurer-123-1",
    "ocl-food-fruit-pesca-architetto-frances-01",
)


def main() -> None:
    """Draw and lay out."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--openlines", type=Path, required=True)
    parser.add_argument("--hed", required=True)
    options = parser.parse_args()
    extractors = {
        "hed-small": LineExtractor.of("hed-small"),
        "hed": LineExtractor.of("hed", weights=options.hed),
        "contour": LineExtractor.of("contour"),
        "xdog": LineExtractor.of("xdog"),
    }
    pictures = [still_life(), still_life(candle=True), painted_landscape()]
    pictures += [read(ROOT / "examples" / name) for name in EXAMPLES]
    pictures += [read(options.openlines / "color" / f"{name}.webp") for name in OPENLINES]
    rows = [[shown(picture), *(shown(draw(picture)) for draw in extractors.values())] for picture in pictures]
    lay_out(rows, ["colour", *extractors]).save(ROOT / "docs" / "extract-lines.webp", quality=82, method=6)


def read(path: Path) -> Bytes:
    """Read a picture as (H, W, 3) RGB."""
    with Image.open(path) as picture:
        return np.array(picture.convert("RGB"))


def shown(picture: Bytes) -> Image.Image:
    """Bring colours or lines to the size of a cell, cut to a square from the top."""
    side = min(picture.shape[:2])
    square = np.ascontiguousarray(picture[:side, :side])
    if square.ndim == 3:
        return Image.fromarray(square).resize((CELL, CELL), Image.Resampling.LANCZOS)
    return Image.fromarray(shrink_lines(square, (CELL, CELL))).convert("RGB")


def lay_out(rows: list[list[Image.Image]], headings: list[str]) -> Image.Image:
    """Put the cells together under their headings."""
    height = -(-len(rows) // BLOCKS)
    step, block = CELL + GAP, len(headings) * (CELL + GAP) + 2 * GAP
    sheet = Image.new("RGB", (BLOCKS * block, HEADING + height * step + GAP), "#d8d8d8")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(16)
    for number, row in enumerate(rows):
        left, top = number // height * block + GAP, HEADING + number % height * step
        for column, (heading, cell) in enumerate(zip(headings, row, strict=True)):
            if number % height == 0:
                pen.text((left + column * step + 2, 4), heading, "black", font)
            sheet.paste(cell, (left + column * step, top))
    return sheet


if __name__ == "__main__":
    main()
