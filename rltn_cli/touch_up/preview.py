"""A painting at the size of a screen: the same decision and finish, on fewer pixels."""

import math
import threading

import cv2
import numpy as np

from rltn_cli.choices import Finish
from rltn_cli.imaging.colors.decision import Decision
from rltn_cli.imaging.finishes.finishing import DECIDED, lay_lines, under_lines
from rltn_cli.imaging.finishes.flat_painting import FixedRegions, Paint
from rltn_cli.imaging.pixels import Bytes, Pixels, to_eight_bit
from rltn_cli.painting.painting import Painting

_PIXELS = 1_200_000


class Preview:
    """Renders a painting with any decision."""

    def __init__(self, painting: Painting) -> None:
        height, width = painting.size
        scale = min(1.0, math.sqrt(_PIXELS / (height * width)))
        self.size = max(1, round(height * scale)), max(1, round(width * scale))
        """(H, W) in pixels."""
        self.ink: Bytes = to_eight_bit(_reduced(painting.ink, self.size))
        """(H, W, 3), the drawing."""
        self._grey = np.asarray(_reduced(painting.grey, self.size), np.uint8)
        self._clues = painting.clues
        self._undecided: dict[Finish, Paint] = {}
        self._lock = threading.Lock()

    def render(self, finish: Finish, decision: Decision) -> Bytes:
        """Return the picture, (H, W, 3).

        Args:
            finish: not `auto`.
            decision: on the painting's regions.
        """
        paint = self._paint(finish, decision)
        return np.asarray(lay_lines(paint, self._clues, self.ink, finish=finish), np.uint8)

    def prepare(self, finish: Finish) -> Paint:
        """Make, once, what does not depend on a decision, and return it."""
        with self._lock:
            if finish not in self._undecided:
                self._undecided[finish] = under_lines(self._clues, self._grey, finish)
            return self._undecided[finish]

    def _paint(self, finish: Finish, decision: Decision) -> Paint:
        """Return what goes under the lines."""
        if finish in DECIDED:
            return under_lines(self._clues, self._grey, finish, decision)
        paint = self.prepare(finish)
        return FixedRegions(paint, decision, self.size).rows if decision.fixed else paint


def to_png(picture: Bytes) -> bytes:
    """Encode a picture (H, W, 3) for a browser, quickly, and without a profile so that values stay."""
    options = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
    done, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), options)
    assert done
    return data.tobytes()


def _reduced(picture: Pixels, size: tuple[int, int]) -> Pixels:
    if picture.shape[:2] == size:
        return picture
    return cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA)
