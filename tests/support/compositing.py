"""Layers laid over each other by hand: what a painting program makes of them, in float64."""

import numpy as np


def laid_over(layers):
    """Return the picture (H, W, 4) in [0, 1] of (blend, visible, pixels) triples, the lowest first.

    After W3C's Compositing and Blending: co = cs as (1 - ab) + cb ab (1 - as) + as ab B(cb, cs).
    """
    below = None
    for blend, visible, pixels in layers:
        if not visible:
            continue
        values = pixels.astype(np.float64) / np.iinfo(pixels.dtype).max
        color = values[..., :3]
        alpha = values[..., 3:] if values.shape[2] == 4 else np.ones((*values.shape[:2], 1))
        if below is None:
            below = np.zeros((*values.shape[:2], 4))
        under, covered = below[..., :3], below[..., 3:]
        mixed = {"normal": color, "multiply": color * under, "add": np.minimum(color + under, 1)}[blend]
        total = alpha + covered * (1 - alpha)
        premultiplied = (
            color * alpha * (1 - covered) + under * covered * (1 - alpha) + alpha * covered * mixed
        )
        below = np.dstack([premultiplied / np.maximum(total, 1e-9), total])
    return below


def levels_apart(laid, picture):
    """Return how far a picture (H, W, 3) or (H, W, 4) is at most from what was laid over, where it shows."""
    top = np.iinfo(picture.dtype).max
    wanted = picture if picture.shape[2] == 4 else np.dstack([picture, np.full(picture.shape[:2], top)])
    away = np.abs(np.rint(laid * top) - wanted)
    return max(away[wanted[..., 3] > 0].max(), away[..., 3].max())
