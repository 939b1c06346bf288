"""All regions of a drawing, with what lies between them, at a size at which finding them is quick."""

from dataclasses import dataclass

from rltn_cli.imaging.canvas import shrink_lines
from rltn_cli.imaging.pixels import Bytes, Floats
from rltn_cli.imaging.regions.flats import GAP, Labels, find_regions
from rltn_cli.imaging.regions.graph import Borders, find_borders, tidy_regions
from rltn_cli.imaging.regions.trust import darkness

_MAP_PIXELS = 1400 * 1400
"""Regions are found at this many pixels at most."""
_SPECK = 12
"""Regions of fewer pixels, off the lines, join a neighbour."""


@dataclass(frozen=True, slots=True, eq=False)
class RegionMap:
    """The regions of a drawing, at its own size or at 1.96 million pixels where it has more."""

    labels: Labels
    """(H', W'), 1 to N: the region of each pixel, lines too."""
    dark: Floats
    """(H', W') in [0, 1], the drawing's darkness."""
    borders: Borders

    @classmethod
    def of(cls, labels: Labels, dark: Floats) -> "RegionMap":
        """Return regions with their borders; arguments as above."""
        return cls(labels, dark, find_borders(labels, dark))

    @property
    def count(self) -> int:
        """N."""
        return int(self.labels.max())


def map_regions(grey: Bytes, gap: float = GAP) -> RegionMap:
    """Divide a drawing into regions, pieces and specks joined.

    Args:
        grey: (H, W), black lines on white.
        gap: widest gap in a line that is closed, as a share of the shorter side.
    """
    size = map_size((grey.shape[0], grey.shape[1]))
    dark = darkness(shrink_lines(grey, size))
    labels, borders = tidy_regions(find_regions(dark, gap), dark, gap * min(size), _SPECK)
    return RegionMap(labels, dark, borders)


def map_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return the size (H', W') at which the regions of a drawing (H, W) are found."""
    scale = min(1.0, (_MAP_PIXELS / (size[0] * size[1])) ** 0.5)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def known_regions(labels: Labels, grey: Bytes) -> RegionMap:
    """Return the regions of a drawing that have been found before.

    Args:
        labels: (H', W') of their map.
        grey: (H, W), the drawing.
    """
    return RegionMap.of(labels, darkness(shrink_lines(grey, (labels.shape[0], labels.shape[1]))))
