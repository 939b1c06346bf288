"""What a decision on flat colours rests on: regions, their votes, what they look like and what they touch."""

from dataclasses import dataclass, replace

import numpy as np

from rltn_cli.imaging.colors.palette import Palette
from rltn_cli.imaging.colors.votes import ballot_of
from rltn_cli.imaging.pixels import Bytes, Floats, to_bytes
from rltn_cli.imaging.regions.count import RegionCount
from rltn_cli.imaging.regions.flats import Labels
from rltn_cli.imaging.regions.graph import Borders
from rltn_cli.imaging.regions.region_map import RegionMap
from rltn_cli.imaging.regions.trust import trust_of

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


def gather_evidence(clues: Clues, grey: Bytes, regions: RegionMap) -> Evidence:
    """Count the votes for the colours of a drawing's regions.

    Args:
        clues: from the network.
        grey: (H, W) the drawing, black lines on white.
        regions: of the drawing.
    """
    weight = trust_of(grey, (clues.colors.shape[0], clues.colors.shape[1]))
    counted = RegionCount(regions.labels, regions.dark)
    if clues.attention is None:
        ballot = ballot_of(clues.palette)
        painted, warped = ballot.votes(to_bytes(clues.colors)), ballot.votes(to_bytes(clues.warped))
        votes = counted.sums(painted + warped, weight)
    else:
        agreed = log_votes(clues, counted, weight)
        shares = np.exp(agreed - agreed.max(axis=1, keepdims=True))
        votes = shares * (counted.areas / shares.sum(axis=1))[:, None]
    contacts = np.ones((len(clues.palette),) * 2, np.float32) if clues.contacts is None else clues.contacts
    return Evidence(regions.labels, clues.palette, votes, counted.areas, regions.borders, contacts, counted)


def log_votes(clues: Clues, counted: RegionCount, weight: Floats) -> Floats:
    """Return how far the places of each region agree on each colour.

    Args:
        clues: from the network, with attention.
        counted: the regions.
        weight: (h, w), how far each place can be trusted.

    Returns:
        (N + 1, K): mean logarithms of votes, up to 0.
    """
    assert clues.attention is not None
    painted = ballot_of(clues.palette).votes(to_bytes(clues.colors))
    return _log_means(counted, clues.attention, weight) + _COLORS * _log_means(counted, painted, weight)


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
