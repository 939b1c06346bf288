"""What is known of each region of a decided painting: where it lies, its colour, and where that came from."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.imaging.colors.decision import Decision
from rltn_cli.imaging.colors.palette import to_hex
from rltn_cli.imaging.regions.flats import Labels
from rltn_cli.painting.matched_places import MatchedPlaces, Source
from rltn_cli.painting.painting import Painting

_ALTERNATIVES = 3


@dataclass(frozen=True, slots=True)
class RegionFacts:
    """One region."""

    number: int
    """From 1, the largest region first."""
    x: int
    """A pixel of the drawing deep in the region; a fix of it can name this point."""
    y: int
    room: float
    """Pixels of the drawing around it that belong to the region."""
    share: float
    """Of the drawing that it covers, in [0, 1]."""
    color: str
    """As `#rrggbb`."""
    palette_number: int | None
    """Of the colour in the palette, from 1; None where a fix gave another."""
    fixed: bool
    confidence: float
    """Support of the colour, in [0, 1], of all colours of the palette together."""
    match: float | None
    """How well the references match it: the mean cosine; None where the network did not see it."""
    source: Source | None
    """Where its colour came from; None where no match shows that colour."""
    alternatives: tuple[tuple[str, int, float], ...]
    """Other colours: hex value, number in the palette, and support, the best first."""

    def to_json(self) -> dict[str, Any]:
        """Return the facts as plain values."""
        source = self.source
        return {
            "region": self.number,
            "point": [self.x, self.y],
            "share": round(self.share, 6),
            "color": self.color,
            "palette": self.palette_number,
            "fixed": self.fixed,
            "confidence": round(self.confidence, 4),
            "match": None if self.match is None else round(self.match, 4),
            "source": source and {"reference": source.reference, "x": source.x, "y": source.y},
            "alternatives": [
                {"color": color, "palette": number, "votes": round(support, 4)}
                for color, number, support in self.alternatives
            ],
        }


def region_facts(painting: Painting, decision: Decision) -> list[RegionFacts]:
    """Return what is known of each region, the largest first.

    Args:
        painting: with its matches.
        decision: on its regions.
    """
    labels = decision.evidence.labels
    count = len(decision.chosen)
    sizes = np.bincount(labels.reshape(-1), minlength=count)
    deepest, room = _deepest(labels, count)
    scale = painting.size[0] / labels.shape[0], painting.size[1] / labels.shape[1]
    colors = decision.colors
    places, match = MatchedPlaces(painting, labels, deepest), painting.matches
    found = []
    order = [region for region in np.argsort(-sizes, kind="stable").tolist() if region and sizes[region]]
    best = decision.alternatives(_ALTERNATIVES + 1)
    hexes, confidence = decision.palette.hexes, decision.confidence
    for number, region in enumerate(order, 1):
        row, column = divmod(int(deepest[region]), labels.shape[1])
        color = to_hex(colors[region].tolist())
        chosen = int(decision.chosen[region])
        inside = places.of(region)
        found.append(
            RegionFacts(
                number,
                int((column + 0.5) * scale[1]),
                int((row + 0.5) * scale[0]),
                float(room[region]) * min(scale),
                float(sizes[region] / labels.size),
                color,
                chosen + 1 if hexes[chosen] == color else None,
                region in decision.fixed,
                float(confidence[region]),
                float(match.confidence.reshape(-1)[inside].mean()) if match and len(inside) else None,
                places.source(inside, colors[region].tolist()),
                tuple(
                    (hexes[other], other + 1, float(decision.support[region, other]))
                    for other in best[region].tolist()
                    if other != chosen
                )[:_ALTERNATIVES],
            )
        )
    return found


def _deepest(labels: Labels, count: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return for each region the place of its pixel farthest from any border, and how far that is."""
    inner = np.ones(labels.shape, np.uint8)
    across, down = labels[:, 1:] != labels[:, :-1], labels[1:] != labels[:-1]
    inner[:, 1:][across], inner[:, :-1][across] = 0, 0
    inner[1:][down], inner[:-1][down] = 0, 0
    inner[[0, -1]], inner[:, [0, -1]] = 0, 0
    depth = np.asarray(cv2.distanceTransform(inner, cv2.DIST_L2, cv2.DIST_MASK_3), np.float32).reshape(-1)
    order = np.argsort(depth, kind="stable")
    places = np.zeros(count, np.int64)
    places[labels.reshape(-1)[order]] = order  # the last one of each region, the deepest, stays
    return places, depth[places]
