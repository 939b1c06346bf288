"""A saved painting while it is touched up: its steps, its picture, saving and exporting."""

import hashlib
import threading
from pathlib import Path
from typing import Any

import numpy as np

from rltn_cli.errors import OutputError, PaintingError, UsageError
from rltn_cli.imaging.colors.decision import Decision
from rltn_cli.imaging.colors.palette import to_hex
from rltn_cli.output_files import write_file
from rltn_cli.painting.finish import decision_of
from rltn_cli.painting.region_edits import EditKind, RegionEdit
from rltn_cli.painting.saved import decode_painting, encode_painting, open_painting
from rltn_cli.touch_up.exports import export
from rltn_cli.touch_up.preview import Preview, to_png
from rltn_cli.touch_up.record import Record
from rltn_cli.touch_up.survey import Survey, work_of
from rltn_cli.touch_up.work import Change, Work, known_finish, known_palette, to_rgb, to_stroke

_KEPT = 8
"""How many surveys are kept."""


class Desk:
    """One painting; every method may be called from any thread."""

    def __init__(self, path: Path) -> None:
        """Open a painting and take up what was done to it before.

        Raises:
            PaintingError, OutputError: it cannot be opened, or its steps cannot be kept next to it.
        """
        open_painting(path)  # says what is wrong before a journal is made
        self.path = path
        self.lock = threading.RLock()
        self.version = 1
        """Of the picture and all that is told of it."""
        self.map_version = 1
        """Of the regions and the palette."""
        self._surveys: dict[object, Survey] = {}
        """The last ones, for undo."""
        self._rendered: tuple[int, bytes] = (-1, b"")
        self._record = Record(path)
        try:
            data = path.read_bytes()
            self._sha256 = hashlib.sha256(data).hexdigest()
            self.painting, self._options = decode_painting(data, str(path))
            saved = work_of(self.painting, self._options)
        except BaseException:
            self._record.close(keep=self._record.has_entries)
            raise
        self._record.take_up(self._sha256, saved, self.painting.size)
        self.notices = self._record.notices
        """What a user should know."""
        self.preview = Preview(self.painting)
        self.survey = Survey(self.painting, self._options, self.work)
        """Of the regions as they are now."""
        self.decision, self.colors = self._decide()
        self._keep_survey()

    def _look(self, survey: Survey | None = None) -> None:
        """Look at the work as it is now: its regions, where they have changed, and what is decided."""
        key = self.work.edits, self.work.palette
        if self.survey.key != key:
            known = survey or self._surveys.get(key)
            self.survey = known or Survey(self.painting, self._options, self.work)
            self.map_version += 1
        self._keep_survey()
        self.decision, self.colors = self._decide()
        self.version += 1

    def _keep_survey(self) -> None:
        """Keep the present survey as the last one, and forget the oldest."""
        key = self.survey.key
        self._surveys[key] = self._surveys.pop(key, self.survey)
        while len(self._surveys) > _KEPT:
            del self._surveys[next(iter(self._surveys))]

    def _decide(self) -> tuple[Decision, list[str]]:
        """Return the colours of all regions as they are now, and the same as `#rrggbb`."""
        decision = decision_of(self.painting, self.work.options(self._options))
        return decision, [to_hex(color) for color in decision.colors.tolist()]

    @property
    def work(self) -> Work:
        """What the user has made of the painting."""
        return self._record.history.now

    @property
    def steps(self) -> tuple[int, int]:
        """How many steps can be undone, and done again."""
        return self._record.history.done, self._record.history.undone

    @property
    def is_unsaved(self) -> bool:
        """Whether something was changed since the painting was saved."""
        return self._record.is_unsaved

    @property
    def reads_only(self) -> bool:
        """Whether another process works on the painting."""
        return self._record.reads_only

    def _take(self, change: Change, survey: Survey | None = None) -> None:
        """Keep a change, then take it; with what is known of the regions afterwards, where that is known."""
        self._record.check_writing()
        self._record.step(change, self.work.after(change, self.painting.size))
        self._look(survey)

    def _check_map(self, version: Any) -> None:
        """Refuse numbers of regions of before a merge, a split or another palette."""
        if version is not None and version != self.map_version:
            raise UsageError("the regions have changed meanwhile: try again")

    def fix(self, region: Any, color: Any, alike: Any = False, map: Any = None) -> None:  # noqa: A002
        """Give a region a colour.

        Args:
            region: its number.
            color: as `#rrggbb`; None lets rltn decide again.
            alike: whether all regions that have the same colour now get it, too.
            map: the `map_version` that the number is of; None for the present one.

        Raises:
            UsageError: there is no such region or colour.
            OutputError: the step cannot be kept.
        """
        with self.lock:
            self._check_map(map)
            self.survey.place_of(region)
            if type(alike) is not bool:
                raise UsageError("alike must be true or false")
            regions = [region]
            if alike:
                regions = np.flatnonzero(np.array(self.colors) == self.colors[region]).tolist()
            self._give([other for other in regions if other], color)

    def give(self, regions: Any, color: Any, map: Any = None) -> None:  # noqa: A002
        """Give several regions a colour in one step; arguments and errors as `fix`."""
        with self.lock:
            self._check_map(map)
            if not isinstance(regions, list) or not regions:
                raise UsageError("regions must be a list of numbers")
            for region in regions:
                self.survey.place_of(region)
            self._give(regions, color)

    def _give(self, regions: list[int], color: Any) -> None:
        given = None if color is None else to_hex(to_rgb(color))
        points = self.survey.points_of(regions)
        instead = self.survey.fixes_in(regions, self.work.fixes)
        self._take({"instead": instead, "fix": points, "color": given})

    def merge(self, stroke: Any) -> int:
        """Make one region of those that a stroke passes, in the colour of the one it begins in.

        Returns:
            Its number.

        Raises:
            UsageError: the stroke makes no sense, or passes one region only.
            OutputError: the step cannot be kept.
        """
        with self.lock:
            edit, work, after = self._edited("merge", stroke)
            if after.count == self.survey.count:
                raise UsageError("the stroke stays in one region: draw it from one region into another")
            joined, first = after.merged(self.survey, edit.stroke)
            instead = after.fixes_in([joined], work.fixes)
            points = after.points_of([joined])
            color = self.colors[first]
            self._take({"edit": str(edit), "instead": instead, "fix": points, "color": color}, after)
            return joined

    def split(self, stroke: Any) -> int:
        """Cut the region that most of a stroke lies in.

        Returns:
            The number of the smallest part.

        Raises:
            UsageError: the stroke makes no sense, or cuts nothing off.
            OutputError: the step cannot be kept.
        """
        with self.lock:
            edit, _, after = self._edited("split", stroke)
            if after.count == self.survey.count:
                raise UsageError(
                    "the stroke cuts nothing off: draw it through a region from edge to edge, or as a loop"
                )
            self._take({"edit": str(edit)}, after)
            return after.count

    def _edited(self, kind: EditKind, stroke: Any) -> tuple[RegionEdit, Work, Survey]:
        """Return an edit, the work after it, and what is known of that."""
        self._record.check_writing()
        edit = RegionEdit(kind, to_stroke(stroke))
        edit.check(self.painting.size)
        work = self.work.after({"edit": str(edit)}, self.painting.size)
        return edit, work, Survey(self.painting, self._options, work)

    def set_finish(self, finish: Any) -> None:
        """Finish the picture in another way.

        Raises:
            UsageError: there is no such finish.
        """
        with self.lock:
            if known_finish(finish) != self.work.finish:
                self._take({"finish": finish})

    def set_palette(self, colors: Any) -> None:
        """Choose from other colours.

        Args:
            colors: hex values; None for those of the references.

        Raises:
            UsageError: they are none.
        """
        with self.lock:
            palette = None if colors is None else known_palette(colors)
            if palette != self.work.palette:
                self._take({"palette": None if palette is None else list(palette)})

    def undo(self) -> None:
        """Undo the last step, if there is one."""
        with self.lock:
            self._record.undo()
            self._look()

    def redo(self) -> None:
        """Do again what was undone last, if anything was."""
        with self.lock:
            self._record.redo()
            self._look()

    def save(self) -> None:
        """Write the work into the painting.

        Raises:
            OutputError: it cannot be written, or another program has changed the file meanwhile.
        """
        with self.lock:
            self._record.check_writing()
            if not self.is_unsaved:
                return
            try:
                before = hashlib.sha256(self.path.read_bytes()).hexdigest()
            except OSError as error:
                raise PaintingError(
                    f"{self.path.name}: cannot be read any more ({error.strerror})"
                ) from error
            if before != self._sha256:
                raise OutputError(
                    f"{self.path.name}: another program has changed it meanwhile; export instead"
                )
            work = self.work
            data = encode_painting(self.painting, work.options(self._options), self.path.name)
            after = self._record.saving(data)
            write_file(self.path, data, overwrite=True)
            self._sha256, self._record.saved = after, work
            self.version += 1

    def export(self, kind: str) -> bytes:
        """Return the finished picture as a file of one of `exports.EXPORTS`.

        Raises:
            UsageError, OutputError: it cannot be made.
        """
        with self.lock:
            options = self.work.options(self._options)
        return export(self.painting, options, kind)

    def picture(self) -> bytes:
        """Return the picture as it is, as PNG of the preview's size."""
        with self.lock:
            if self._rendered[0] != self.version:
                picture = self.preview.render(self.work.finish, self.decision)
                self._rendered = self.version, to_png(picture)
            return self._rendered[1]

    def close(self) -> None:
        """Let the painting go; steps that are not saved stay in the journal."""
        with self.lock:
            self._record.close(keep=self.is_unsaved)
