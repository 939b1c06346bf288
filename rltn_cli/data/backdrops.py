"""Backdrops behind figures: the same one, more or less, behind a drawing and its reference."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

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
"""Share of paper from which a picture can take a backdrop."""
FULL_BLEED = 0.02
"""Share of paper up to which a picture can be another one's backdrop."""


def find_paper(color: Bytes, line: Bytes, figure: Bytes | None = None) -> Bytes:
    """Find the blank paper around a figure: near white, joined to the border, bounded by lines.

    Args:
        color: (H, W, 3) RGB.
        line: (H, W) black lines on white.
        figure: (h, w), above 0 where the figure is known to be; of any size.

    Returns:
        (H, W) 255 on paper and 0 elsewhere.
    """
    height, width = line.shape
    blank = (color.min(axis=2) >= NEAR_WHITE) & (line >= _INK)
    if figure is not None and figure.any():
        known = cv2.resize((figure > 0).astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
        blank &= known == 0
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
    """Numbers of pictures to cut from: the first that is no figure on blank paper is taken."""
    crops: tuple[Deformation, Deformation]
    """What is cut from it for the drawing and for the reference."""
    behind: tuple[bool, bool]
    """Whether it lies behind the drawing, and behind the reference."""

    @classmethod
    def draw(cls, rng: np.random.Generator, pictures: Sequence[int]) -> "Backdrop":
        """Draw a backdrop; it is cut from one of `pictures`, if it is cut."""
        kinds: tuple[BackdropKind, ...] = ("flat", "gradient", "picture")
        kind = kinds[int(rng.choice(3, p=(0.35, 0.2, 0.45)))]
        colors = rng.uniform(-1, 1, (2, 3))
        angle = rng.uniform(-np.pi, np.pi)
        # the same place for the two a third of the time, as with pages of one comic
        first = Deformation.crop(rng, 0.4)
        second = first if rng.random() < 1 / 3 else Deformation.crop(rng, 0.4)
        both = rng.random() < 0.8
        drawing = both or rng.random() < 0.5
        return cls(
            kind=kind,
            colors=(tuple(colors[0].tolist()), tuple(colors[1].tolist())),
            angles=(float(angle), float(angle + rng.normal(0, 0.3))),
            pictures=tuple(pictures),
            crops=(first, second),
            behind=(drawing, both or not drawing),
        )


def fill_backdrop(
    backdrop: Backdrop, kind: BackdropKind, side: int, color: Tensor, line: Tensor
) -> tuple[Tensor, Tensor]:
    """Return what lies behind one of the two pictures: colours (3, S, S) and lines (1, S, S) in [-1, 1].

    Args:
        backdrop: what to make.
        kind: of it, which may be another than was drawn, where there is nothing to cut from.
        side: 0 for the drawing, 1 for the reference.
        color: (3, S, S) the picture that is cut from.
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


def beside(
    color: Tensor, paper: Tensor, coords: Tensor, other: Tensor, *, left: bool
) -> tuple[Tensor, Tensor]:
    """Put a figure on one side of a page and another on the other side, the first in front.

    Args:
        color: (3, S, S) in [-1, 1] of the first figure.
        paper: (1, S, S) bool, where it is paper.
        coords: (4, s, s) of the first figure; see `PairStore`.
        other: (3, S, S) of the second figure.
        left: whether the first stands on the left.

    Returns:
        The page (3, S, S), and its coords (4, s, s), zero where the first figure is not.
    """
    size, small = color.shape[1], coords.shape[1]
    part, part_small = size * 5 // 8, small * 5 // 8

    def shrink(picture: Tensor) -> Tensor:
        return F.interpolate(picture[None].float(), size=(part, part), mode="area")[0]

    page, marks = torch.ones_like(color), torch.zeros_like(coords)
    columns, apart = (slice(0, part), slice(size - part, size))
    marked = slice(0, part_small)
    if not left:
        columns, apart, marked = apart, columns, slice(small - part_small, small)
    rows = slice(size - part, size)
    page[:, rows, apart] = shrink(other)
    seen = shrink(paper) < 0.5
    page[:, rows, columns] = torch.where(seen, shrink(color), page[:, rows, columns])
    nearest = F.interpolate(coords[None].float(), size=(part_small, part_small), mode="nearest")[0]
    marks[:, small - part_small :, marked] = nearest.to(coords.dtype)
    return page, marks
