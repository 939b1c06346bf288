"""How well drawn lines match the true ones: precision, recall and F-score of thinned lines."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.line_art.thinning import thin

Mask = NDArray[np.bool_]
TOLERANCE = 2.0
"""Distance in pixels up to which a line matches a true one."""


@dataclass(frozen=True, slots=True)
class EdgeScore:
    """Counts of line pixels in any number of pictures; the scores of several pictures can be added."""

    hits: int = 0
    """Drawn pixels near a true one."""
    drawn: int = 0
    found: int = 0
    """True pixels near a drawn one."""
    true: int = 0

    def __add__(self, other: "EdgeScore") -> "EdgeScore":
        return EdgeScore(
            self.hits + other.hits, self.drawn + other.drawn, self.found + other.found, self.true + other.true
        )

    @property
    def precision(self) -> float:
        """Share of the drawn pixels that are near a true line; 1 if nothing is drawn."""
        return self.hits / self.drawn if self.drawn else 1.0

    @property
    def recall(self) -> float:
        """Share of the true pixels that are near a drawn line; 1 if there are none."""
        return self.found / self.true if self.true else 1.0

    @property
    def f(self) -> float:
        """Harmonic mean of precision and recall."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def score_edges(drawn: Mask, true: Mask, *, tolerance: float = TOLERANCE) -> EdgeScore:
    """Compare two pictures' lines, of any width: both are thinned to one pixel first.

    Unlike in the Berkeley benchmark (Martin et al., 2004), a pixel may match several others.

    Args:
        drawn: (H, W), true on lines.
        true: (H, W), the same for the true lines.
        tolerance: distance in pixels up to which two lines are the same.
    """
    drawn, true = thin(drawn), thin(true)
    return EdgeScore(
        hits=int((drawn & _near(true, tolerance)).sum()),
        drawn=int(drawn.sum()),
        found=int((true & _near(drawn, tolerance)).sum()),
        true=int(true.sum()),
    )


def _near(mask: Mask, tolerance: float) -> Mask:
    """Return the pixels within a distance of those of a mask."""
    if not mask.any():
        return np.zeros_like(mask)
    away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(away <= tolerance)
