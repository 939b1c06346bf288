"""What is known of a painting's regions before any fix; merges, splits and another palette change it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rltn_cli.errors import UsageError
from rltn_cli.imaging.finishes.flat_painting import RegionRows
from rltn_cli.painting.finish import FinishOptions, decision_of
from rltn_cli.painting.fixes import Fix
from rltn_cli.painting.painting import Painting
from rltn_cli.touch_up.places import region_places
from rltn_cli.touch_up.work import OFFERED, Work


class Survey:
    """The regions of a painting, a place in each, and what votes say before any fix."""

    def __init__(self, painting: Painting, saved: FinishOptions, work: Work) -> None:
        """Look at a painting; of the work only merges, splits and the palette count."""
        self.key = work.edits, work.palette
        self.votes = painting.decide(gap=saved.gap, palette=work.colors, edits=work.edits)
        self.labels = self.votes.evidence.labels
        self.places = region_places(self.labels, painting.grey)
        """(N + 1, 2): a pixel (x, y) of the drawing in each region; -1 where all of it is line."""
        self._rows = RegionRows(self.labels, painting.size)

    @property
    def count(self) -> int:
        """How many regions there are."""
        return len(self.places) - 1

    def region_at(self, point: tuple[int, int]) -> int:
        """Return the region of a pixel (x, y) of the drawing."""
        return self._rows.at(point[1], point[0])

    def place_of(self, region: Any) -> tuple[int, int]:
        """Return a place in a region that the page names.

        Raises:
            UsageError: there is no such region, or it is all line.
        """
        if type(region) is not int or not 1 <= region <= self.count:
            raise UsageError(f"there is no region {str(region)[:20]}: they are 1 to {self.count}")
        x, y = self.places[region].tolist()
        if x < 0:
            raise UsageError(f"region {region} is nothing but line, and takes no colour")
        return x, y

    def points_of(self, regions: Sequence[int]) -> list[list[int]]:
        """Return a place in each of some regions, without those that are all line."""
        return [self.places[region].tolist() for region in regions if self.places[region, 0] >= 0]

    def fixes_in(self, regions: Sequence[int], fixes: Sequence[Fix]) -> list[list[int]]:
        """Return the points of those fixes that lie in some regions."""
        wanted = set(regions)
        return [[fix.x, fix.y] for fix in fixes if self.region_at((fix.x, fix.y)) in wanted]

    def merged(self, before: "Survey", stroke: Sequence[tuple[int, int]]) -> tuple[int, int]:
        """Return the region that a merge has made, and the one before it that its stroke began in.

        Args:
            before: of the regions before the merge, which joined some.
            stroke: points of the drawing.
        """
        into = np.zeros(before.count + 1, np.int64)
        into[before.labels.reshape(-1)] = self.labels.reshape(-1)
        joined = int(np.bincount(into[1:]).argmax())
        began = [point for point in stroke if self.region_at(point) == joined]
        first = before.region_at(began[0]) if began else int(np.flatnonzero(into == joined)[0])
        return joined, first


def work_of(painting: Painting, options: FinishOptions) -> Work:
    """Return what a painting holds when it is opened: one fix a region, each with its colour."""
    finish = options.resolve(painting.grey)[0].finish
    palette = None if options.palette is None else tuple(options.palette.hexes)
    bare = Work(finish if finish in OFFERED else "paint", palette, options.edits, ())
    survey = Survey(painting, options, bare)
    for fix in options.fixes:
        fix.check(painting.grey)
    if options.fix_alike:
        given = [
            Fix(x, y, color)
            for region, color in decision_of(painting, options).fixed.items()
            for x, y in survey.points_of([region])
        ]
    else:
        given = [replace(fix, color=fix.rgb(survey.votes.palette)) for fix in options.fixes]
    last = {survey.region_at((fix.x, fix.y)): fix for fix in given}
    return replace(bare, fixes=tuple(last.values()))
