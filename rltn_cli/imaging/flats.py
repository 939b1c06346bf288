"""Flats: the regions between lines, small gaps closed, and one robust colour for each."""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.pixels import Bytes, Floats

Labels: TypeAlias = NDArray[np.int32]
Mask: TypeAlias = NDArray[np.bool_]

GAP = 0.012
"""Gaps in lines up to this share of the shorter side are closed."""
INK = 0.25
"""Darkness from which a pixel is a line, of 0 to 1."""

_CORE = 1.5
"""A new region must be so much wider than the ball; the width of a long one wavers by less."""
_ONE_COLOUR = 14.0
"""A region's colours are one colour within this distance in Lab (CIE76)."""
_SHARE = 0.7
"""A region is flat when so much of it has one colour."""
_SAME = 8.0
"""Regions that touch, or whose colours are as near as half of this, get the same colour."""


def find_regions(dark: Floats, gap: float = GAP) -> Labels:
    """Divide a drawing into the regions between its lines.

    A ball as wide as the gap is rolled through the free area: what it reaches without touching a line is the
    core of a region. Smaller balls then find the regions that are too narrow, and widen the others; where
    they pass a gap, the two regions meet in it. (After Zhang et al., Vectorizing Cartoon Animations, 2009.)

    Args:
        dark: (H, W) in [0, 1], 1 on lines.
        gap: widest gap that is closed, as a share of the shorter side.

    Returns:
        (H, W), 1 to N; a pixel of a line belongs to the nearest region. All 1 where everything is line.
    """
    free = (dark < INK).astype(np.uint8)
    if not free.any():
        return np.ones(dark.shape, np.int32)
    distance = cv2.distanceTransform(free, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    labels = np.zeros(dark.shape, np.int32)
    radius = gap * min(dark.shape) / 2
    while radius > 0.75:
        labels = _widened(labels, (distance > radius).astype(np.uint8), distance > _CORE * radius)
        radius /= 2
    return _nearest(_widened(labels, free, free > 0))


def _widened(labels: Labels, area: Bytes, cores: Mask) -> Labels:
    """Let regions fill a wider area; its parts that hold a core but no region yet become new ones.

    Args:
        labels: (H, W), 0 where there is no region; all regions lie in the area.
        area: (H, W) of 0 and 1.
        cores: (H, W), pixels that lie deep in the area.
    """
    count, found = cv2.connectedComponents(area, connectivity=4, ltype=cv2.CV_32S)
    parts = np.asarray(found, np.int32)
    first = int(labels.max()) + 1
    places = np.flatnonzero(labels)
    held, holders = labels.reshape(-1)[places], parts.reshape(-1)[places]
    name = np.zeros(count, np.int32)
    name[holders] = held
    empty = (name == 0) & (np.bincount(parts[cores], minlength=count) > 0)
    empty[0] = False
    shared = np.zeros(count, np.bool_)
    shared[holders[name[holders] != held]] = True
    name[empty] = np.arange(first, first + int(empty.sum()))
    name[0] = 0
    name[shared] = 0
    result: Labels = np.where(labels > 0, labels, name[parts]).astype(np.int32)
    return _grown(result, shared[parts]) if shared.any() else result


def _grown(labels: Labels, area: Mask) -> Labels:
    """Let regions grow pixel by pixel until they fill an area that several of them share."""
    values = np.pad(labels, 1)
    width = values.shape[1]
    still = np.pad(area & (labels == 0), 1)
    beside = cv2.dilate(still.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
    front = np.flatnonzero((beside > 0) & (values > 0) & np.pad(area, 1))
    flat, free = values.reshape(-1), still.reshape(-1)
    while front.size:
        reached = []
        for step in (1, -1, width, -width):
            places = front + step
            fresh = free[places]
            taken = places[fresh]
            flat[taken] = flat[front[fresh]]
            free[taken] = False
            reached.append(taken)
        front = np.concatenate(reached)
    return np.ascontiguousarray(values[1:-1, 1:-1])


def _nearest(labels: Labels) -> Labels:
    """Give every pixel without a region that of the nearest pixel with one."""
    lost = (labels == 0).astype(np.uint8)
    if not lost.any():
        return labels
    _, index = cv2.distanceTransformWithLabels(lost, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    of_index = np.zeros(int(index.max()) + 1, np.int32)
    known = lost == 0
    of_index[index[known]] = labels[known]
    return of_index[index]


def flat_colors(painted: Floats, dark: Floats, labels: Labels) -> Floats:
    """Give each region one colour, the median of its paint; a region that holds several is left painted.

    Regions that touch through a closed gap and have nearly the same colour get the same, and so do regions
    anywhere whose colours can hardly be told apart. A region that touches a painted one stays painted too
    where a flat colour would make a step in the open.

    Args:
        painted: (H, W, 3) in [0, 1].
        dark: (H, W) in [0, 1], 1 on lines.
        labels: (H, W), of `find_regions`.

    Returns:
        (H, W, 3) float32 in [0, 1].
    """
    free = dark < INK
    lab = np.asarray(cv2.cvtColor(painted, cv2.COLOR_RGB2LAB), np.float32)
    count = int(labels.max()) + 1
    medians, areas = _medians(lab, np.where(free, labels, 0), count)
    near = np.linalg.norm(lab - medians[labels], axis=2) < _ONE_COLOUR
    one = np.bincount(labels[free & near], minlength=count) >= _SHARE * np.maximum(areas, 1)
    one &= areas > 0
    pairs, seams = _touching(labels, free, lab)
    one = _without_steps(one, medians, pairs, seams)
    shared = _alike(_merged(medians, areas, one, pairs), areas, one)
    colors = cv2.cvtColor(shared[None].astype(np.float32), cv2.COLOR_LAB2RGB)[0]
    return np.asarray(np.where(one[labels][..., None], colors[labels], painted), np.float32)


def _medians(lab: Floats, labels: Labels, count: int) -> tuple[Floats, NDArray[np.int64]]:
    """Return the median colour (count, 3) and the area (count,) of each region; region 0 is left out."""
    flat = labels.reshape(-1)
    order = np.argsort(flat, kind="stable")
    areas = np.bincount(flat, minlength=count)
    medians = np.zeros((count, 3), np.float32)
    values = lab.reshape(-1, 3)
    ends = np.cumsum(areas)
    for region in range(1, count):
        if areas[region]:
            members = order[ends[region] - areas[region] : ends[region]]
            medians[region] = np.median(values[members[:: max(1, len(members) // 20_000)]], axis=0)
    areas[0] = 0
    return medians, areas


def _touching(labels: Labels, free: Mask, lab: Floats) -> tuple[NDArray[np.int32], Floats]:
    """Return pairs (P, 2) of regions that meet off the lines, and the mean colour (P, 3) where they do."""
    pairs, colors = [], []
    for near, far in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        meeting = free[near] & free[far] & (labels[near] != labels[far])
        pairs.append(np.stack([labels[near][meeting], labels[far][meeting]], axis=1))
        colors.append(lab[near][meeting])
    found, which = np.unique(np.sort(np.concatenate(pairs), axis=1), axis=0, return_inverse=True)
    which = which.reshape(-1)
    counts = np.bincount(which, minlength=len(found))
    values = np.concatenate(colors)
    means = [np.bincount(which, values[:, c], minlength=len(found)) / np.maximum(counts, 1) for c in range(3)]
    return found, np.stack(means, axis=1).astype(np.float32)


def _without_steps(one: Mask, medians: Floats, pairs: NDArray[np.int32], seams: Floats) -> Mask:
    """Leave regions painted that touch a painted one where their own colour is not that of the seam."""
    result = one.copy()
    while True:
        changed = False
        for (a, b), seam in zip(pairs.tolist(), seams, strict=True):
            flat = a if result[a] else b
            if result[a] != result[b] and np.linalg.norm(medians[flat] - seam) > _SAME:
                result[flat] = False
                changed = True
        if not changed:
            return result


def _merged(colors: Floats, areas: NDArray[np.int64], one: Mask, pairs: NDArray[np.int32]) -> Floats:
    """Give regions that touch and have nearly one colour their mean, weighted by area."""
    root = np.arange(len(colors))
    result, weight = colors.copy(), areas.astype(np.float64)

    def top(region: int) -> int:
        while root[region] != region:
            region = int(root[region])
        return region

    for a, b in pairs.tolist():
        a, b = top(a), top(b)
        if a == b or not (one[a] and one[b]) or np.linalg.norm(result[a] - result[b]) > _SAME:
            continue
        result[a] = (result[a] * weight[a] + result[b] * weight[b]) / (weight[a] + weight[b])
        weight[a] += weight[b]
        root[b] = a
    return np.asarray(result[[top(region) for region in range(len(colors))]], np.float32)


def _alike(colors: Floats, areas: NDArray[np.int64], one: Mask) -> Floats:
    """Let a region take the colour of a larger one that can hardly be told from its own."""
    result = colors.copy()
    palette = np.zeros((0, 3), np.float32)
    for region in np.argsort(-areas, kind="stable"):
        if not one[region]:
            continue
        away = np.linalg.norm(palette - colors[region], axis=1)
        if away.size and away.min() < _SAME / 2:
            result[region] = palette[away.argmin()]
        else:
            palette = np.vstack([palette, colors[region]])
    return result
