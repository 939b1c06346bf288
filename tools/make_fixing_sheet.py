"""Paint the courier flat, fix it from the saved painting, and lay out both and the layers: docs/fixing.webp.

python tools/make_fixing_sheet.py
"""

import tempfile
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from rltn_cli import Colorizer
from rltn_cli.imaging.pixels import Pixels
from rltn_cli.painting.finish import FinishOptions, finish_painting
from rltn_cli.painting.fixes import parse_fixes
from rltn_cli.painting.layers import layers_of
from rltn_cli.painting.saved import open_painting

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
FIXES = (
    *("315,449=@22", "630,825=@15", "538,1156=fffaf0", "445,1353=fffaf0"),  # moon, neck, shirt, its side
    *("365,1209=@22", "476,1219=@22", "318,1264=@22", "446,1277=@22"),  # envelope
)
"""As docs/fixing.md has them on its command line."""
WIDTH, GAP = 520, 12


def main() -> None:
    """Paint, save, fix and lay out."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "courier.rltn"
        colorizer = Colorizer.from_pretrained("rltn-small", device="cpu")
        flat = colorizer(EXAMPLES / "drawing.png", EXAMPLES / "reference.png", finish="flat")
        flat.save_painting(path)
        painting, _ = open_painting(path)
    fixed = finish_painting(painting, FinishOptions("flat", fixes=parse_fixes(FIXES)))
    shaded = finish_painting(painting, FinishOptions("cel", fixes=parse_fixes(FIXES)))
    left, right = scaled(flat.image, WIDTH), scaled(fixed.image, WIDTH)
    height = left.shape[0]
    small = (height - GAP) // 2 * left.shape[1] // height
    parts = [scaled(layer.render(), small) for layer in layers_of(shaded)]
    rows = [np.hstack([framed(part) for part in row]) for row in (parts[:3], parts[3:])]
    layers = np.vstack([row[:-GAP] if row is rows[-1] else row for row in rows])
    sheet = np.full(
        (max(height, layers.shape[0]), 2 * (WIDTH + GAP) + layers.shape[1] - GAP, 3), 255, np.uint8
    )
    sheet[:height, :WIDTH], sheet[:height, WIDTH + GAP : 2 * WIDTH + GAP] = left, right
    sheet[: layers.shape[0], 2 * (WIDTH + GAP) :] = layers[:, :-GAP]
    Image.fromarray(sheet).save(ROOT / "docs" / "fixing.webp", quality=85, method=6)
    print(f"docs/fixing.webp, {sheet.shape[1]}x{sheet.shape[0]}")


def scaled(picture: Pixels, width: int) -> Pixels:
    """Bring a picture to a width."""
    size = width, round(picture.shape[0] * width / picture.shape[1])
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def framed(picture: Pixels) -> Pixels:
    """Give a picture a grey line around it and space to the right and below."""
    picture = picture.copy()
    picture[[0, -1]], picture[:, [0, -1]] = 160, 160
    return np.pad(picture, ((0, GAP), (0, GAP), (0, 0)), constant_values=255)


if __name__ == "__main__":
    main()
