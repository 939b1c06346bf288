"""Classical line art without networks: lines from a colour picture, and the cleaning of sketches."""

import cv2
import numpy as np

from rltn_cli.imaging.pixels import Bytes, to_bytes


def xdog(color: Bytes, *, sigma: float = 0.8, strength: float = 1.0, threshold: float = 0.02) -> Bytes:
    """Draw the lines of a colour picture by extended differences of Gaussians (Winnemoeller et al., 2012).

    The difference is taken in Lab, only on its negative side, so that an edge gives one line and not two; it
    is divided by the local lightness, so that a dark panel keeps its lines and does not turn black.

    Args:
        color: (H, W, 3) RGB.
        sigma: width of the fine Gaussian in pixels; 0.5 draws hairlines, 1.4 brush lines.
        strength: how fast a response turns black; 0.3 looks like pencil, 3 like ink.
        threshold: responses (relative to the local lightness) below it stay white; higher leaves texture out.

    Returns:
        (H, W), black lines (0) on white (255).
    """
    lab = cv2.cvtColor(color, cv2.COLOR_RGB2LAB).astype(np.float32)
    fine = cv2.GaussianBlur(lab, (0, 0), sigma)
    coarse = cv2.GaussianBlur(lab, (0, 0), 1.6 * sigma)
    window = 2 * round(7 * sigma) + 1
    local = cv2.blur(np.ascontiguousarray(coarse[..., 0]), (window, window))
    edges = np.maximum(coarse - fine, 0)
    response = (edges[..., 0] + 0.56 * (edges[..., 1] + edges[..., 2])) / (0.8 * local + 20)
    ink = np.tanh(25 * strength * np.maximum(response - threshold, 0))
    return to_bytes(1 - ink)
