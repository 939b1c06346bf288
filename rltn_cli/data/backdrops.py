"""What surrounds the figures of a sample: a backdrop behind them, another figure next to the reference's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from rltn_cli.data.augmentation import Deformation, deform
from rltn_cli.imaging.pixels import Bytes

BackdropKind = Literal["flat", "gradient", "picture"]

NEAR_WHITE = 245
"""Every channel of paper is at least this."""
_INK = 128
"""Grey of line art below which a pixel bounds the paper."""
LEAST_PAPER = 0.1
"""Share of paper from which a picture can be given a backdrop or a companion."""
FULL_BLEED = 0.02
"""Share of paper up to which a picture can be the backdrop of another one."""
KIND_ODDS = (0.35, 0.2, 0.45)
"""Probabilities of the kinds of backdrop, in the order of BackdropKind."""
SAME_PLACE = 1 / 3
"""Probability that drawing and reference stand in front of the same place, as in pages of one comic."""
BEHIND_BOTH = 0.8
"""Probability that a backdrop lies behind both; otherwise it lies behind one of them, either as likely."""
SMALLEST_PIECE = 0.4
"""Smallest width of what is cut from a picture for a backdrop, in picture widths."""
TURN = 0.3
"""Standard deviation of the angle between the gradients behind drawing and reference, in radians."""
FIGURE_EIGHTHS = 5
"""Size of each of two figures side by side, in eighths of the page: they overlap a little."""


def find_paper(color: Bytes, line: Bytes, figure: Bytes | None = None) -> Bytes:
    """Find the blank paper around a figure: near white, connected to the border, bounded by lines.

    Args:
        color: (H, W, 3) RGB.
        line: (H, W) black lines on white.
        figure: (h, w), above 0 where the figure is known to be; any height and width.

    Returns:
        (H, W) 255 on paper and 0 elsewhere.
    """
    height, width = line.shape
    blank = (color.min(axis=2) >= NEAR_WHITE) & (line >= _INK)
    if figure is not None and figure.any():
        known = cv2.resize((figure > 0).astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
        blank &= known == 0
    # a frame of paper connects all paper at the border
    framed = np.ones((height + 2, width + 2), np.uint8)
    framed[1:-1, 1:-1] = blank
    _, labels = cv2.connectedComponents(framed, connectivity=4)
    outside = (labels[1:-1, 1:-1] == labels[0, 0]) & blank
    return np.asarray(outside * np.uint8(255), np.uint8)


@dataclass(frozen=True, slots=True)
class Backdrop:
    """What lies behind a drawing's figure and its reference's."""

    kind: BackdropKind
    colors: tuple[tuple[float, ...], tuple[float, ...]]
    """Two colours (RGB in [-1, 1]) of a gradient; a flat one has the first."""
    angles: tuple[float, float]
    """Direction of the gradient behind the drawing and behind the reference, in radians."""
    pictures: tuple[int, ...]
    """Numbers of pictures to cut from: the first that fills its page is taken."""
    crops: tuple[Deformation, Deformation]
    """What is cut from it for the drawing and for the reference."""
    behind: tuple[bool, bool]
    """Whether it lies behind the drawing, and behind the reference."""

    @classmethod
    def draw(cls, rng: np.random.Generator, pictures: Sequence[int]) -> "Backdrop":
        """Draw a backdrop; one of the kind `picture` is cut from one of `pictures`."""
        kinds: tuple[BackdropKind, ...] = get_args(BackdropKind)
        kind = kinds[int(rng.choice(len(kinds), p=KIND_ODDS))]
        colors = rng.uniform(-1, 1, (2, 3))
        angle = rng.uniform(-np.pi, np.pi)
        first = Deformation.crop(rng, SMALLEST_PIECE)
        second = first if rng.random() < SAME_PLACE else Deformation.crop(rng, SMALLEST_PIECE)
        both = rng.random() < BEHIND_BOTH
        drawing = both or rng.random() < 0.5
        return cls(
            kind=kind,
            colors=(tuple(colors[0].tolist()), tuple(colors[1].tolist())),
            angles=(float(angle), float(angle + rng.normal(0, TURN))),
            pictures=tuple(pictures),
            crops=(first, second),
            behind=(drawing, both or not drawing),
        )


def fill_backdrop(
    backdrop: Backdrop, kind: BackdropKind, side: int, color: Tensor, line: Tensor
) -> tuple[Tensor, Tensor]:
    """Return what lies behind one of the two pictures: colours (3, S, S) and lines (1, S, S) in [-1, 1].

    Args:
        backdrop: what was drawn.
        kind: of the backdrop; it differs from the one drawn where there is nothing to cut from.
        side: 0 for the drawing, 1 for the reference.
        color: (3, S, S) the picture to cut from; for the other kinds it only gives size and device.
        line: (1, S, S) its line art.
    """
    size = color.shape[1]
    first, second = (color.new_tensor(value)[:, None, None] for value in backdrop.colors)
    if kind == "picture":
        crop = [backdrop.crops[side]]
        return deform(color[None], crop)[0], deform(line[None], crop)[0]
    blank = torch.ones_like(line)
    if kind == "flat":
        return first.expand(3, size, size), blank
    steps = torch.linspace(-1, 1, size, device=color.device)
    angle = backdrop.angles[side]
    ramp = np.cos(angle) * steps[None, :] + np.sin(angle) * steps[:, None]
    return torch.lerp(first, second, (ramp * 0.5 + 0.5).clamp(0, 1)[None]), blank


def place_beside(
    color: Tensor, paper: Tensor, coords: Tensor, other: Tensor, *, left: bool
) -> tuple[Tensor, Tensor]:
    """Put a figure on one side of a page and another on the other side, the first in front.

    Both are reduced and stand on the lower edge.

    Args:
        color: (3, S, S) in [-1, 1] of the first figure.
        paper: (1, S, S) bool, where its picture is paper.
        coords: (4, s, s) of the first figure; see `PairStore`.
        other: (3, S, S) of the second figure.
        left: whether the first stands on the left.

    Returns:
        The page (3, S, S), and its coords (4, s, s), zero where the first picture is not.
    """
    size, coords_size = color.shape[1], coords.shape[1]
    part, coords_part = size * FIGURE_EIGHTHS // 8, coords_size * FIGURE_EIGHTHS // 8

    def shrink(picture: Tensor) -> Tensor:
        return F.interpolate(picture[None].float(), size=(part, part), mode="area")[0]

    def side(whole: int, length: int, *, on_left: bool) -> slice:
        return slice(0, length) if on_left else slice(whole - length, whole)

    page, page_coords = torch.ones_like(color), torch.zeros_like(coords)
    rows, columns = slice(size - part, size), side(size, part, on_left=left)
    page[:, rows, side(size, part, on_left=not left)] = shrink(other)
    figure = shrink(paper) < 0.5
    page[:, rows, columns] = torch.where(figure, shrink(color), page[:, rows, columns])
    nearest = F.interpolate(coords[None].float(), size=(coords_part, coords_part), mode="nearest")[0]
    coords_columns = side(coords_size, coords_part, on_left=left)
    page_coords[:, coords_size - coords_part :, coords_columns] = nearest.to(coords.dtype)
    return page, page_coords
