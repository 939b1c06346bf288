"""What a user has made of a painting, and the changes that lead from one state of it to the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rltn_cli.choices import Finish
from rltn_cli.errors import UsageError
from rltn_cli.imaging.colors.palette import Color, Palette, to_hex
from rltn_cli.imaging.colors.palette_files import parse_palette
from rltn_cli.painting.finish import FinishOptions
from rltn_cli.painting.fixes import Fix
from rltn_cli.painting.region_edits import RegionEdit, check_edits, parse_edit

OFFERED: tuple[Finish, ...] = ("flat", "cel", "paint")
"""Finishes to choose from; `raw` has no regions."""
Change = Mapping[str, Any]
"""A step as the journal keeps it: JSON, in pixels of the drawing, so that no numbering of regions matters.

    finish     another finish
    palette    the only colours, as hex values; null for the references' own
    edit       a merge or a split, as `RegionEdit` writes it
    instead    points of fixes that no longer count
    fix        points that get a colour
    color      which one, as a hex value; null where rltn decides again
"""
_KEYS = {"finish", "palette", "edit", "instead", "fix", "color"}


@dataclass(frozen=True, slots=True)
class Work:
    """A state of the work: with a painting, it says all about the picture."""

    finish: Finish
    palette: tuple[str, ...] | None
    """The only colours, as `#rrggbb`; None are those of the references."""
    edits: tuple[RegionEdit, ...]
    fixes: tuple[Fix, ...]
    """One a region, each with a colour of its own, not a number."""

    def options(self, saved: FinishOptions) -> FinishOptions:
        """Return the options that make the picture; what the page does not offer stays as it was saved."""
        return replace(
            saved,
            finish=self.finish,
            palette=self.colors,
            edits=self.edits,
            fixes=self.fixes,
            fix_alike=False,
        )

    @property
    def colors(self) -> Palette | None:
        """The palette, where there is one."""
        return None if self.palette is None else parse_palette(",".join(self.palette))

    @property
    def essence(self) -> tuple[object, ...]:
        """What two states share that make the same picture: the order of fixes does not count."""
        return self.finish, self.palette, self.edits, frozenset(self.fixes)

    def after(self, change: Change, size: tuple[int, int]) -> "Work":
        """Return the work after a change.

        Args:
            change: see `Change`.
            size: (H, W) of the drawing.

        Raises:
            UsageError, KeyError, TypeError, ValueError: it makes no sense.
        """
        if not change or not set(change) <= _KEYS:
            raise UsageError("an unknown kind of step")
        work = self
        if "finish" in change:
            work = replace(work, finish=known_finish(change["finish"]))
        if "palette" in change:
            palette = change["palette"]
            work = replace(work, palette=None if palette is None else known_palette(palette))
        if "edit" in change:
            edits = (*work.edits, parse_edit(change["edit"]))
            check_edits(edits, size)
            work = replace(work, edits=edits)
        if "fix" in change:
            gone = set(_points(change["instead"], size))
            kept = [fix for fix in work.fixes if (fix.x, fix.y) not in gone]
            color = None if change["color"] is None else to_rgb(change["color"])
            given = [Fix(x, y, color) for x, y in _points(change["fix"], size)] if color else []
            work = replace(work, fixes=(*kept, *given))
        return work

    def to_json(self) -> dict[str, Any]:
        """Return the work as plain values."""
        fixes = [[fix.x, fix.y, to_hex(_color(fix))] for fix in self.fixes]
        palette = None if self.palette is None else list(self.palette)
        return {
            "finish": self.finish, "palette": palette, "edits": list(map(str, self.edits)), "fixes": fixes,
        }  # fmt: skip


def work_from_json(values: Mapping[str, Any], size: tuple[int, int]) -> Work:
    """Read what `Work.to_json` wrote, of a drawing (H, W); errors as `Work.after`."""
    work = Work(known_finish(values["finish"]), None, (), ())
    work = work.after({"palette": values["palette"]}, size)
    for edit in values["edits"]:
        work = work.after({"edit": edit}, size)
    for x, y, color in values["fixes"]:
        work = work.after({"instead": [], "fix": [[x, y]], "color": color}, size)
    return work


def known_finish(finish: Any) -> Finish:
    """Return a finish that is offered.

    Raises:
        UsageError: there is no such finish.
    """
    for known in OFFERED:
        if finish == known:
            return known
    raise UsageError(f"the finish must be one of {', '.join(OFFERED)}")


def known_palette(colors: Any) -> tuple[str, ...]:
    """Return the hex values of a palette.

    Raises:
        UsageError: they are none.
    """
    if not isinstance(colors, list) or not colors:
        raise UsageError("a palette is a list of colours such as #ffcc00")
    texts = [to_hex(to_rgb(color)) for color in colors]
    return tuple(parse_palette(",".join(texts)).hexes)


def to_stroke(points: Any) -> tuple[tuple[int, int], ...]:
    """Return the points of a stroke from a list of pairs.

    Raises:
        UsageError: they are none.
    """
    try:
        stroke = tuple((x, y) for x, y in points)
        if not isinstance(points, list) or not all(type(x) is type(y) is int for x, y in stroke):
            raise ValueError
    except (TypeError, ValueError):
        raise UsageError("a stroke is a list of points such as [120, 340]") from None
    return stroke


def to_rgb(text: Any) -> Color:
    """Return a colour from `#rrggbb`.

    Raises:
        UsageError: it is none.
    """
    try:
        if not isinstance(text, str) or len(text) != 7 or text[0] != "#":
            raise ValueError
        red, green, blue = bytes.fromhex(text[1:])
    except ValueError:
        raise UsageError(f"{str(text)[:20]!r} is no colour such as #ffcc00") from None
    return red, green, blue


def _points(points: Sequence[Sequence[int]], size: tuple[int, int]) -> list[tuple[int, int]]:
    """Return points of a drawing (H, W)."""
    found = [(x, y) for x, y in points]
    for x, y in found:
        if type(x) is not int or type(y) is not int or not (0 <= x < size[1] and 0 <= y < size[0]):
            raise UsageError("a point lies outside of the drawing")
    return found


def _color(fix: Fix) -> Color:
    assert not isinstance(fix.color, int)
    return fix.color
