"""The target lines of paintings: fine lines where HED sees an edge, elsewhere the ridges of its edges."""

import cv2
import numpy as np

from rltn_cli.imaging.pixels import Bytes, Floats, to_bytes, to_unit_range


def ridges(edges: Floats, *, low: float = 0.3, full: float = 0.6) -> Floats:
    """Thin an edge map to its ridges: non-maximum suppression across the direction of least curvature.

    Args:
        edges: (H, W) in [0, 1], 1 on an edge.
        low: weaker edges leave nothing.
        full: stronger edges leave 1.

    Returns:
        (H, W), 0 off the ridges.
    """
    smooth = cv2.GaussianBlur(edges, (0, 0), 1.0)
    across = [cv2.Sobel(smooth, cv2.CV_32F, dx, dy, ksize=5) for dx, dy in ((2, 0), (0, 2), (1, 1))]
    xx, yy, xy = (np.asarray(value, np.float32) for value in across)
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    cos, sin = np.cos(angle), np.sin(angle)
    along_first = cos * cos * xx + 2 * cos * sin * xy + sin * sin * yy
    along_second = xx + yy - along_first
    first = along_first < along_second  # a ridge runs across the direction of stronger downward curvature
    step_x, step_y = np.where(first, cos, -sin), np.where(first, sin, cos)
    y, x = np.indices(edges.shape, np.float32)
    beside = [
        cv2.remap(smooth, x + side * step_x, y + side * step_y, cv2.INTER_LINEAR, None, cv2.BORDER_REFLECT)
        for side in (np.float32(1), np.float32(-1))
    ]
    top = (smooth >= beside[0]) & (smooth >= beside[1]) & (np.minimum(along_first, along_second) < 0)
    strength = np.clip((edges - low) / (full - low), 0, 1)
    return np.where(top, strength, 0).astype(np.float32)


def merge_lines(line: Bytes, edges: Bytes) -> Bytes:
    """Return the target lines of a painting.

    Extracted lines are thin but also show texture such as fur: they are kept where HED sees an edge. HED sees
    outlines without a line, too, but its edges are thick and blurred: their ridges are drawn where no line is
    near.

    Args:
        line: (H, W) extracted line art, black on white.
        edges: HED's edge map of the picture, black on white, at any size.

    Returns:
        (H, W), black lines on white.
    """
    height, width = line.shape
    seen = to_unit_range(255 - edges)
    drawn = cv2.dilate(ridges(seen), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3)))
    drawn = np.clip(1.25 * cv2.resize(drawn, (width, height), interpolation=cv2.INTER_AREA), 0, 1)
    support = cv2.dilate(seen, np.ones((7, 7), np.uint8))
    support = cv2.resize(support, (width, height), interpolation=cv2.INTER_AREA)
    ink = np.clip(1.5 / 255 * (255 - line).astype(np.float32), 0, 1)  # hairlines are pale: make them dark
    ink *= np.clip((support - 0.15) / 0.3, 0, 1)
    near = cv2.dilate(ink, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5)))
    ink = np.maximum(ink, drawn * (1 - np.clip(2 * near, 0, 1)))
    return to_bytes(1 - ink)
