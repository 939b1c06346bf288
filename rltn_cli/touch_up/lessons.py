"""What fixes on one page of a chapter say about the regions of another, painted from the same references.

A fix teaches: what rltn paints in one colour, having matched it with certain places of the references, was
meant to have another. A region elsewhere that was painted and matched alike may need the same.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rltn_cli.imaging.colors.palette import to_hex
from rltn_cli.painting.fixes import Fix
from rltn_cli.painting.matched_places import MatchedPlaces
from rltn_cli.painting.painting import Painting
from rltn_cli.touch_up.survey import Survey

_SQUARE = 32
"""Side in pixels of the squares by which places of a reference are compared."""
_ALIKE = 0.75
"""How much two regions' matches must have in common, from 0 to 1 (Bhattacharyya)."""

Shares = Mapping[int, float]
"""How a region's matches are spread over squares of the references, summing to 1."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One fix."""

    before: str
    """The colour that rltn chose, as `#rrggbb`."""
    color: str
    """The one that was given."""
    shares: Shares


@dataclass(frozen=True, slots=True)
class Offer:
    """Regions that may need what was done elsewhere."""

    page: int
    """The page of the fix, from 1."""
    before: str
    color: str
    regions: tuple[int, ...]


def references_of(painting: Painting) -> str:
    """Return what tells a painting's references from others."""
    known = hashlib.sha256()
    for picture in (*painting.references, painting.palette.colors):
        known.update(str(picture.shape).encode() + np.ascontiguousarray(picture).tobytes())
    return known.hexdigest()


def lessons_of(painting: Painting, survey: Survey, fixes: Sequence[Fix]) -> tuple[Lesson, ...]:
    """Return what the fixes of a page teach."""
    matched = _matched(painting, survey)
    found = []
    for fix in fixes:
        region = survey.region_at((fix.x, fix.y))
        before = survey.votes.palette.hexes[int(survey.votes.chosen[region])]
        color = to_hex(fix.rgb(survey.votes.palette))
        shares = _shares(matched, region)
        if color != before and shares:
            found.append(Lesson(before, color, shares))
    return tuple(found)


def offers_for(
    painting: Painting,
    survey: Survey,
    colors: Sequence[str],
    fixed: set[int],
    lessons: Mapping[int, Sequence[Lesson]],
) -> list[Offer]:
    """Return what the lessons of other pages suggest.

    Args:
        painting: of this page.
        survey: of it.
        colors: of its regions, as they are.
        fixed: regions that were given a colour.
        lessons: of the other pages, by their numbers.
    """
    matched = _matched(painting, survey)
    known = [(page, lesson) for page, found in lessons.items() for lesson in found]
    befores = {lesson.before for _, lesson in known}
    offers: dict[tuple[int, str, str], list[int]] = {}
    for region in range(1, survey.count + 1):
        color = survey.votes.palette.hexes[int(survey.votes.chosen[region])]
        if region in fixed or color not in befores or survey.places[region, 0] < 0:
            continue
        shares = _shares(matched, region)
        likely = [
            (_common(shares, lesson.shares), page, lesson)
            for page, lesson in known
            if lesson.before == color and lesson.color != colors[region]
        ]
        common, page, lesson = max(likely, key=lambda one: one[0], default=(0.0, 0, None))
        if lesson is not None and common >= _ALIKE:
            offers.setdefault((page, lesson.before, lesson.color), []).append(region)
    return [Offer(*about, tuple(regions)) for about, regions in offers.items()]


def _matched(painting: Painting, survey: Survey) -> MatchedPlaces:
    height, width = painting.size
    rows, columns = survey.labels.shape
    x, y = survey.places.T
    deepest = (y * rows // height) * columns + x * columns // width
    return MatchedPlaces(painting, survey.labels, deepest)


def _shares(matched: MatchedPlaces, region: int) -> Shares:
    codes, counts = np.unique(matched.codes(region, _SQUARE), return_counts=True)
    return dict(zip(codes.tolist(), (counts / max(1, counts.sum())).tolist(), strict=True))


def _common(one: Shares, other: Shares) -> float:
    return float(sum((share * other[code]) ** 0.5 for code, share in one.items() if code in other))
