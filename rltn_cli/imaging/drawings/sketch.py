"""Sketches: drawings read from files and cleaned to dark lines on white paper.

A drawing comes as ink on transparency, as an opaque cut-out, as white lines on black, or as a photo of a page
under a lamp; afterwards it is black lines on white, without shadow, with the alpha that the result gets back.
"""

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.choices import AlphaMode, PaperMode
from rltn_cli.errors import PictureError
from rltn_cli.imaging.drawings.paper import find_page
from rltn_cli.imaging.drawings.pencil import drop_pencil
from rltn_cli.imaging.files.pictures import Picture
from rltn_cli.imaging.pixels import Bytes, Pixels, percentiles, shrink_grey, to_eight_bit, top_value

Mask: TypeAlias = NDArray[np.bool_]

_PALE = 200
"""A drawing whose lightest places are darker than this has no white."""
_BLANK = 16
"""A sketch whose darkest place differs from white by less than this is blank."""


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """A drawing, ready to paint."""

    ink: Pixels
    """(H, W, 3) the artist's pixels on white paper, uint8 or uint16; multiplied on the result."""
    grey: Bytes
    """(H, W) the same for the network: black lines on white, coloured lines dark too."""
    alpha: Pixels | None
    """(H, W) of `ink`'s type, to be restored in the result; None for an opaque result."""
    notices: tuple[str, ...] = ()
    """What was changed, for the user."""


def prepare_sketch(
    picture: Picture, alpha: AlphaMode = "auto", *, paper: PaperMode = "auto", pencil: str | None = None
) -> Sketch:
    """Clean a drawing.

    Args:
        picture: as it was read.
        alpha: `keep` restores the file's transparency in the result, `drop` makes the result opaque; `auto`
            restores it where an opaque figure was cut out, and not where only the ink is opaque.
        paper: `auto` levels paper that is not white, `keep` leaves it as it is.
        pencil: what to drop from under the ink: `blue`, `red`, or a colour as `#rrggbb`; None keeps all.

    Raises:
        PictureError: the drawing is blank.
    """
    notices: list[str] = []
    kept: Pixels | None = None
    if picture.alpha is None:
        ink = picture.pixels
    elif _is_blank(ink_darkness(flat := picture.flatten())):
        ink = np.repeat(top_value(picture.alpha) - picture.alpha[..., None], 3, axis=2)
        if not _is_blank(ink_darkness(ink)) and ink.min() < ink.max():
            notices.append(f"{picture.name}: light ink on transparency is taken for black ink")
        else:
            ink = flat
    else:
        cut_out = is_cut_out(picture.pixels, picture.alpha)
        if alpha == "keep" or (alpha == "auto" and cut_out):
            kept = picture.alpha
        ink = flat if kept is None else _opaque_under(picture.pixels, picture.alpha)
    grey = ink_darkness(ink)
    if is_inverted(grey):
        ink = np.repeat((top_value(ink) - ink.max(axis=2))[..., None], 3, axis=2)
        notices.append(f"{picture.name}: white lines on black are taken for black lines on white")
        grey = ink_darkness(ink)
    if paper == "auto":
        page = find_page(ink, grey)
        if page is not None:
            ink = page.whiten(ink, grey)
            grey = ink_darkness(ink)
            notices.append(f"{picture.name}: the {'dark ' * page.is_dark}paper is levelled to white")
        elif percentiles(grey, 99)[0] < _PALE:
            notices.append(f"{picture.name}: it has no white, and shows too little paper to be levelled")
    if pencil:
        bare = drop_pencil(ink, pencil)
        if bare is None:
            notices.append(f"{picture.name}: it shows no {pencil} pencil to drop")
        else:
            ink, grey = bare, ink_darkness(bare)
    if _is_blank(grey):
        raise PictureError(f"{picture.name}: the sketch is blank; there is nothing to paint")
    return Sketch(ink, _strengthen(grey), kept, tuple(notices))


def ink_darkness(pixels: Pixels) -> Bytes:
    """Return a drawing in grey, in which lines of every colour are dark.

    Args:
        pixels: (H, W, 3), uint8 or uint16.

    Returns:
        (H, W) uint8: the mean of the lightness and of the darkest channel.
    """
    eight = to_eight_bit(pixels)
    darkest = cv2.min(cv2.min(eight[..., 0], eight[..., 1]), eight[..., 2])
    return np.asarray(
        cv2.addWeighted(cv2.cvtColor(eight, cv2.COLOR_RGB2GRAY), 0.5, darkest, 0.5, 0), np.uint8
    )


def is_cut_out(pixels: Pixels, alpha: Pixels) -> bool:
    """Distinguish an opaque cut-out figure from ink on transparency.

    A cut-out is opaque over light areas that are wider than any line; ink is opaque only where it is drawn.

    Args:
        pixels: (H, W, 3), not multiplied by alpha.
        alpha: (H, W) of the same type.
    """
    grey, opaque = ink_darkness(pixels), to_eight_bit(alpha) >= 128
    light = (opaque & (grey >= 128)).astype(np.uint8)
    return bool(_open(light).sum() > 0.2 * opaque.sum())


def _open(mask: Bytes) -> Bytes:
    """Remove from a mask of 0 and 1 what is narrower than about 1.5 % of the shorter side."""
    width = max(3, round(0.015 * min(mask.shape)) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel, borderValue=0), np.uint8)


def _opaque_under(pixels: Pixels, alpha: Pixels) -> Pixels:
    """Return a cut-out's own pixels, white where nothing of them shows; half-transparent edges stay."""
    result = pixels.copy()
    result[alpha == 0] = top_value(pixels)
    return result


def is_inverted(grey: Bytes) -> bool:
    """Return whether lines are white on black: the light parts are few and thin, and the border is dark.

    Args:
        grey: (H, W).
    """
    small = shrink_grey(grey, 1024)
    low, middle, high = percentiles(small, 2, 50, 99.8)
    if high - low < 48 or middle > 110:
        return False
    light = (small > (low + high) / 2).astype(np.uint8)
    share = float(light.mean())
    border = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    return share < 0.35 and border.mean() < 0.35 and float(_open(light).sum()) < 0.35 * light.sum()


def _is_blank(grey: Bytes) -> bool:
    """Return whether nothing is drawn: no place is darker than another, or than white paper."""
    small = cv2.blur(grey, (2, 2))
    return int(small.max()) - int(small.min()) < _BLANK


def _strengthen(grey: Bytes) -> Bytes:
    """Darken faint lines for the network, so that the darkest half percent comes near black."""
    (darkest,) = percentiles(grey, 0.5)
    if darkest <= 60:
        return grey
    gain = min(3.0, 195 / max(1.0, 255 - darkest))
    return np.asarray(np.rint(255 - np.minimum((255.0 - grey) * gain, 255)), np.uint8)
