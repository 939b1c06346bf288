import itertools

import cv2
import numpy as np

from rltn_cli.imaging.regions.region_map import map_regions


def strands(count=300, rows=10, side=2048):
    """Rows of wavy strands of hair."""
    page = np.full((side, side), 255, np.uint8)
    y = np.arange(4, side - 3)
    for x in np.linspace(4, side - 4, count + 1).astype(int):
        cv2.polylines(page, [np.stack([x + 2 * np.sin(y / 40), y], axis=1).astype(np.int32)], False, 0, 1, 16)
    for row in np.linspace(4, side - 4, rows + 1).astype(int):
        cv2.line(page, (4, int(row)), (side - 4, int(row)), 0, 2)
    return page


def mostly_in(labels, count=300, rows=10, side=2048):
    """Return the region in which most of each strand's middle line lies."""
    edges, ends = (np.linspace(4, side - 4, number + 1).astype(int) for number in (count, rows))
    found = []
    for top, bottom in itertools.pairwise(ends):
        y = np.arange(top + 3, bottom - 2)
        for left, right in itertools.pairwise(edges):
            x = (left + right) / 2 + 2 * np.sin(y / 40)
            scale = labels.shape[0] / side
            inside = labels[((y + 0.5) * scale).astype(int), ((x + 0.5) * scale).astype(int)]
            found.append(np.bincount(inside).argmax())
    return found


def test_three_thousand_strands_keep_their_regions():
    for gap in (8 / 2048, 0.012):
        labels = map_regions(strands(), gap).labels
        assert 0.95 * 3000 <= labels.max() <= 1.05 * 3000
        assert len(np.unique(mostly_in(labels))) >= 0.95 * 3000


def test_open_hatching_is_no_region():
    page = np.full((1000, 1000), 255, np.uint8)
    cv2.circle(page, (500, 500), 400, 0, 4)
    for x in range(300, 700, 9):
        cv2.line(page, (x, 300), (x - 60, 700), 0, 2, cv2.LINE_AA)
    assert map_regions(page).labels.max() == 2
