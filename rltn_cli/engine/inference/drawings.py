"""Drawings: from a picture of one to what the network sees of it, and how a user wants that done."""

from dataclasses import dataclass
from typing import get_args

from rltn_cli.choices import PENCIL, AlphaMode, MarginMode, PaperMode
from rltn_cli.errors import UsageError
from rltn_cli.imaging.canvas import Fit, fit_sketch, plan_fit
from rltn_cli.imaging.drawings.appearance import is_painted
from rltn_cli.imaging.drawings.sketch import prepare_sketch
from rltn_cli.imaging.files.pictures import Picture
from rltn_cli.imaging.margins import KEPT, Box, find_figure
from rltn_cli.imaging.pixels import Bytes, Pixels, to_eight_bit


@dataclass(frozen=True, slots=True)
class DrawingOptions:
    """How a drawing is read and cleaned."""

    alpha: AlphaMode = "auto"
    """`keep` or `drop` its transparency; `auto` keeps that of a cut-out."""
    paper: PaperMode = "auto"
    """`auto` levels paper that is not white; `keep` leaves it."""
    drop_pencil: str | None = None
    """Pencil under the ink that is left out: `blue`, `red`, or a colour as `#rrggbb`."""
    margins: MarginMode = "auto"
    """`auto` leaves wide blank margins, of the drawing and its references, out of what the network sees."""
    page: int = 1
    """Which page or frame of a file that has several."""
    extract: bool = False
    """Whether the drawing is a colour picture, whose lines are drawn first."""

    def check(self) -> None:
        """Refuse options that are out of range.

        Raises:
            UsageError: as above.
        """
        for name, value, known in (
            ("alpha", self.alpha, AlphaMode),
            ("paper", self.paper, PaperMode),
            ("margins", self.margins, MarginMode),
        ):
            if value not in get_args(known):
                raise UsageError(f"{name} must be one of {', '.join(get_args(known))}, not {value}")
        if self.page < 1:
            raise UsageError(f"page must be 1 or more, not {self.page}")
        if self.drop_pencil is not None and not PENCIL.fullmatch(self.drop_pencil):
            raise UsageError(
                f"drop_pencil must be blue, red or a colour such as #6fa8dc, not {self.drop_pencil!r}"
            )


AS_USUAL = DrawingOptions()


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """A drawing, read and ready for the network."""

    ink: Pixels
    """(H, W, 3) the artist's pixels on white paper, uint8 or uint16."""
    grey: Bytes
    """(H, W) the same in grey, black lines on white."""
    alpha: Pixels | None
    """(H, W) what the result gets back; None for an opaque result."""
    canvas: Bytes
    """(h, w) what the network sees."""
    fit: Fit
    """How the drawing, or the figure in it, was brought to the canvas."""
    figure: Box | None
    """The part of the drawing that is on the canvas; None for all."""
    dpi: tuple[float, float] | None
    notices: tuple[str, ...]
    name: str
    options: DrawingOptions
    """How it was read."""


def prepare_drawing(picture: Picture, size: int, options: DrawingOptions) -> Drawing:
    """Clean a drawing, and bring it to the network's size.

    Args:
        picture: as it was read.
        size: pixels of the shorter side for the network.
        options: how it is cleaned.

    Raises:
        PictureError: it is too small or blank.
    """
    plan_fit(picture.size, size, picture.name)  # refuses what is too small before looking closer
    sketch = prepare_sketch(picture, options.alpha, paper=options.paper, pencil=options.drop_pencil)
    notices = (*picture.notices, *sketch.notices)
    if not options.extract and is_painted(to_eight_bit(sketch.ink)):
        notices += (
            f"{picture.name}: looks like a colour picture or a photo, not like a line drawing; draw its "
            "lines with rltn extract-lines first, or pass --extract",
        )
    figure = find_figure(sketch.grey, kept=KEPT) if options.margins == "auto" else None
    grey = sketch.grey if figure is None else figure.cut(sketch.grey)
    canvas, fit = fit_sketch(grey, size, picture.name)
    return Drawing(
        sketch.ink,
        sketch.grey,
        sketch.alpha,
        canvas,
        fit,
        figure,
        picture.dpi,
        notices,
        picture.name,
        options,
    )
