"""Flat colours, with or without shading, at a drawing's own size."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.colors.decision import Decision
from rltn_cli.imaging.finishes.shading import Shading
from rltn_cli.imaging.pixels import Floats, to_unit_range
from rltn_cli.imaging.regions.flats import Labels

Paint: TypeAlias = Callable[[slice], Floats]
"""Gives some rows of what goes under the lines, (R, W, 3) in [0, 1]."""


class RegionRows:
    """The regions of a drawing's pixels, some rows at a time."""

    def __init__(self, labels: Labels, size: tuple[int, int]) -> None:
        """Take regions of any size, and the size (H, W) of the drawing."""
        self._labels = labels
        height, width = labels.shape
        self._rows = _nearest(size[0], height)
        self._columns = _nearest(size[1], width)
        self.size = size

    def rows(self, rows: slice) -> Labels:
        """Return the regions (R, W) of some rows."""
        if self._labels.shape == self.size:
            return self._labels[rows]
        return self._labels[self._rows[rows]][:, self._columns]

    def at(self, row: int, column: int) -> int:
        """Return the region of a pixel."""
        return int(self._labels[self._rows[row], self._columns[column]])


class FlatPainting:
    """A decision painted at any size; exactly the colours decided on where there is no shading."""

    def __init__(self, decision: Decision, size: tuple[int, int], shading: Shading | None = None) -> None:
        """Take a decision and the size (H, W) of the drawing."""
        self._regions = RegionRows(decision.evidence.labels, size)
        self._colors: Floats = to_unit_range(decision.colors)
        self._shading = shading

    def rows(self, rows: slice) -> Floats:
        """Return some rows, (R, W, 3) in [0, 1]."""
        labels = self._regions.rows(rows)
        if self._shading is None:
            return np.take(self._colors, labels, axis=0)
        return self._shading.shade(self._colors, labels, rows, self._regions.size)


class FixedRegions:
    """Any paint, except in regions whose colours were given."""

    def __init__(self, paint: Paint, decision: Decision, size: tuple[int, int]) -> None:
        """Take paint, a decision, and the size (H, W) of the drawing."""
        self._paint = paint
        self._regions = RegionRows(decision.evidence.labels, size)
        self._colors: Floats = to_unit_range(decision.colors)
        self._fixed = np.isin(np.arange(len(decision.chosen)), list(decision.fixed))

    def rows(self, rows: slice) -> Floats:
        """Return some rows, (R, W, 3) in [0, 1]."""
        labels = self._regions.rows(rows)
        return np.where(self._fixed[labels][..., None], self._colors[labels], self._paint(rows))


def _nearest(count: int, stored: int) -> NDArray[np.intp]:
    """Return the stored place nearest to each of `count` places."""
    return np.asarray((np.arange(count) + 0.5) * stored / count, np.intp)
