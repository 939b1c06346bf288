"""A colour picture reduced to flat regions: smoothed, quantised in Lab, small and faint regions joined."""

import heapq
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.pixels import Bytes, Floats, Pixels, to_unit_range

Labels = NDArray[np.int32]

FEW_COLORS = 64
"""Largest number of colours of a label map, in which each colour is a region."""
_CELL = 6.0
"""Width of a cell of the histogram of colours, in Lab."""
_COLORS = 24
"""Colours that a picture is quantised to before regions are joined."""
_SMALLEST = 0.001
"""Smallest region, as a share of the picture."""
_FAINTEST = 10.0
"""Neighbours are joined where the border between them has less contrast than this (Lab distance)."""
_LINE_DEPTH = 30
"""How much darker than its sides a line is, in lightness of 0 to 255."""
_MOST_PIXELS = 1 << 21
"""Pixels of the largest picture in which regions are searched; larger ones are reduced."""
_NEAR = np.ones((5, 5), np.uint8)


def label_map(pixels: Pixels) -> Bytes | None:
    """Return the labels of a picture that is a label map, or None where it is not.

    Args:
        pixels: (H, W, 3), uint8 or uint16.

    Returns:
        (H, W), a number from 0 for each of the picture's colours, if there are at most 64.
    """
    found = np.unique(_codes(pixels[:: max(1, len(pixels) // 64)]))
    bands = [slice(row, row + 256) for row in range(0, len(pixels), 256)]
    for band in bands:
        if len(found) > FEW_COLORS:
            return None
        found = np.union1d(found, _codes(pixels[band]))
    if len(found) > FEW_COLORS:
        return None
    labels = np.empty(pixels.shape[:2], np.uint8)
    for band in bands:
        labels[band] = np.searchsorted(found, _codes(pixels[band]))
    return labels


def _codes(pixels: Pixels) -> NDArray[np.int64]:
    """Return each pixel's colour as one number, (H, W)."""
    wide = pixels.astype(np.int64)
    codes: NDArray[np.int64] = (wide[..., 0] << 32) | (wide[..., 1] << 16) | wide[..., 2]
    return codes


def flat_regions(color: Bytes, *, size: int = 512) -> Labels:
    """Divide a colour picture into flat regions.

    The picture is brought to a working size. Thin dark lines are taken out and remembered, the rest is
    smoothed up to its edges (bilateral filter) and quantised by k-means in Lab. The connected parts of one
    colour, divided by the lines too, are then joined over their faintest borders, until every region has some
    size and every border some contrast; so a gradient stays one region.

    Args:
        color: (H, W, 3) RGB.
        size: pixels of the shorter side at which regions are found; small pictures are at most doubled.

    Returns:
        (h, w) labels from 0, at the working size.
    """
    small = _resize_to_working_size(color, size)
    depth = _line_depth(small)
    line = np.asarray(cv2.dilate((depth > _LINE_DEPTH).astype(np.uint8), _NEAR), np.uint8)
    if line.all():
        line[:] = 0
    nearest = _nearest_outside(line)
    smooth = _smooth(small.reshape(-1, 3)[nearest])
    lab = np.asarray(cv2.cvtColor(to_unit_range(smooth), cv2.COLOR_RGB2LAB), np.float32)
    parts = _label_connected(_quantise(lab), line).ravel()[nearest]
    darker = np.asarray(cv2.dilate(depth, _NEAR) * np.float32(100 / 255), np.float32)
    joining = _Joining(parts, _borders(parts, lab, darker))
    return np.unique(joining.run()[parts], return_inverse=True)[1].reshape(parts.shape).astype(np.int32)


def _resize_to_working_size(color: Bytes, size: int) -> Bytes:
    """Resize a picture so that its shorter side has `size` pixels, within limits."""
    height, width = color.shape[:2]
    scale = min(2.0, size / min(height, width), (_MOST_PIXELS / (height * width)) ** 0.5)
    shape = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(color, shape, interpolation=method), np.uint8)


def _line_depth(color: Bytes) -> Bytes:
    """Return how much darker than both their sides lines up to about 9 pixels wide are, (H, W)."""
    light = np.ascontiguousarray(cv2.cvtColor(color, cv2.COLOR_RGB2LAB)[..., 0])
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (11, 11))
    return np.asarray(cv2.morphologyEx(light, cv2.MORPH_BLACKHAT, kernel), np.uint8)


def _nearest_outside(mask: Bytes) -> NDArray[np.int64]:
    """Return for each pixel the place, in the flattened picture, of the nearest one where a mask is 0."""
    _, found = cv2.distanceTransformWithLabels(mask, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    numbers = np.asarray(found)
    places = np.zeros(int(numbers.max()) + 1, np.int64)
    places[numbers[mask == 0]] = np.flatnonzero(mask == 0)
    result: NDArray[np.int64] = places[numbers]
    return result


def _smooth(color: Bytes) -> Bytes:
    """Smooth a picture up to its edges."""
    for _ in range(3):
        color = np.asarray(cv2.bilateralFilter(color, 9, 24, 4), np.uint8)
    return np.asarray(cv2.medianBlur(color, 5), np.uint8)


def _quantise(lab: Floats) -> Labels:
    """Return for each pixel the number of its colour among a few; the same for the same picture.

    The first centre is the most frequent colour, each next one far from those before and frequent; then
    k-means, over a histogram.
    """
    cells = np.rint((lab - (0, -128, -128)) / _CELL).astype(np.int64).clip(0, 63)
    codes, places, counts = np.unique(
        (cells[..., 0] << 12) | (cells[..., 1] << 6) | cells[..., 2], return_inverse=True, return_counts=True
    )
    colors = _CELL * np.stack([codes >> 12, (codes >> 6) & 63, codes & 63], axis=1)
    centers = colors[[counts.argmax()]]
    distances = np.full(len(colors), np.inf)
    for _ in range(min(_COLORS, len(colors)) - 1):
        distances = np.minimum(distances, ((colors - centers[-1]) ** 2).sum(axis=1))
        centers = np.concatenate([centers, colors[[(distances * np.sqrt(counts)).argmax()]]])
    for _ in range(10):
        nearest = ((colors[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
        weights = np.bincount(nearest, counts, len(centers))
        sums = [np.bincount(nearest, counts * colors[:, axis], len(centers)) for axis in range(3)]
        means = np.stack(sums, axis=1) / np.maximum(weights, 1)[:, None]
        centers = np.where(weights[:, None] > 0, means, centers)
    return np.asarray(nearest[places].reshape(lab.shape[:2]), np.int32)


def _label_connected(classes: Labels, line: Bytes) -> Labels:
    """Number the connected parts of each class, from 0; lines divide them and are numbered -1."""
    parts = np.full(classes.shape, -1, np.int32)
    count = 0
    for value in np.unique(classes):
        mask = ((classes == value) & (line == 0)).astype(np.uint8)
        found, numbers = cv2.connectedComponents(mask, connectivity=4)
        parts[mask > 0] = np.asarray(numbers)[mask > 0] + (count - 1)
        count += found - 1
    return parts


@dataclass(slots=True)
class _Border:
    """The border between two regions; one object for both."""

    length: float = 0.0
    contrasts: float = 0.0
    """Sum over its length."""

    @property
    def contrast(self) -> float:
        return self.contrasts / self.length

    def add(self, length: float, contrasts: float) -> None:
        """Make the border longer."""
        self.length += length
        self.contrasts += contrasts


def _borders(parts: Labels, lab: Floats, darker: Floats) -> list[dict[int, _Border]]:
    """Return for each region its neighbours and the borders to them.

    Contrast is the difference of the colours two pixels to either side, or the depth of the line there; it is
    limited, so that a line that runs along a part of a border does not decide about the whole.
    """
    count = int(parts.max()) + 1
    result: list[dict[int, _Border]] = [{} for _ in range(count)]
    for axis in (0, 1):
        place = np.arange(parts.shape[axis] - 1)
        before, after = np.maximum(place - 2, 0), np.minimum(place + 3, parts.shape[axis] - 1)
        contrast = np.sqrt(((lab.take(after, axis) - lab.take(before, axis)) ** 2).sum(axis=2))
        contrast = np.minimum(np.maximum(contrast, darker.take(place, axis)), 2 * _FAINTEST)
        first, second = parts.take(place, axis).astype(np.int64), parts.take(place + 1, axis).astype(np.int64)
        differ = first != second
        pairs = (np.minimum(first, second) * count + np.maximum(first, second))[differ]
        codes, places = np.unique(pairs, return_inverse=True)
        lengths = np.bincount(places, minlength=len(codes))
        sums = np.bincount(places, contrast[differ], len(codes))
        for code, length, total in zip(codes.tolist(), lengths.tolist(), sums.tolist(), strict=True):
            one, two = divmod(code, count)
            border = result[one].setdefault(two, _Border())
            result[two][one] = border
            border.add(length, total)
    return result


class _Joining:
    """Joins regions over their faintest borders."""

    def __init__(self, parts: Labels, borders: list[dict[int, _Border]]) -> None:
        self._borders = borders
        self._areas = np.bincount(parts.ravel()).astype(float).tolist()
        self._smallest = max(12.0, _SMALLEST * parts.size)
        self._queue: list[tuple[float, int, int]] = []

    def run(self) -> Labels:
        """Join until no region is small and no border is faint; return each old number's new one."""
        into = np.arange(len(self._areas), dtype=np.int32)
        for one, neighbours in enumerate(self._borders):
            for two in neighbours:
                if one < two:
                    self._consider(one, two)
        while self._queue:
            _, one, two = heapq.heappop(self._queue)
            if two not in self._borders[one] or not self._should_join(one, two):
                continue
            if self._areas[one] < self._areas[two]:
                one, two = two, one
            into[two] = one
            self._join(one, two)
        while (into != into[into]).any():
            into = into[into]
        return into

    def _should_join(self, one: int, two: int) -> bool:
        """Return whether two neighbours are to be joined, as things are now."""
        smaller = min(self._areas[one], self._areas[two])
        return bool(smaller < self._smallest or self._borders[one][two].contrast < _FAINTEST)

    def _consider(self, one: int, two: int) -> None:
        """Queue two neighbours where they are to be joined; the smaller the sooner."""
        if self._should_join(one, two):
            share = min(1.0, min(self._areas[one], self._areas[two]) / self._smallest)
            heapq.heappush(self._queue, (self._borders[one][two].contrast * share, one, two))

    def _join(self, one: int, two: int) -> None:
        """Let the first region take the second, and the borders it has."""
        self._areas[one] += self._areas[two]
        taken, self._borders[two] = self._borders[two], {}
        for other, border in taken.items():
            del self._borders[other][two]
            if other != one:
                kept = self._borders[one].setdefault(other, _Border())
                kept.add(border.length, border.contrasts)
                self._borders[other][one] = kept
                self._consider(one, other)
