"""Edits of regions by strokes on the drawing: a merge makes one region of all it passes, a split cuts one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from rltn_cli.errors import UsageError
from rltn_cli.imaging.regions.flats import Labels, Mask
from rltn_cli.imaging.regions.strokes import cut_along, joined_along

EditKind: TypeAlias = Literal["merge", "split"]
MOST_EDITS = 1000
"""Edits that one painting takes."""
MOST_POINTS = 64
"""Points of one stroke."""
_TEXT = re.compile(r"(merge|split)((?: \d{1,9},\d{1,9})+)", re.ASCII)
_ACTIONS = {"merge": joined_along, "split": cut_along}


@dataclass(frozen=True, slots=True)
class RegionEdit:
    """A change to the regions, by a stroke; independent of how they are numbered."""

    kind: EditKind
    """`merge` makes one region of those that the stroke passes, `split` cuts the one most of it lies in."""
    stroke: tuple[tuple[int, int], ...]
    """Where it goes: (x, y) in pixels of the drawing, upright, from the top left corner."""

    def __str__(self) -> str:
        """Return the edit as it is saved, such as `split 120,340 180,340`."""
        return " ".join([self.kind, *(f"{x},{y}" for x, y in self.stroke)])

    def check(self, size: tuple[int, int]) -> None:
        """Refuse an edit that lies outside of a drawing (H, W), or is not a stroke.

        Raises:
            UsageError: as above.
        """
        if self.kind not in get_args(EditKind):
            raise UsageError(f"regions are edited by {' and '.join(get_args(EditKind))}, not {self.kind!r}")
        if not 2 <= len(self.stroke) <= MOST_POINTS:
            raise UsageError(f"a stroke has from 2 to {MOST_POINTS} points, not {len(self.stroke)}")
        if not all(0 <= x < size[1] and 0 <= y < size[0] for x, y in self.stroke):
            raise UsageError(f"the stroke leaves the drawing, which is {size[1]}x{size[0]}")

    def applied(self, labels: Labels, free: Mask, size: tuple[int, int]) -> Labels | None:
        """Return the regions after this edit; None where it changes nothing.

        Args:
            labels: (H', W'), 1 to N: the region of each pixel.
            free: (H', W'), True off the lines.
            size: (H, W) of the drawing.
        """
        height, width = labels.shape
        stroke = [(x * width // size[1], y * height // size[0]) for x, y in self.stroke]
        return _ACTIONS[self.kind](labels, free, stroke)


def parse_edit(text: str) -> RegionEdit:
    """Read an edit as it is saved.

    Raises:
        UsageError: it is written in another way.
    """
    match = _TEXT.fullmatch(text)
    if not match:
        raise UsageError(f"edit {text[:60]!r} is not written like 'split 120,340 180,340'")
    points = (point.split(",") for point in match[2].split())
    kind: EditKind = "merge" if match[1] == "merge" else "split"
    return RegionEdit(kind, tuple((int(x), int(y)) for x, y in points))


def check_edits(edits: Sequence[RegionEdit], size: tuple[int, int]) -> None:
    """Refuse edits that lie outside of a drawing (H, W), and too many of them.

    Raises:
        UsageError: as above.
    """
    if len(edits) > MOST_EDITS:
        raise UsageError(f"a painting takes at most {MOST_EDITS:,} merges and splits")
    for edit in edits:
        edit.check(size)
