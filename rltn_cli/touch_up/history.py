"""Which regions were given which colours, step by step, with undo and redo without limit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rltn_cli.imaging.palette import Color


@dataclass(frozen=True, slots=True)
class _Step:
    """One step, and what undoes it."""

    after: Mapping[int, Color | None]
    before: Mapping[int, Color | None]
    """By region; None where rltn decides."""


class History:
    """The colours that are given, and the steps that led to them."""

    def __init__(self, fixed: Mapping[int, Color]) -> None:
        """Begin with the colours that are given already, by region."""
        self.fixed = dict(fixed)
        self._done: list[_Step] = []
        self._undone: list[_Step] = []

    @property
    def done(self) -> int:
        """How many steps can be undone."""
        return len(self._done)

    @property
    def undone(self) -> int:
        """How many steps can be done again."""
        return len(self._undone)

    def give(self, regions: Iterable[int], color: Color | None) -> None:
        """Give regions a colour, or let rltn decide again for None; what was undone is forgotten."""
        wanted = dict.fromkeys(regions, color)
        step = _Step(wanted, {region: self.fixed.get(region) for region in wanted})
        self._take(step.after)
        self._done.append(step)
        self._undone.clear()

    def undo(self) -> bool:
        """Undo the last step, and return whether there was one."""
        if not self._done:
            return False
        step = self._done.pop()
        self._take(step.before)
        self._undone.append(step)
        return True

    def redo(self) -> bool:
        """Do the step again that was undone last, and return whether there was one."""
        if not self._undone:
            return False
        step = self._undone.pop()
        self._take(step.after)
        self._done.append(step)
        return True

    def _take(self, colors: Mapping[int, Color | None]) -> None:
        for region, color in colors.items():
            self.fixed.pop(region, None)
            if color is not None:
                self.fixed[region] = color
