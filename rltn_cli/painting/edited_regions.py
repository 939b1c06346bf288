"""The regions of a drawing after merges and splits, found again quickly while these are done and undone."""

from dataclasses import dataclass

from rltn_cli.imaging.regions.flats import INK, Labels
from rltn_cli.imaging.regions.region_map import RegionMap
from rltn_cli.painting.region_edits import RegionEdit

Edits = tuple[RegionEdit, ...]
_KEPT = 12
"""How many states stay in memory."""
_STRIDE = 8
"""Every so many edits a state is kept, so that undoing many takes as long as doing few."""


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """Labels after some edits."""

    edits: Edits
    labels: Labels
    idle: int
    """How many of the edits changed nothing."""


class EditedRegions:
    """Regions, and what edits make of them."""

    def __init__(self, regions: RegionMap, size: tuple[int, int]) -> None:
        """Take the regions as they were found, and the size (H, W) of the drawing."""
        self._found, self._size = regions, size
        self._free = regions.dark < INK
        self._states: list[_State] = []
        """The last used last."""

    def after(self, edits: Edits) -> RegionMap:
        """Return the regions after edits, taken one after the other."""
        labels = self._state(edits).labels
        return RegionMap.of(labels, self._found.dark)

    def idle(self, edits: Edits) -> int:
        """Return how many edits change nothing."""
        return self._state(edits).idle

    def _state(self, edits: Edits) -> _State:
        begun = [state for state in self._states if state.edits == edits[: len(state.edits)]]
        state = max(begun, key=lambda one: len(one.edits), default=_State((), self._found.labels, 0))
        for count in range(len(state.edits) + 1, len(edits) + 1):
            changed = edits[count - 1].applied(state.labels, self._free, self._size)
            labels = state.labels if changed is None else changed
            state = _State(edits[:count], labels, state.idle + (changed is None))
            if count % _STRIDE == 0:
                self._keep(state)
        self._keep(state)
        return state

    def _keep(self, state: _State) -> None:
        others = [one for one in self._states if one is not state]
        self._states = [*others, state][-_KEPT:]
