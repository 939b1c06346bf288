"""A painting: a drawing and all that the network said about it, from which every finish is made."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.colors.decision import Decision, decide
from rltn_cli.imaging.colors.evidence import Clues, Evidence, gather_evidence
from rltn_cli.imaging.colors.openings import divide_at_openings
from rltn_cli.imaging.colors.palette import Color, Palette
from rltn_cli.imaging.finishes.flat_painting import RegionRows
from rltn_cli.imaging.margins import Box, with_margins
from rltn_cli.imaging.pixels import Bytes, Floats, Pixels
from rltn_cli.imaging.regions.flats import GAP
from rltn_cli.imaging.regions.region_map import RegionMap, map_regions
from rltn_cli.painting.edited_regions import EditedRegions
from rltn_cli.painting.fixes import Fix
from rltn_cli.painting.region_edits import RegionEdit

K = TypeVar("K")
V = TypeVar("V")
_KEPT = 6
"""How many of the last used evidences stay in memory."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a painting was made with, for the record; nothing is computed from it."""

    model: str = ""
    """Its name, as the user gave it."""
    model_sha256: str = ""
    """Of its weights."""
    model_revision: str = ""
    """Its commit on the Hub."""
    settings: dict[str, str] = field(default_factory=dict)
    """How the drawing was read and painted: options by name."""


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Where in the references each place of the figure found its colours."""

    places: NDArray[np.int32]
    """(h / 4, w / 4, 3): number of the reference, row and column of a pixel in it."""
    confidence: Floats
    """(h / 4, w / 4) in [-1, 1], how well they match."""


@dataclass(frozen=True, eq=False)
class Painting:
    """A drawing as the network painted it; nothing after this needs the network."""

    ink: Pixels
    """(H, W, 3) the artist's pixels on white paper, uint8 or uint16."""
    grey: Bytes
    """(H, W) the same in grey, black lines on white."""
    alpha: Pixels | None
    """(H, W) of `ink`'s type, which results get back; None for opaque results."""
    dpi: tuple[float, float] | None
    figure: Box | None
    """The part of the drawing within wide blank margins, which is all that the network saw; None for all."""
    seen: Clues
    """What the network says of the figure, in the references' own palette."""
    references: tuple[Bytes, ...]
    """Each (H', W', 3) RGB, as the network saw it."""
    matches: Matches | None = None
    """None where nobody asked for them."""
    origin: Origin = Origin()
    known: dict[float, RegionMap] = field(default_factory=dict, repr=False)
    """Regions that have been found already, by the gap that is closed, a share of the shorter side."""
    _edited: dict[float, EditedRegions] = field(default_factory=dict, repr=False)
    _evidence: dict[tuple[float, tuple[RegionEdit, ...], tuple[str, ...]], Evidence] = field(
        default_factory=dict, repr=False
    )

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return self.grey.shape[0], self.grey.shape[1]

    @property
    def palette(self) -> Palette:
        """The references' own palette."""
        return self.seen.palette

    @cached_property
    def clues(self) -> Clues:
        """What the network says of the whole drawing; of a figure, continued into the margins."""
        if self.figure is None:
            return self.seen
        attention = self.seen.attention
        return replace(
            self.seen,
            colors=with_margins(self.seen.colors, self.figure, self.size),
            warped=with_margins(self.seen.warped, self.figure, self.size),
            attention=None if attention is None else with_margins(attention, self.figure, self.size),
        )

    def share_of(self, gap: float | None) -> float:
        """Return a gap in pixels as a share of the shorter side; the usual one for None."""
        return GAP if gap is None else gap / min(self.size)

    def regions(self, gap: float | None = None, edits: tuple[RegionEdit, ...] = ()) -> RegionMap:
        """Return the regions between the lines.

        Openings wider than the gap are closed, too, where the network sees different colours on both sides.

        Args:
            gap: widest gap in a line that is always closed, in pixels; 1.2 % of the shorter side if left out.
            edits: merges and splits, taken one after the other.
        """
        share = self.share_of(gap)
        if share not in self.known:
            found = map_regions(self.grey, share)
            self.known[share] = divide_at_openings(found, self.clues, self.grey, share)
        return self._edits_of(gap).after(edits) if edits else self.known[share]

    def idle_edits(self, gap: float | None, edits: tuple[RegionEdit, ...]) -> int:
        """Return how many edits change nothing; see `regions`."""
        return self._edits_of(gap).idle(edits)

    def _edits_of(self, gap: float | None) -> EditedRegions:
        share = self.share_of(gap)
        if share not in self._edited:
            self._edited[share] = EditedRegions(self.regions(gap), self.size)
        return self._edited[share]

    def evidence(
        self,
        gap: float | None = None,
        palette: Palette | None = None,
        edits: tuple[RegionEdit, ...] = (),
    ) -> Evidence:
        """Return what decisions rest on; the last ones that were asked for are kept.

        Args:
            gap: see `regions`.
            palette: the only colours to choose from; the references' own if left out.
            edits: see `regions`.
        """
        key = self.share_of(gap), edits, tuple(palette.hexes if palette else ())
        found = self._evidence.get(key)
        if found is None:
            if palette is None:
                found = gather_evidence(self.clues, self.grey, self.regions(gap, edits))
            else:
                found = self.evidence(gap, edits=edits).in_palette(palette)
        _keep(self._evidence, key, found)
        return found

    def decide(
        self,
        fixes: Sequence[Fix] = (),
        *,
        alike: bool = False,
        gap: float | None = None,
        palette: Palette | None = None,
        edits: tuple[RegionEdit, ...] = (),
    ) -> Decision:
        """Choose the colour of every region.

        Args:
            fixes: certain when the others are decided; of two in one region the later one counts.
            alike: whether a fix also holds for the regions that had the same colour as its own before.
            gap: see `evidence`.
            palette: see `evidence`; what a fix gives need not be in it.
            edits: see `regions`.

        Raises:
            UsageError: a fix outside of the drawing, on a line, or with a number that the palette lacks.
        """
        evidence = self.evidence(gap, palette, edits)
        if not fixes:
            return decide(evidence)
        given: dict[int, Color] = {}
        regions = RegionRows(evidence.labels, self.size)
        for fix in fixes:
            fix.check(self.grey)
            region = regions.at(fix.y, fix.x)
            given.pop(region, None)
            given[region] = fix.rgb(evidence.palette)
        return decide(evidence, _alike(decide(evidence).chosen, given) if alike else given)


def _keep(kept: dict[K, V], key: K, value: V) -> None:
    """Keep a value as the last used one, and forget those that have not been used for long."""
    kept.pop(key, None)
    kept[key] = value
    while len(kept) > _KEPT:
        del kept[next(iter(kept))]


def _alike(chosen: NDArray[np.int32], given: dict[int, Color]) -> dict[int, Color]:
    """Give the colours of single regions to all that had the same number before; given ones stay."""
    more: dict[int, Color] = {}
    for region, color in given.items():
        same = np.flatnonzero(chosen == chosen[region])
        more.update((other, color) for other in same.tolist() if other > 0)
    return more | given
