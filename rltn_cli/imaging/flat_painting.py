"""Flat colours, with or without shading, at a drawing's own size."""

import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.decision import Decision
from rltn_cli.imaging.pixels import Floats, to_unit_range
from rltn_cli.imaging.shading import Shading


class FlatPainting:
    """A decision painted at any size; exactly the palette's colours where there is no shading."""

    def __init__(self, decision: Decision, size: tuple[int, int], shading: Shading | None = None) -> None:
        """Take a decision and the size (H, W) of the drawing."""
        self._labels = decision.evidence.labels
        self._colors: Floats = to_unit_range(decision.palette.colors)[decision.chosen]
        self._shading = shading
        height, width = self._labels.shape
        self._rows = _nearest(size[0], height)
        self._columns = _nearest(size[1], width)

    def rows(self, rows: slice) -> Floats:
        """Return some rows, (R, W, 3) in [0, 1]."""
        labels = self._labels[self._rows[rows]][:, self._columns]
        colors: Floats = np.take(self._colors, labels, axis=0)
        if self._shading is None:
            return colors
        total = (len(self._rows), len(self._columns))
        return self._shading.shade(colors, labels, rows, total)


def _nearest(count: int, stored: int) -> NDArray[np.intp]:
    """Return the stored place nearest to each of `count` places."""
    return np.asarray((np.arange(count) + 0.5) * stored / count, np.intp)
