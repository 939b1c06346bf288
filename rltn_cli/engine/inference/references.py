"""References: from pictures of them to what the network sees, and their palette."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import torch

from rltn_cli.choices import MarginMode
from rltn_cli.engine.inference.clues import ReferenceColors, palette_colors
from rltn_cli.errors import UsageError
from rltn_cli.imaging.canvas import fit_reference
from rltn_cli.imaging.colors.palette import read_palette
from rltn_cli.imaging.drawings.appearance import is_grey
from rltn_cli.imaging.files.pictures import Picture, PictureSource, read_picture
from rltn_cli.imaging.margins import find_figure
from rltn_cli.imaging.pixels import Bytes, to_eight_bit
from rltn_cli.models.painted import ReferenceTokens
from rltn_cli.painting.finish import no_correspondence
from rltn_cli.sizes import PATCH, WEIGHT_LEAST, WEIGHT_MOST

_log = logging.getLogger(__name__)

Source: TypeAlias = PictureSource | Picture


@dataclass(frozen=True, slots=True, eq=False)
class FittedReferences:
    """References as the network sees them."""

    pictures: tuple[Bytes, ...]
    """Each (H', W', 3) uint8 RGB."""
    colors: ReferenceColors
    """The palette, and where it lies in the pictures."""
    size: int
    """Pixels of the shorter side."""
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class References(FittedReferences):
    """Encoded references, for any number of sketches."""

    tokens: ReferenceTokens
    weights: tuple[float, ...] | None = None
    """How likely each is to be matched; None for equally likely."""

    def with_weights(self, weights: Sequence[float]) -> "References":
        """Return the same, some references more likely to be matched than others.

        Args:
            weights: one per reference, above 0; 2 makes a match twice as likely.

        Raises:
            UsageError: another number of weights than of references, a weight out of range, or a network
                that matches nothing.
        """
        check_weights(weights, len(self.pictures))
        if not self.tokens.patches.shape[2]:
            raise no_correspondence("this network", "a reference's weight")
        counts = [picture.shape[0] * picture.shape[1] // PATCH**2 for picture in self.pictures]
        logarithms = torch.tensor(weights, dtype=torch.float32).log()
        bias = logarithms.repeat_interleave(torch.tensor(counts))[None].to(self.tokens.style.device)
        return replace(self, tokens=replace(self.tokens, bias=bias), weights=tuple(weights))


def check_weights(weights: Sequence[float], count: int) -> None:
    """Refuse weights whose number does not match `count` references; see `References.with_weights`."""
    if len(weights) != count:
        raise UsageError(f"{len(weights)} weights for {count} references: give one per reference, in order")
    for weight in weights:
        if not WEIGHT_LEAST <= weight <= WEIGHT_MOST:
            raise UsageError(
                f"a reference's weight must be from {WEIGHT_LEAST:g} to {WEIGHT_MOST:g}, not {weight:g}"
            )


def fit_references(references: Source | Sequence[Source], size: int, margins: MarginMode) -> FittedReferences:
    """Read references, fit them to the network's size, and find their palette.

    Args:
        references: one or several.
        size: pixels of the shorter side.
        margins: what becomes of wide blank margins; see `DrawingOptions`.

    Raises:
        PictureError: a picture that cannot be read or is too small.
        UsageError: no reference.
    """
    sources = as_list(references)
    if not sources:
        raise UsageError("no reference: name at least one picture whose colours to use")
    fitted, seen, names = [], [], []
    for picture in map(read_source, sources):
        names.append(picture.name)
        color = to_eight_bit(picture.flatten())
        figure = find_figure(color) if margins == "auto" else None
        seen.append(figure.cut(color) if figure else color)
        fitted.append(fit_reference(seen[-1], size, picture.name)[0])
        grey = (f"{picture.name}: is grey; a reference without colours gives none",)
        for notice in (*picture.notices, *(grey if is_grey(color) else ())):
            _log.warning("%s", notice)
    colors = palette_colors(read_palette(seen), fitted)
    return FittedReferences(tuple(fitted), colors, size, tuple(names))


def as_list(references: Source | Sequence[Source]) -> list[Source]:
    """Return one or several references as a list."""
    if isinstance(references, Sequence) and not isinstance(references, str | bytes):
        return list(references)
    return [references]


def count_pixels(pictures: Sequence[Bytes]) -> int:
    """Return how many pixels pictures have together."""
    return sum(picture.shape[0] * picture.shape[1] for picture in pictures)


def read_source(source: Source, *, page: int = 1) -> Picture:
    """Read a picture, or a page of a file, unless that was done."""
    return source if isinstance(source, Picture) else read_picture(source, page=page)
