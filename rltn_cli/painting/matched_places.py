"""Where in the references the places of each region found their matches."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.colors.palette import to_lab
from rltn_cli.imaging.regions.flats import Labels
from rltn_cli.painting.painting import Matches, Painting

_NEAR = 20.0
"""A match whose place in the reference is this near a region's colour in Lab (CIE76) may be its source."""


@dataclass(frozen=True, slots=True)
class Source:
    """A place in a reference."""

    reference: int
    """Its number, from 1."""
    x: int
    """Pixels from the left, of the reference as the network saw it."""
    y: int


class MatchedPlaces:
    """The matched places of a painting, by region."""

    def __init__(self, painting: Painting, labels: Labels, deepest: NDArray[np.int64]) -> None:
        """Take a painting, the regions (H', W') of its drawing, and the deepest pixel of each, (N + 1,)."""
        self._references = painting.references
        self._matches: Matches | None = painting.matches
        if painting.matches is None:
            return
        height, width = painting.size
        box = painting.figure
        top, bottom, left, right = (
            (0, height, 0, width) if box is None else (box.top, box.bottom, box.left, box.right)
        )
        grid = painting.matches.places.shape[:2]
        rows = (top + (np.arange(grid[0]) + 0.5) * (bottom - top) / grid[0]) / height * labels.shape[0]
        columns = (left + (np.arange(grid[1]) + 0.5) * (right - left) / grid[1]) / width * labels.shape[1]
        regions = labels[rows.astype(int)][:, columns.astype(int)].reshape(-1)
        self._order = np.argsort(regions, kind="stable")
        self._starts = np.searchsorted(regions[self._order], np.arange(len(deepest) + 1))
        # a region between the cells' middles takes the cell that its deepest place lies in
        y, x = deepest // labels.shape[1], deepest % labels.shape[1]
        row = ((y + 0.5) * height / labels.shape[0] - top) / (bottom - top) * grid[0]
        column = ((x + 0.5) * width / labels.shape[1] - left) / (right - left) * grid[1]
        seen = (row >= 0) & (row < grid[0]) & (column >= 0) & (column < grid[1])
        self._nearest = np.where(seen, row.astype(int) * grid[1] + column.astype(int), -1)

    def of(self, region: int) -> NDArray[np.int64]:
        """Return the places, row by row, that lie in a region; none where the network did not see it."""
        if self._matches is None:
            return np.zeros(0, np.int64)
        inside = self._order[self._starts[region] : self._starts[region + 1]]
        if len(inside):
            return inside
        nearest = int(self._nearest[region])
        return np.array([nearest] if nearest >= 0 else [], np.int64)

    def codes(self, region: int, side: int) -> NDArray[np.int64]:
        """Return which squares of the references a region's places matched, as one number each.

        Args:
            region: its number.
            side: of a square, in pixels of the references as the network saw them.
        """
        if self._matches is None:
            return np.zeros(0, np.int64)
        number, rows, columns = self._matches.places.reshape(-1, 3)[self.of(region)].astype(np.int64).T
        codes: NDArray[np.int64] = (number << 32) | (rows // side << 16) | (columns // side)
        return codes

    def source(self, cells: NDArray[np.int64], color: list[int]) -> Source | None:
        """Return where the references show a colour among the matches of places: the middlemost."""
        if self._matches is None or not len(cells):
            return None
        wanted = to_lab(np.array([[color]], np.uint8))[0, 0]
        matched = self._matches.places.reshape(-1, 3)[cells]
        near = []
        for number, picture in enumerate(self._references):
            there = matched[matched[:, 0] == number]
            middles = np.minimum(there[:, 1:] + 2, np.array(picture.shape[:2]) - 1)
            lab = to_lab(picture[middles[:, 0], middles[:, 1]][None])[0]
            near.append(middles[np.linalg.norm(lab - wanted, axis=1) <= _NEAR])
        number = int(np.argmax([len(middles) for middles in near]))
        if not len(near[number]):
            return None
        away = np.linalg.norm(near[number] - np.median(near[number], axis=0), axis=1)
        row, column = near[number][int(away.argmin())].tolist()
        return Source(number + 1, column, row)
