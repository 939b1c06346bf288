"""Which colour of the palette each region takes; decided for all regions together."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.colors.evidence import Evidence
from rltn_cli.imaging.colors.palette import Color, Palette
from rltn_cli.imaging.pixels import Bytes, Floats

_ROUNDS = 5
_LEAST = 1e-3
"""Support that a colour without any vote still has."""
_OPEN = 1.0
"""How strongly regions that meet without a line pull each other towards one colour."""
_CONTACT = 0.15
"""How strongly it counts which colours touch in the reference; more costs region accuracy on openposes."""


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """The colour of every region, how sure it is, and what else it might be."""

    evidence: Evidence
    support: Floats
    """(N + 1, K), rows of sum 1: how strongly each region supports each colour of the palette."""
    chosen: NDArray[np.int32]
    """(N + 1,): the number of each region's colour in the palette; of the nearest one where it was given."""
    fixed: Mapping[int, Color] = field(default_factory=dict)
    """Colours that were given, by region; of the palette or not."""

    @property
    def palette(self) -> Palette:
        """The colours that were chosen from."""
        return self.evidence.palette

    @property
    def colors(self) -> Bytes:
        """(N + 1, 3) sRGB: the colour of each region."""
        colors: Bytes = self.palette.colors[self.chosen]
        for region, color in self.fixed.items():
            colors[region] = color
        return colors

    @property
    def confidence(self) -> Floats:
        """(N + 1,) in [0, 1]: the support of the colour that each region takes."""
        return np.asarray(np.take_along_axis(self.support, self.chosen[:, None], axis=1)[:, 0], np.float32)

    def alternatives(self, count: int = 3) -> NDArray[np.int64]:
        """Return the best supported colours of each region, best first, (N + 1, at most `count`)."""
        order: NDArray[np.int64] = np.argsort(-self.support, axis=1, kind="stable")[:, :count]
        return order


def decide(evidence: Evidence, fixed: Mapping[int, Color] | None = None) -> Decision:
    """Choose the colour of every region.

    A region's own votes come first. Regions that meet where no line runs pull each other towards one colour;
    across a line it counts which colours are next to each other in the reference. Both are weighted by the
    share of the region's border; some rounds of mean-field inference settle it. Regions that look alike do
    not pull each other: see docs/finishes.md.

    Args:
        evidence: of `gather_evidence`.
        fixed: colours that are given, by region; certain when the others are decided. The others see the
            palette's colour nearest to each.
    """
    given = {region: evidence.palette.nearest(color) for region, color in (fixed or {}).items()}
    votes = evidence.votes
    share = votes / np.maximum(votes.sum(axis=1, keepdims=True), 1e-12)
    own = np.log(share + _LEAST)
    sure = _make_certain(share, given)
    edges = _Edges(evidence, len(votes))
    for _ in range(_ROUNDS):
        support = own + _OPEN * edges.open_pull(sure) + _CONTACT * edges.line_pull(sure)
        support = np.exp(support - support.max(axis=1, keepdims=True))
        sure = _make_certain(support / support.sum(axis=1, keepdims=True), given)
    return Decision(
        evidence, sure.astype(np.float32), sure.argmax(axis=1).astype(np.int32), dict(fixed or {})
    )


def _make_certain(support: Floats, given: Mapping[int, int]) -> Floats:
    """Return support (N + 1, K) with all of a fixed region's on its colour."""
    result = support.copy()
    for region, color in given.items():
        result[region] = 0
        result[region, color] = 1
    return result


class _Edges:
    """Borders as seen from each of their two regions."""

    def __init__(self, evidence: Evidence, count: int) -> None:
        borders = evidence.borders
        ends = np.concatenate([borders.pairs, borders.pairs[:, ::-1]])
        order = np.argsort(ends[:, 0], kind="stable")
        self._from, self._to = ends[order, 0], ends[order, 1]
        self._shape = (count, len(evidence.palette))
        self._regions, self._starts = np.unique(self._from, return_index=True)
        length = np.tile(borders.length, 2)[order].astype(np.float32)
        around = np.maximum(np.bincount(self._from, length, count), 1)
        part = (length / around[self._from])[:, None]
        openness = np.tile(borders.openness, 2)[order][:, None]
        self._open, self._line = part * openness, part * (1 - openness)
        self._contacts = _log_contacts(evidence.contacts)

    def open_pull(self, support: Floats) -> Floats:
        """Return which colours the neighbours across openings favour, (N + 1, K)."""
        return self._sums(support[self._to] * self._open)

    def line_pull(self, support: Floats) -> Floats:
        """Return which colours go next to those of the neighbours across a line, (N + 1, K)."""
        return self._sums((support @ self._contacts)[self._to] * self._line)

    def _sums(self, values: Floats) -> Floats:
        result = np.zeros(self._shape, np.float32)
        if len(values):
            result[self._regions] = np.add.reduceat(values, self._starts, axis=0)
        return result


def _log_contacts(contacts: Floats) -> Floats:
    """Return how much more often than by chance each colour is next to each other one, as logarithms (K, K).

    Args:
        contacts: (K, K), how often each colour is next to each other one and itself; rows of sum 1 or 0.
    """
    counts = contacts + 1e-5
    share = counts.sum(axis=0) / counts.sum()
    beside = counts / counts.sum(axis=1, keepdims=True)
    return np.asarray(np.log(beside + 1e-3) - np.log(share + 1e-3), np.float32)
