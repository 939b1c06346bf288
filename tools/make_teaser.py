"""Paint the examples with the shipped model and lay them out: docs/teaser.webp and examples/result.png.

python tools/make_teaser.py
"""

from pathlib import Path

from PIL import Image

from rltn_cli import Colorizer

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
HEIGHT = 520
GAP = 12
SETS = (
    ("drawing.png", "reference.png"),
    ("drawing.png", "reference_night.png"),
    ("creature.png", "creature_reference.png"),
)


def main() -> None:
    """Paint, save and lay out."""
    colorizer = Colorizer.from_pretrained("rltn-small", device="cpu")
    rows: list[Image.Image] = []
    for drawing, reference in SETS:
        result = colorizer(EXAMPLES / drawing, [EXAMPLES / reference])
        painted = Image.fromarray(result.image)
        if (drawing, reference) == SETS[0]:
            result.save(EXAMPLES / "result.png", overwrite=True)
        rows += [Image.open(EXAMPLES / drawing), Image.open(EXAMPLES / reference), painted]
    flat = colorizer(EXAMPLES / SETS[2][0], [EXAMPLES / SETS[2][1]], finish="flat")
    rows.append(Image.fromarray(flat.image))
    parts = [scaled(picture) for picture in (*rows[0:3], *rows[4:6], *rows[6:10])]
    lines = (parts[:5], parts[5:])
    width = max(sum(part.width + GAP for part in line) for line in lines) + GAP
    sheet = Image.new("RGB", (width, len(lines) * (HEIGHT + GAP) + GAP), "white")
    for number, line in enumerate(lines):
        left = (width - sum(part.width + GAP for part in line) + GAP) // 2
        for part in line:
            sheet.paste(part, (left, GAP + number * (HEIGHT + GAP)))
            left += part.width + GAP
    (ROOT / "docs").mkdir(exist_ok=True)
    sheet.save(ROOT / "docs" / "teaser.webp", quality=86, method=6)


def scaled(picture: Image.Image) -> Image.Image:
    """Bring a picture to the sheet's height."""
    width = round(picture.width * HEIGHT / picture.height)
    return picture.convert("RGB").resize((width, HEIGHT), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
