"""What the page learns about a painting: what stays, what follows its regions, and what each step changes."""

import gzip
from typing import Any

import numpy as np

from rltn_cli.choices import FINISHES
from rltn_cli.touch_up.desk import Desk
from rltn_cli.touch_up.preview import to_png
from rltn_cli.touch_up.work import OFFERED

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
        return gzip.compress(self._desk.survey.labels.astype("<u4").tobytes(), 1)

    def facts(self) -> dict[str, Any]:
        """Return what stays the same."""
        desk = self._desk
        return {
            "size": list(desk.painting.size[::-1]),
            "references": len(desk.painting.references),
            "notices": list(desk.notices),
            "finishes": {finish: FINISHES[finish] for finish in OFFERED},
        }

    def map(self) -> dict[str, Any]:
        """Return what goes with the regions and the palette: votes are those before any fix."""
        desk = self._desk
        with desk.lock:
            survey, version, palette = desk.survey, desk.map_version, desk.work.palette
        votes = survey.votes
        best = votes.alternatives(_ALTERNATIVES)
        sizes = np.bincount(survey.labels.reshape(-1), minlength=survey.count + 1) / survey.labels.size
        support = np.take_along_axis(votes.support, best, axis=1)
        return {
            "version": version,
            "size": list(survey.labels.shape[::-1]),
            "palette": votes.palette.hexes,
            "own": palette is None,
            "places": survey.places.tolist(),
            "shares": [round(share, 6) for share in sizes.tolist()],
            "alternatives": best.tolist(),
            "votes": np.round(support.astype(np.float64), 3).tolist(),
        }

    def state(self) -> dict[str, Any]:
        """Return what changes with every step."""
        desk = self._desk
        with desk.lock:
            done, undone = desk.steps
            return {
                "version": desk.version,
                "map": desk.map_version,
                "finish": desk.work.finish,
                "done": done,
                "undone": undone,
                "unsaved": desk.is_unsaved,
                "reads_only": desk.reads_only,
                "colors": desk.colors,
                "fixed": sorted(desk.decision.fixed),
                "confidence": np.round(desk.decision.confidence.astype(np.float64), 3).tolist(),
            }
