"""Paint the example drawing in the colours of its reference, from Python."""

from pathlib import Path

from rltn_cli import Colorizer

here = Path(__file__).parent
colorizer = Colorizer.from_pretrained("rltn-small")
result = colorizer(here / "drawing.png", [here / "reference.png"])
result.save("out.png")
print(f"out.png: {result.image.shape[1]} x {result.image.shape[0]} pixels")
