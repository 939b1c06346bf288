"""Sums of grids of any size over the regions of a drawing."""

import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.pixels import Floats
from rltn_cli.imaging.regions.flats import INK, Labels

_SMALL = 1024
"""Regions of fewer pixels are counted pixel by pixel."""
_STEP = 3
"""Larger regions are counted at every third row and column."""


class RegionCount:
    """Sums grids of any size over the regions of a map."""

    def __init__(self, labels: Labels, dark: Floats) -> None:
        """Choose the pixels that count.

        Args:
            labels: (H, W), 1 to N.
            dark: (H, W) in [0, 1], 1 on lines.
        """
        free = dark < INK
        self._regions = int(labels.max()) + 1
        self._shape = labels.shape
        sizes = np.bincount(labels[free], minlength=self._regions)
        self.areas: Floats = (sizes / labels.size).astype(np.float32)
        taken = np.zeros(labels.shape, np.bool_)
        taken[::_STEP, ::_STEP] = free[::_STEP, ::_STEP]
        taken |= free & (sizes < _SMALL)[labels]
        taken |= (sizes == 0)[labels]
        self._rows, self._columns = np.nonzero(taken)
        self._labels = labels[taken].astype(np.int64)
        self._steps = np.where(sizes < _SMALL, 1, _STEP**2)[self._labels].astype(np.float32)

    def sums(self, grid: Floats, weight: Floats) -> Floats:
        """Return the weighted sums (N + 1, C) of a grid over each region.

        Args:
            grid: (h', w', C).
            weight: (h, w), how far each place can be trusted.
        """
        size = grid.shape[0] * grid.shape[1]
        labels, cells, shares = self.parts(weight, grid.shape)
        values = grid.reshape(size, -1)[cells] * shares[:, None]
        regions, starts = np.unique(labels, return_index=True)
        result = np.zeros((self._regions, values.shape[1]), np.float32)
        result[regions] = np.add.reduceat(values, starts, axis=0)
        return result

    def parts(
        self, weight: Floats, shape: tuple[int, ...] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        """Return which regions lie in which cells of a grid, and how much of them does.

        Args:
            weight: (h, w), how far each place can be trusted.
            shape: of the grid, (h', w', ...); that of `weight` if left out.

        Returns:
            (labels, cells, shares), each (Q,), by label and then by cell; cells count row by row.
        """
        shape = weight.shape if shape is None else shape
        size = shape[0] * shape[1]
        trusted = weight.reshape(-1)[self._cells(weight.shape)] * self._steps
        keys, which = np.unique(self._labels * size + self._cells(shape), return_inverse=True)
        return keys // size, keys % size, np.bincount(which, trusted).astype(np.float32)

    def _cells(self, shape: tuple[int, ...]) -> NDArray[np.int64]:
        """Return the cell of a grid (h, w, ...) that each pixel lies in, (P,)."""
        rows = self._rows * shape[0] // self._shape[0]
        return np.asarray(rows * shape[1] + self._columns * shape[1] // self._shape[1], np.int64)
