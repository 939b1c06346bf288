"""Sums of grids of any size over the regions of a drawing."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.pixels import Floats
from rltn_cli.imaging.regions.flats import INK, Labels
from rltn_cli.imaging.regions.runs import Runs

_TABLE = 1 << 26
"""How many keys, whether they occur or not, a table may hold."""
_SMALL = 1024
"""Regions of fewer pixels are counted pixel by pixel."""
_STEP = 3
"""Larger regions are counted at every third row and column."""

_Parts: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.integer[Any]]]


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
        runs = Runs(labels, free)
        sizes = runs.areas(self._regions)
        self.areas: Floats = (sizes / labels.size).astype(np.float32)
        whole = (runs.inside & (sizes < _SMALL)[runs.labels]) | (sizes == 0)[runs.labels]
        taken = runs.spread(whole)
        taken[::_STEP, ::_STEP] |= free[::_STEP, ::_STEP]
        places = np.flatnonzero(taken)
        self._rows, self._columns = np.divmod(places, labels.shape[1])
        self._labels = labels.reshape(-1)[places].astype(np.int64)
        self._numbered: dict[tuple[int, ...], _Parts] = {}
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
        starts = np.flatnonzero(np.diff(labels, prepend=-1))  # they are in order
        regions = labels[starts]
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
        trusted = weight.reshape(-1)[self._cells(weight.shape)] * self._steps
        if shape[:2] not in self._numbered:
            self._numbered[shape[:2]] = self._parts(shape)
        labels, cells, which = self._numbered[shape[:2]]
        return labels, cells, np.bincount(which, trusted).astype(np.float32)

    def _parts(self, shape: tuple[int, ...]) -> _Parts:
        """Return the labels and cells of `parts`, and which of these each pixel counts for, (P,)."""
        cells, width = self._cells(shape), shape[1]
        rows = cells // width
        first, last = np.zeros(self._regions, np.int64), np.full(self._regions, -1, np.int64)
        first[self._labels[::-1]] = rows[::-1]  # pixels come row by row
        last[self._labels] = rows
        ends = np.cumsum((last - first + 1) * width)  # a region takes the rows that it lies in
        offsets = ends - (last + 1) * width
        keys, which = number_keys(cells + offsets[self._labels], int(ends[-1]))
        labels = np.searchsorted(ends, keys, side="right")
        return labels, keys - offsets[labels], which

    def _cells(self, shape: tuple[int, ...]) -> NDArray[np.int64]:
        """Return the cell of a grid (h, w, ...) that each pixel lies in, (P,)."""
        rows = self._rows * shape[0] // self._shape[0]
        return np.asarray(rows * shape[1] + self._columns * shape[1] // self._shape[1], np.int64)


def number_keys(keys: NDArray[np.int64], count: int) -> tuple[NDArray[np.int64], NDArray[np.integer[Any]]]:
    """Return the keys that occur, in order, and which of these each one is.

    Args:
        keys: (P,), from 0 to below `count`.
        count: how many there may be.
    """
    if count > _TABLE:
        found, which = np.unique(keys, return_inverse=True)
        return found, which
    occurs = np.zeros(count, np.bool_)  # a table takes less time than sorting
    occurs[keys] = True
    found = np.flatnonzero(occurs)
    numbers = np.empty(count, np.int32)
    numbers[found] = np.arange(len(found), dtype=np.int32)
    return found, numbers[keys]
