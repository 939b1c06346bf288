"""Transparent paper around what is drawn."""

import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.colors.decision import Decision
from rltn_cli.imaging.colors.palette import to_lab
from rltn_cli.imaging.finishes.flat_painting import RegionRows
from rltn_cli.imaging.pixels import Pixels, top_value
from rltn_cli.imaging.regions.flats import Labels, Mask

_LIGHT, _GREY = 95.0, 5.0
"""Least lightness, and largest a and b, of a colour that counts as white paper (Lab)."""
_OPEN = 0.3
"""Share of a border without a line from which paper continues across it."""


def paper_regions(decision: Decision) -> NDArray[np.bool_]:
    """Return which regions are paper: white ones at the picture's edge, and white ones that open into these.

    White inside a figure, such as that of eyes, is not.

    Returns:
        (N + 1,).
    """
    lab = to_lab(decision.colors[None])[0]
    white = (lab[:, 0] >= _LIGHT) & (np.abs(lab[:, 1:]).max(axis=1) <= _GREY)
    paper = np.zeros(len(white), np.bool_)
    paper[_at_the_edge(decision.evidence.labels)] = True
    paper &= white
    borders = decision.evidence.borders
    pairs = borders.pairs[borders.openness >= _OPEN]
    while True:
        one, two = paper[pairs[:, 0]], paper[pairs[:, 1]]
        reached = np.unique(np.concatenate([pairs[one & ~two, 1], pairs[two & ~one, 0]]))
        reached = reached[white[reached]]
        if not len(reached):
            return paper
        paper[reached] = True


def paper_mask(decision: Decision, size: tuple[int, int]) -> Mask | None:
    """Return which pixels (H, W) of a drawing lie in regions of paper; None where there is no such region."""
    paper = paper_regions(decision)
    if not paper.any():
        return None
    return paper[RegionRows(decision.evidence.labels, size).rows(slice(None))]


def remove_paper(image: Pixels, lines: Pixels, paper: Mask) -> Pixels:
    """Take the paper out of a finished picture; lines on it stay, as opaque as they are dark.

    Args:
        image: (H, W, 3).
        lines: (H, W, 3) those on the picture, alone on white.
        paper: (H, W).

    Returns:
        (H, W, 4).
    """
    top = top_value(image)
    result = np.dstack([image, np.full(paper.shape, top, image.dtype)])
    result[paper] = ink_on_nothing(lines[paper])
    return result


def ink_on_nothing(ink: Pixels) -> Pixels:
    """Return ink on white paper (..., 3) as the same ink on nothing (..., 4)."""
    top = top_value(ink)
    wide = ink.astype(np.float32)
    alpha = top - wide.min(axis=-1, keepdims=True)
    color = np.where(alpha > 0, (wide - (top - alpha)) * top / np.maximum(alpha, 1), 0)
    return np.concatenate([np.rint(color), alpha], axis=-1).astype(ink.dtype)


def multiply_alphas(alpha: Pixels, other: Pixels) -> Pixels:
    """Return the product of two alphas of one type."""
    return np.rint(alpha.astype(np.float64) * other / top_value(alpha)).astype(alpha.dtype)


def _at_the_edge(labels: Labels) -> NDArray[np.int32]:
    """Return the regions that reach the picture's edge."""
    return np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
