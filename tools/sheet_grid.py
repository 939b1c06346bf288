"""Where pictures lie on a sheet of samples: each sample a row of pictures, the rows in columns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

SPACE = 4
"""Pixels between pictures."""


@dataclass(frozen=True)
class SheetGrid:
    """Samples in columns of rows."""

    rows: int
    columns: int
    pictures: int
    """Pictures of a sample."""
    side: int
    """Height and width of a picture in pixels."""

    def corner(self, sample: int, place: int) -> tuple[int, int]:
        """Return x and y of the upper left corner of a sample's picture."""
        column, row = divmod(sample, self.rows)
        return column * self._width + SPACE + place * self._cell, row * self._cell + SPACE

    def lay_out(self, samples: Sequence[Sequence[np.ndarray]]) -> Image.Image:
        """Return the sheet; pictures are (H, W) or (H, W, 3) uint8."""
        sheet = Image.new("RGB", (self.columns * self._width, self.rows * self._cell + SPACE), "white")
        for number, pictures in enumerate(samples):
            for place, picture in enumerate(pictures):
                image = Image.fromarray(picture).convert("RGB")
                image = image.resize((self.side, self.side), Image.Resampling.LANCZOS)
                sheet.paste(image, self.corner(number, place))
        return sheet

    @property
    def _cell(self) -> int:
        return self.side + SPACE

    @property
    def _width(self) -> int:
        return self.pictures * self._cell + 3 * SPACE
