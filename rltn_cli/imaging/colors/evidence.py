"""What a decision on flat colours rests on: regions, their votes, what they look like and what they touch."""

from dataclasses import dataclass, replace

import numpy as np

from rltn_cli.imaging.canvas import shrink_lines
from rltn_cli.imaging.colors.palette import Palette
from rltn_cli.imaging.colors.votes import ballot_of
from rltn_cli.imaging.pixels import Bytes, Floats, to_bytes
from rltn_cli.imaging.regions.count import RegionCount
from rltn_cli.imaging.regions.flats import GAP, Labels, find_regions
from rltn_cli.imaging.regions.graph import Borders, find_borders, tidy_regions
from rltn_cli.imaging.regions.trust import darkness, trust_of

_MAP_PIXELS = 1400 * 1400
"""Regions are found at this many pixels at most."""
_SPECK = 12
"""Regions of fewer pixels, off the lines, join a neighbour."""
_NEAR = 10.0
"""Distance in Lab over which the votes that a colour passes on to another palette's colours fade."""
_COLORS = 0.15
"""How much the network's picture counts in addition to the attention."""
_LEAST_SHARE = 1e-3
"""Share of its vote that a place leaves to all other colours: no single place rules out a colour."""


@dataclass(frozen=True, slots=True, eq=False)
class Clues:
    """What the network says about a drawing, and the palette that this refers to; plain arrays."""

    colors: Floats
    """(h, w, 3) in [0, 1], the network's picture."""
    warped: Floats
    """(h, w, 3) in [0, 1], the reference's colours at the drawing's places."""
    palette: Palette
    attention: Floats | None = None
    """(h', w', K): how much of each place's attention lies on each colour of the palette."""
    contacts: Floats | None = None
    """(K, K): how often colours are next to each other in the reference; from `Ballot.contacts`."""


@dataclass(frozen=True, slots=True, eq=False)
class RegionMap:
    """The regions of a drawing, at its own size or at 1.96 million pixels where it has more."""

    labels: Labels
    """(H', W'), 1 to N: the region of each pixel, lines too."""
    dark: Floats
    """(H', W') in [0, 1], the drawing's darkness."""
    borders: Borders


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """All that `decide` needs; gathered once, and then without the network."""

    labels: Labels
    """(H, W), 1 to N: the region of each pixel, lines too; of the drawing's size or smaller."""
    palette: Palette
    votes: Floats
    """(N + 1, K): each region's votes, weighted by area; row 0 is not a region."""
    areas: Floats
    """(N + 1,): pixels off the lines, as a share of the picture."""
    borders: Borders
    contacts: Floats
    """(K, K): how often colours are next to each other in the reference; all equal where that is unknown."""
    count: RegionCount
    """What sums anything else over the regions."""

    def in_palette(self, palette: Palette) -> "Evidence":
        """Return the same in another palette: each colour passes its votes on to the nearest ones there."""
        away = np.linalg.norm(self.palette.lab[:, None] - palette.lab[None], axis=2)
        passed_on = np.exp((np.square(away.min(axis=1, keepdims=True)) - np.square(away)) / _NEAR**2)
        passed_on /= passed_on.sum(axis=1, keepdims=True)
        return replace(
            self,
            palette=palette,
            votes=self.votes @ passed_on,
            contacts=passed_on.T @ self.contacts @ passed_on,
        )


def gather_evidence(
    clues: Clues, grey: Bytes, *, gap: float = GAP, regions: RegionMap | None = None
) -> Evidence:
    """Find the regions of a drawing and count the votes for their colours.

    Args:
        clues: from the network.
        grey: (H, W) the drawing, black lines on white.
        gap: widest gap in a line that is closed, as a share of the shorter side.
        regions: those of the drawing, where they have been found already.
    """
    if regions is None:
        regions = map_regions(grey, gap)
    height, width = clues.colors.shape[:2]
    weight = trust_of(grey, (height, width))
    ballot = ballot_of(clues.palette)
    counted = RegionCount(regions.labels, regions.dark)
    painted = ballot.votes(to_bytes(clues.colors))
    if clues.attention is None:
        votes = counted.sums(painted + ballot.votes(to_bytes(clues.warped)), weight)
    else:
        agreed = _log_means(counted, clues.attention, weight) + _COLORS * _log_means(counted, painted, weight)
        shares = np.exp(agreed - agreed.max(axis=1, keepdims=True))
        votes = shares * (counted.areas / shares.sum(axis=1))[:, None]
    contacts = np.ones((len(clues.palette),) * 2, np.float32) if clues.contacts is None else clues.contacts
    return Evidence(regions.labels, clues.palette, votes, counted.areas, regions.borders, contacts, counted)


def _log_means(counted: RegionCount, votes: Floats, weight: Floats) -> Floats:
    """Return the mean logarithm, over each region's places, of the share of their votes for a colour.

    Its exponential is the geometric mean: a colour that all places allow has more of it than one that some
    are sure of and others rule out.

    Args:
        counted: the regions.
        votes: (h', w', K).
        weight: (h, w), how far each place can be trusted.

    Returns:
        (N + 1, K).
    """
    logs = np.ones((*votes.shape[:2], votes.shape[2] + 1), np.float32)  # the last number counts places
    shares = votes / np.maximum(votes.sum(axis=2, keepdims=True), 1e-12)
    shares += _LEAST_SHARE
    np.log(shares, out=logs[..., :-1])
    sums = counted.sums(logs, weight)
    return np.asarray(sums[:, :-1] / np.maximum(sums[:, -1:], 1e-12), np.float32)


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
    """Return the regions of a drawing that `map_regions` has found before.

    Args:
        labels: (H', W') of that map.
        grey: (H, W), the drawing.
    """
    dark = darkness(shrink_lines(grey, (labels.shape[0], labels.shape[1])))
    return RegionMap(labels, dark, find_borders(labels, dark))
