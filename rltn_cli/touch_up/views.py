"""What the page learns about a painting: what stays the same, and what changes with every step."""

import gzip
from typing import Any

import numpy as np

from rltn_cli.choices import FINISHES
from rltn_cli.touch_up.desk import OFFERED, Desk
from rltn_cli.touch_up.preview import to_png

_ALTERNATIVES = 4
"""Colours that are offered for each region, the network's first choice among them."""


class Views:
    """A desk as the page sees it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def drawing(self) -> bytes:
        """Return the drawing as PNG of the preview's size."""
        return to_png(self._desk.preview.ink)

    def regions(self) -> bytes:
        """Return the region of each place, row by row as little-endian 32 bits, packed by gzip."""
        return gzip.compress(self._desk.labels.astype("<u4").tobytes(), 1)

    def facts(self) -> dict[str, Any]:
        """Return what stays the same: votes are those before any fix."""
        desk, votes = self._desk, self._desk.votes
        best = votes.alternatives(_ALTERNATIVES)
        sizes = np.bincount(desk.labels.reshape(-1), minlength=len(desk.places)) / desk.labels.size
        support = np.take_along_axis(votes.support, best, axis=1)
        return {
            "name": desk.path.name,
            "size": list(desk.painting.size[::-1]),
            "map": list(desk.labels.shape[::-1]),
            "palette": votes.palette.hexes,
            "references": len(desk.painting.references),
            "finishes": {finish: FINISHES[finish] for finish in OFFERED},
            "places": desk.places.tolist(),
            "shares": [round(share, 6) for share in sizes.tolist()],
            "alternatives": best.tolist(),
            "votes": np.round(support.astype(np.float64), 3).tolist(),
        }

    def state(self) -> dict[str, Any]:
        """Return what changes with every step."""
        desk = self._desk
        with desk.lock:
            return {
                "version": desk.version,
                "finish": desk.finish,
                "done": desk.history.done,
                "undone": desk.history.undone,
                "unsaved": desk.is_unsaved,
                "reads_only": desk.reads_only,
                "colors": desk.colors,
                "fixed": sorted(desk.history.fixed),
                "confidence": np.round(desk.decision.confidence.astype(np.float64), 3).tolist(),
            }
