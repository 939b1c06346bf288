"""Soft shading: what the network's picture says of light inside each region, as smooth as it can be put.

In each region that agrees with the colour it was given, lightness and warmth are a quadratic in the place,
fitted to the pixels that are near that colour.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from rltn_cli.imaging.colors.decision import Decision
from rltn_cli.imaging.colors.palette import to_lab
from rltn_cli.imaging.finishes.whitening import is_white, tinted
from rltn_cli.imaging.pixels import Bytes, Floats, to_bytes
from rltn_cli.imaging.regions.fits import closeness, evaluate, means, places, quadratics, sums
from rltn_cli.imaging.regions.flats import Labels
from rltn_cli.imaging.regions.runs import Runs
from rltn_cli.imaging.regions.trust import trust_of

_AGREES = 14.0
"""Lab distance to a region's own colour at which a pixel counts for 37 % in its shading."""
_NEAR = 30.0
"""Lab distance to the palette's colour at which a pixel counts for 37 % in a region's own colour."""
_RIDGE = 0.15
"""How much of a quadratic's strength is used, as a share of the pixels that agree."""
_AGREEMENT = 0.25
"""A region in which this share of the pixels agrees loses half of its shading."""
_DARKEST, _LIGHTEST = -0.2, 0.12
"""How far shading may darken and lighten, as a share of the colour."""
_WARMTH, _WARMEST = 0.002, 0.03
"""How far shading shifts red up and blue down, in [0, 1], for one unit of b in Lab; and at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Shading:
    """A quadratic for each region: 1, x, y, x^2, x y, y^2 with x and y in [-1, 1] over the picture."""

    light: Floats
    """(N + 1, 6): how much lighter, as a share of the colour."""
    warmth: Floats
    """(N + 1, 6): how much more red and less blue, in [0, 1]."""

    def shade(self, colors: Floats, labels: Labels, rows: slice, size: tuple[int, int]) -> Floats:
        """Return some rows of a picture, (R, W, 3) in [0, 1].

        Args:
            colors: (N + 1, 3) in [0, 1], of the regions.
            labels: (R, W), the region of each pixel.
            rows: which rows of the picture they are.
            size: (H, W) of the picture.
        """
        y = places(size[0])[rows]
        runs = Runs(labels)
        x = places(size[1])
        light = np.clip(evaluate(self.light, runs, y, x), _DARKEST, _LIGHTEST)
        light += 1
        warmth = np.clip(evaluate(self.warmth, runs, y, x), -_WARMEST, _WARMEST)
        channels = [runs.spread(channel) for channel in colors[runs.labels].T]
        for channel in channels:
            channel *= light
        channels[0] += warmth
        channels[2] -= warmth
        return np.asarray(cv2.merge([np.clip(channel, 0, 1, out=channel) for channel in channels]))


def fit_shading(colors: Floats, grey: Bytes, decision: Decision) -> Shading:
    """Fit each region's shading to the pixels of the network's picture that agree with the region's colour.

    White regions in which the network sees hardly any tint have no shading.

    Args:
        colors: (h, w, 3) in [0, 1], the network's picture.
        grey: (H, W) the drawing.
        decision: on the same drawing.
    """
    height, width = colors.shape[:2]
    labels, cells, weight = decision.evidence.count.parts(trust_of(grey, (height, width)))
    lab = to_lab(to_bytes(colors)).reshape(-1, 3)[cells]
    regions = len(decision.chosen)
    start = to_lab(decision.colors[None])[0]
    near = weight * closeness(lab, start[labels], _NEAR)
    own = means(labels, near, lab, regions)
    agreeing = weight * closeness(lab, own[labels], _AGREES)
    share = sums(labels, agreeing, regions) / np.maximum(sums(labels, weight, regions), 1e-9)
    strength = share / (share + _AGREEMENT)
    away = lab - own[labels]
    y, x = places(height)[cells // width], places(width)[cells % width]
    light = away[:, 0] / (own[labels, 0] + 16)
    fits = quadratics(
        labels, agreeing, x, y, np.stack([light, away[:, 2] * _WARMTH], axis=1), regions, _RIDGE
    )
    painted = tinted(labels, weight, colors.reshape(-1, 3)[cells], regions)
    strength *= np.where(is_white(decision.colors), painted, 1)
    fits *= strength[:, None, None]
    return Shading(np.ascontiguousarray(fits[..., 0]), np.ascontiguousarray(fits[..., 1]))
