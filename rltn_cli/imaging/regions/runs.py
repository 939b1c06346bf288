"""Runs: pixels next to each other in a row that lie in one region; far fewer than pixels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.regions.flats import Labels, Mask


class Runs:
    """The runs of a map, row by row from left to right."""

    def __init__(self, labels: Labels, mask: Mask | None = None) -> None:
        """Find them.

        Args:
            labels: (H, W), the region of each pixel.
            mask: (H, W); where it is given, the pixels of a run are all inside of it or all outside.
        """
        begins = np.ones(labels.shape, np.bool_)
        np.not_equal(labels[:, 1:], labels[:, :-1], out=begins[:, 1:])
        if mask is not None:
            begins[:, 1:] |= mask[:, 1:] != mask[:, :-1]
        starts = np.flatnonzero(begins)
        self.shape = labels.shape
        self.labels: Labels = labels.reshape(-1)[starts]
        """(R,), the region of each."""
        self.rows: NDArray[np.intp] = starts // labels.shape[1]
        """(R,), the row of each."""
        self.lengths: NDArray[np.intp] = np.diff(starts, append=labels.size)
        """(R,) pixels."""
        self.inside: Mask = np.ones(len(starts), np.bool_) if mask is None else mask.reshape(-1)[starts]
        """(R,), whether each is inside of the mask."""

    def areas(self, regions: int) -> NDArray[np.int64]:
        """Return how many pixels inside of the mask each region has, (regions,)."""
        inside = self.inside
        return np.bincount(self.labels[inside], self.lengths[inside], regions).astype(np.int64)

    def present(self, regions: int) -> Mask:
        """Return whether each region has any pixel inside of the mask, (regions,)."""
        return np.bincount(self.labels[self.inside], minlength=regions) > 0

    def spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """Give each pixel the value (R,) of its run: (H, W)."""
        return np.repeat(values, self.lengths).reshape(self.shape)
