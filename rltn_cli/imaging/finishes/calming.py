"""Removes blotches from the network's colours where it is unsure of a region."""

import cv2
import numpy as np

from rltn_cli.imaging.pixels import Floats
from rltn_cli.imaging.regions.fits import closeness, evaluate, means, places, quadratics, sums
from rltn_cli.imaging.regions.flats import Labels
from rltn_cli.imaging.regions.runs import Runs

_PAPER = 0.12
"""A colour whose darkest channel is less than this below white is more or less paper."""
_ROUNDS = 3
_NEAR = 25.0
"""Lab distance to a region's main colour at which a pixel counts for 37 % in its fit."""
_STIFF = 1.0
"""The fit's ridge: soft shading passes, a second colour does not."""
_UNSURE = 12.0
"""Colours that differ so much from the fit (root mean square, Lab) are drawn half-way to it."""
_SEVERAL, _ONE = 0.55, 0.75
"""Shares of a region near its main colour at which it counts as several regions, and as one."""
_FARTHEST = 40.0
"""Differences are limited to this."""


def calm_regions(colors: Floats, weight: Floats, labels: Labels) -> Floats:
    """Draw the colours of each region towards a smooth fit to them, the more the less they agree.

    The fit is a weak quadratic about the colour that most of the region has, so soft shading stays and
    blotches fade. Paper takes no part: a figure with an open contour keeps its colours and the page stays
    white.

    Args:
        colors: (h, w, 3) in [0, 1].
        weight: (h, w), how far each counts.
        labels: (h, w), of `find_regions`.
    """
    height, width = labels.shape
    regions = int(labels.max()) + 1
    numbers = labels.reshape(-1).astype(np.int64)
    painted = np.minimum((1 - colors.min(axis=2)) / _PAPER, 1).reshape(-1) ** 2
    counted = weight.reshape(-1) * painted
    lab = np.asarray(cv2.cvtColor(colors, cv2.COLOR_RGB2LAB), np.float32).reshape(-1, 3)
    main = means(numbers, counted, lab, regions)
    for _ in range(_ROUNDS):
        near = counted * (closeness(lab, main[numbers], _NEAR) + 1e-3)
        main = means(numbers, near, lab, regions)
    x = np.tile(places(width), height)
    y = np.repeat(places(height), width)
    terms = quadratics(numbers, near, x, y, lab - main[numbers], regions, _STIFF)
    runs = Runs(labels)
    smooth = [evaluate(terms[..., c], runs, places(height), places(width)) for c in range(3)]
    way = main[numbers] + np.stack(smooth, axis=-1).reshape(-1, 3) - lab
    differing = np.minimum(np.square(way).sum(axis=1), _FARTHEST**2)
    disagreement = sums(numbers, counted * differing, regions) / np.maximum(
        sums(numbers, counted, regions), 1e-9
    )
    # where no colour takes up most of a region, it is several with open lines: nothing is drawn together
    agreeing = sums(numbers, near, regions) / np.maximum(sums(numbers, counted, regions), 1e-9)
    whole = np.clip((agreeing - _SEVERAL) / (_ONE - _SEVERAL), 0, 1)
    pull = (whole * disagreement / (disagreement + _UNSURE**2))[numbers] * painted
    calmed = (lab + pull[:, None] * way).astype(np.float32).reshape(height, width, 3)
    return np.clip(np.asarray(cv2.cvtColor(calmed, cv2.COLOR_LAB2RGB), np.float32), 0, 1)
