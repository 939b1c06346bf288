"""From a painting to a finished picture."""

from dataclasses import dataclass, replace
from typing import get_args

import numpy as np

from rltn_cli.choices import Finish, Lines
from rltn_cli.errors import UsageError
from rltn_cli.imaging.colors.decision import Decision
from rltn_cli.imaging.colors.palette import Palette
from rltn_cli.imaging.finishes.finish_choice import choose_finish
from rltn_cli.imaging.finishes.finishing import DECIDED, lay_lines, under_lines
from rltn_cli.imaging.pixels import Bytes, Pixels, top_value
from rltn_cli.imaging.regions.flats import GAP, Mask
from rltn_cli.painting.fixes import Fix
from rltn_cli.painting.painting import Painting
from rltn_cli.painting.region_edits import RegionEdit, check_edits
from rltn_cli.painting.transparency import multiply_alphas, paper_mask, remove_paper
from rltn_cli.sizes import GAP_MAXIMUM


@dataclass(frozen=True, slots=True)
class FinishOptions:
    """How a painting is finished."""

    finish: Finish = "auto"
    """How colours are brought to the drawing; see `rltn_cli.choices.FINISHES`."""
    lines: Lines = "keep"
    """Whose lines lie on top: `keep` the artist's own, those of the `network`, or `none`."""
    gap: float | None = None
    """Widest gap in a line that bounds a flat, in pixels of the drawing; None is 1.2 % of the shorter."""
    palette: Palette | None = None
    """The only colours that flats take; None are those of the references."""
    fixes: tuple[Fix, ...] = ()
    """Colours that are given to single regions."""
    fix_alike: bool = False
    """Whether they also hold for the regions that would have had the same colour."""
    transparent_paper: bool = False
    """Whether white regions at the edge become transparent, in addition to the drawing's own alpha."""
    edits: tuple[RegionEdit, ...] = ()
    """Merges and splits of regions, in order."""

    def check(self) -> None:
        """Refuse options that are out of range.

        Raises:
            UsageError: as above.
        """
        if self.gap is not None and not 0 <= self.gap <= GAP_MAXIMUM:
            raise UsageError(f"gap must be from 0 to {GAP_MAXIMUM} pixels, not {self.gap:g}")
        for name, value, known in (("finish", self.finish, Finish), ("lines", self.lines, Lines)):
            if value not in get_args(known):
                raise UsageError(f"{name} must be one of {', '.join(get_args(known))}, not {value}")
        if self.fixes and self.finish == "raw":
            raise UsageError(
                "raw is the network's own picture, without regions to fix: choose another finish"
            )

    def without_votes(self, method: str) -> tuple["FinishOptions", tuple[str, ...]]:
        """Choose the finish for a network that has no votes for the colours of regions.

        Args:
            method: the network's name.

        Returns:
            (options, notices): `paint` in place of `auto`, and why.

        Raises:
            UsageError: what was asked for rests on votes.
        """
        asked = {
            f"finish {self.finish}": self.finish in DECIDED,
            "palette": self.palette is not None,
            "a fix": bool(self.fixes),
            "transparent_paper": self.transparent_paper,
        }
        for name, given in asked.items():
            if given:
                raise no_correspondence(method, name)
        if self.finish != "auto":
            return self, ()
        reason = f"painted as --finish paint: {method} has no correspondence, by which regions would choose"
        return replace(self, finish="paint"), (reason,)

    @property
    def decides(self) -> bool:
        """Whether the colours of regions are to be decided."""
        return self.finish in DECIDED or bool(self.fixes) or self.transparent_paper

    @property
    def looks_at_regions(self) -> bool:
        """Whether the regions between the lines matter, and therefore what the network attends to in them."""
        return self.finish != "raw" or self.decides

    def resolve(self, grey: Bytes) -> tuple["FinishOptions", tuple[str, ...]]:
        """Choose the finish where it is `auto`.

        Args:
            grey: (H, W), black lines on white.

        Returns:
            (options, notices): with another finish than `auto`, and why.
        """
        if self.finish != "auto":
            return self, ()
        share = GAP if self.gap is None else self.gap / min(grey.shape)
        finish, reason = choose_finish(grey, share)
        return replace(self, finish=finish), (reason,)


def no_correspondence(method: str, what: str) -> UsageError:
    """Return the error about something that only a network with correspondence can give."""
    instead = "finish paint or raw, or an RLTN model" if what.startswith("finish ") else "an RLTN model"
    return UsageError(
        f"{what} needs the correspondence between drawing and reference, which {method} does not have: "
        f"use {instead}"
    )


FINISHED_AS_USUAL = FinishOptions()


@dataclass(frozen=True, eq=False)
class Finished:
    """A finished picture, and how it came about."""

    painting: Painting
    options: FinishOptions
    """With the finish that was done, never `auto`."""
    image: Pixels
    """(H, W, 3) RGB or (H, W, 4) RGBA, of the drawing's depth."""
    decision: Decision | None
    """On the regions, where the finish or a fix asked for one."""
    paper: Mask | None
    """(H, W): where paper was left out; None where none was."""
    notices: tuple[str, ...]
    """What a user should know."""


def finish_painting(painting: Painting, options: FinishOptions) -> Finished:
    """Bring a painting to the drawing's own size, under its lines.

    Raises:
        UsageError: an option out of range, or an invalid fix.
    """
    options.check()
    check_edits(options.edits, painting.size)
    options, notices = options.resolve(painting.grey)
    finish, decision = options.finish, None
    if options.decides:
        decision = decision_of(painting, options)
        if options.edits and (idle := painting.idle_edits(options.gap, options.edits)):
            notices += (f"{idle} of {len(options.edits)} merges and splits change nothing with this gap",)
        if options.palette is not None:
            notices += (_distance(painting.palette, options.palette),)
    clues = painting.clues
    paint = under_lines(clues, painting.grey, finish, decision)
    image = lay_lines(paint, clues, painting.ink, finish=finish, lines=options.lines)
    paper = None
    if options.transparent_paper and decision is not None:
        paper = paper_mask(decision, painting.size)
        if paper is None:
            notices += ("no white region lies at the picture's edge: there is no paper to leave out",)
        else:
            image = remove_paper(image, lines_on_white(painting, options, decision), paper)
    if painting.alpha is not None:
        alpha = painting.alpha if image.shape[2] == 3 else multiply_alphas(image[..., 3], painting.alpha)
        image = np.dstack([image[..., :3], alpha])
    return Finished(painting, options, image, decision, paper, notices)


def decision_of(painting: Painting, options: FinishOptions) -> Decision:
    """Return what is decided on a painting's regions with these options; errors as `Painting.decide`."""
    return painting.decide(
        options.fixes,
        alike=options.fix_alike,
        gap=options.gap,
        palette=options.palette,
        edits=options.edits,
    )


def lines_on_white(painting: Painting, options: FinishOptions, decision: Decision | None) -> Pixels:
    """Return the lines that lie on a finished picture, alone on white: (H, W, 3) of the drawing's depth."""
    ink, clues, finish = painting.ink, painting.clues, options.finish
    if options.lines == "keep":
        return ink.copy()
    top = top_value(ink)
    if options.lines == "none" or finish == "raw":
        return np.full_like(ink, top)
    paint = under_lines(clues, painting.grey, finish, decision)
    bare = lay_lines(paint, clues, ink, finish=finish, lines="none").astype(np.float32)
    lined = lay_lines(paint, clues, ink, finish=finish, lines="network")
    share = np.minimum(lined / np.maximum(bare, 1), 1)
    return np.asarray(np.rint(top * share), ink.dtype)


def _distance(own: Palette, palette: Palette) -> str:
    """Say how far the references' colours are from those of a palette."""
    away = [distance for _, distance in own.distances_to(palette)]
    farthest = int(np.argmax(away))
    return (
        f"the references' colours are {np.mean(away):.0f} from the palette's on average (CIE76), "
        f"{own.hexes[farthest]} is {away[farthest]:.0f} from any"
    )
