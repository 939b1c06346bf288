"""A painting: a drawing and all that the network said about it, from which every finish is made."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.decision import Decision, decide
from rltn_cli.imaging.evidence import Clues, Evidence, RegionMap, gather_evidence, map_regions
from rltn_cli.imaging.flat_painting import RegionRows
from rltn_cli.imaging.flats import GAP
from rltn_cli.imaging.margins import Box, with_margins
from rltn_cli.imaging.palette import Color, Palette
from rltn_cli.imaging.pixels import Bytes, Floats, Pixels
from rltn_cli.painting.fixes import Fix


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
    _evidence: dict[tuple[float, tuple[str, ...]], Evidence] = field(default_factory=dict, repr=False)

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

    def regions(self, gap: float | None = None) -> RegionMap:
        """Return the regions between the lines, with gaps of up to `gap` pixels closed."""
        share = self.share_of(gap)
        if share not in self.known:
            self.known[share] = map_regions(self.grey, share)
        return self.known[share]

    def evidence(self, gap: float | None = None, palette: Palette | None = None) -> Evidence:
        """Return what decisions rest on; it is gathered once for a gap and a palette.

        Args:
            gap: widest gap in a line that is closed, in pixels; 1.2 % of the shorter side if left out.
            palette: the only colours to choose from; the references' own if left out.
        """
        key = self.share_of(gap), tuple(palette.hexes if palette else ())
        if key not in self._evidence:
            if palette is None:
                self._evidence[key] = gather_evidence(self.clues, self.grey, regions=self.regions(gap))
            else:
                self._evidence[key] = self.evidence(gap).in_palette(palette)
        return self._evidence[key]

    def decide(
        self,
        fixes: Sequence[Fix] = (),
        *,
        alike: bool = False,
        gap: float | None = None,
        palette: Palette | None = None,
    ) -> Decision:
        """Choose the colour of every region.

        Args:
            fixes: certain when the others are decided; of two in one region the later one counts.
            alike: whether a fix also holds for the regions that had the same colour as its own before.
            gap: see `evidence`.
            palette: see `evidence`; what a fix gives need not be in it.

        Raises:
            UsageError: a fix outside of the drawing, on a line, or with a number that the palette lacks.
        """
        evidence = self.evidence(gap, palette)
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


def _alike(chosen: NDArray[np.int32], given: dict[int, Color]) -> dict[int, Color]:
    """Give the colours of single regions to all that had the same number before; given ones stay."""
    more: dict[int, Color] = {}
    for region, color in given.items():
        same = np.flatnonzero(chosen == chosen[region])
        more.update((other, color) for other in same.tolist() if other > 0)
    return more | given
