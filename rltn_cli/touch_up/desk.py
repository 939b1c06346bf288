"""A saved painting while it is touched up: its steps, its picture, saving and exporting."""

import hashlib
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rltn_cli.choices import Finish
from rltn_cli.errors import OutputError, PaintingError, UsageError
from rltn_cli.imaging.decision import Decision
from rltn_cli.imaging.encoding import encode_picture
from rltn_cli.imaging.formats import PNG
from rltn_cli.imaging.palette import Color, to_hex
from rltn_cli.output_files import write_file
from rltn_cli.painting.finish import FinishOptions, finish_painting
from rltn_cli.painting.fixes import Fix
from rltn_cli.painting.layer_files import write_layers
from rltn_cli.painting.saved import decode_painting, encode_painting, open_painting
from rltn_cli.touch_up.history import History
from rltn_cli.touch_up.journal import Journal
from rltn_cli.touch_up.places import region_places
from rltn_cli.touch_up.preview import Preview, to_png

OFFERED: tuple[Finish, ...] = ("flat", "cel", "paint")
"""Finishes to choose from; `raw` has no regions."""
EXPORTS = {"png": "image/png", "ora": "image/openraster", "psd": "image/vnd.adobe.photoshop"}
"""Formats of exports, with their media types."""
_KIND, _FORMAT = "rltn touch-up", 1


class Desk:
    """One painting; every method may be called from any thread."""

    def __init__(self, path: Path) -> None:
        """Open a painting and take up what was done to it before.

        Raises:
            PaintingError, OutputError: it cannot be opened, or its steps cannot be kept next to it.
        """
        open_painting(path)  # says what is wrong before a journal is made
        self.path = path
        self.notices: tuple[str, ...] = ()
        """What a user should know."""
        self.lock = threading.RLock()
        self._journal = Journal(path)
        try:
            data = path.read_bytes()
            self._sha256 = hashlib.sha256(data).hexdigest()
            self.painting, self._options = decode_painting(data, str(path))
        except BaseException:
            self._journal.close(keep=bool(self._journal.entries))
            raise
        self._prepare()
        self._take_up()
        if self.reads_only:
            self.notices = (f"{path}: another process touches it up; this one only reads",)
        self._changed()

    def _prepare(self) -> None:
        """Find out what stays the same: regions, where they lie, and what the network votes for."""
        painting, options = self.painting, self._options
        self.votes = painting.decide(gap=options.gap, palette=options.palette)
        self.labels = self.votes.evidence.labels
        self.places = region_places(self.labels, painting.grey)
        self.preview = Preview(painting)
        self.version = 0
        self._rendered: tuple[int, bytes] = (-1, b"")

    def _take_up(self) -> None:
        """Begin with what the painting holds, and repeat what the journal says."""
        options = self._options
        finish = options.resolve(self.painting.grey)[0].finish
        decided = self.painting.decide(
            options.fixes, alike=options.fix_alike, gap=options.gap, palette=options.palette
        )
        self._saved = dict(decided.fixed), finish if finish in OFFERED else "paint"
        self.history, self.finish = History(self._saved[0]), self._saved[1]
        entries = self._journal.entries
        if entries and self._is_ours(entries) and self._repeat(entries):
            self.notices = (f"{self.path}: going on with {len(entries) - 1} steps that were kept",)
            return
        self.history, self.finish = History(self._saved[0]), self._saved[1]
        if self._journal.is_held:
            fixed = {str(region): to_hex(color) for region, color in self._saved[0].items()}
            header = {"kind": _KIND, "format": _FORMAT, "sha256": self._sha256}
            aside = self._journal.begin(header | {"fixed": fixed, "finish": self.finish})
            if aside:
                self.notices = (
                    f"{self.path} is another painting than when it was last touched up; those steps are in "
                    f"{aside}",
                )

    def _is_ours(self, entries: Sequence[dict[str, Any]]) -> bool:
        """Return whether a journal is of the painting as it is in the file."""
        header = entries[0]
        if (header.get("kind"), header.get("format")) != (_KIND, _FORMAT):
            return False
        known = [header.get("sha256"), *(entry.get("saving") for entry in entries[1:])]
        return self._sha256 in known

    def _repeat(self, entries: Sequence[dict[str, Any]]) -> bool:
        """Repeat the steps of a journal, and return whether they made sense."""
        try:
            header = entries[0]
            self.history = History({int(key): _rgb(value) for key, value in header["fixed"].items()})
            self.finish = self._known_finish(header["finish"])
            for region in self.history.fixed:
                self._check_region(region)
            for entry in entries[1:]:
                self._apply(entry)
        except (UsageError, KeyError, TypeError, ValueError, AttributeError):
            return False
        return True

    def _apply(self, entry: dict[str, Any]) -> None:
        """Take one step."""
        if "regions" in entry:
            for region in entry["regions"]:
                self._check_region(region)
            color = entry["color"]
            self.history.give(entry["regions"], None if color is None else _rgb(color))
        elif "finish" in entry:
            self.finish = self._known_finish(entry["finish"])
        elif entry.get("do") == "undo":
            self.history.undo()
        elif entry.get("do") == "redo":
            self.history.redo()

    def _changed(self) -> None:
        """Decide anew."""
        options = self._now()
        self.decision: Decision = self.painting.decide(
            options.fixes, gap=options.gap, palette=options.palette
        )
        self.colors: list[str] = [to_hex(color) for color in self.decision.colors.tolist()]
        self.version += 1

    def _now(self) -> FinishOptions:
        """Return the options that make the picture as it is."""
        places = self.places.tolist()
        fixes = tuple(
            Fix(places[region][0], places[region][1], color) for region, color in self.history.fixed.items()
        )
        return replace(self._options, finish=self.finish, fixes=fixes, fix_alike=False)

    @property
    def is_unsaved(self) -> bool:
        """Whether something was changed since the painting was saved."""
        return (self.history.fixed, self.finish) != self._saved

    @property
    def reads_only(self) -> bool:
        """Whether another process works on the painting."""
        return not self._journal.is_held

    def _step(self, entry: dict[str, Any]) -> None:
        """Keep a step, then take it."""
        self._check_writing()
        self._journal.add(entry)
        self._apply(entry)
        self._changed()

    def _check_writing(self) -> None:
        if self.reads_only:
            raise OutputError(f"{self.path.name}: another process touches it up; this one only reads")

    def _check_region(self, region: Any) -> None:
        if type(region) is not int or not 1 <= region < len(self.places):
            raise UsageError(f"there is no region {str(region)[:20]}: they are 1 to {len(self.places) - 1}")
        if self.places[region, 0] < 0:
            raise UsageError(f"region {region} is nothing but line, and takes no colour")

    def _known_finish(self, finish: Any) -> Finish:
        for known in OFFERED:
            if finish == known:
                return known
        raise UsageError(f"the finish must be one of {', '.join(OFFERED)}")

    def fix(self, region: Any, color: Any, alike: Any = False) -> None:
        """Give a region a colour.

        Args:
            region: its number.
            color: as `#rrggbb`; None lets rltn decide again.
            alike: whether all regions that have the same colour now get it, too.

        Raises:
            UsageError: there is no such region or colour.
            OutputError: the step cannot be kept.
        """
        with self.lock:
            self._check_region(region)
            if color is not None:
                color = to_hex(_rgb(color))
            if type(alike) is not bool:
                raise UsageError("alike must be true or false")
            regions = [region]
            if alike:
                same = np.flatnonzero(np.array(self.colors) == self.colors[region]).tolist()
                regions = [other for other in same if other and self.places[other, 0] >= 0]
            self._step({"regions": regions, "color": color})

    def undo(self) -> None:
        """Undo the last step, if there is one."""
        with self.lock:
            self._check_writing()
            if self.history.done:
                self._step({"do": "undo"})

    def redo(self) -> None:
        """Do again what was undone last, if anything was."""
        with self.lock:
            self._check_writing()
            if self.history.undone:
                self._step({"do": "redo"})

    def set_finish(self, finish: Any) -> None:
        """Finish the picture in another way.

        Raises:
            UsageError: there is no such finish.
        """
        with self.lock:
            if self._known_finish(finish) != self.finish:
                self._step({"finish": finish})

    def save(self) -> None:
        """Write the fixes and the finish into the painting.

        Raises:
            OutputError: it cannot be written, or another program has changed the file meanwhile.
        """
        with self.lock:
            self._check_writing()
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
            data = encode_painting(self.painting, self._now(), self.path.name)
            after = hashlib.sha256(data).hexdigest()
            self._journal.add({"saving": after})
            write_file(self.path, data, overwrite=True)
            self._sha256 = after
            self._saved = dict(self.history.fixed), self.finish
            self.version += 1

    def export(self, kind: str) -> bytes:
        """Return the finished picture as a file of one of `EXPORTS`.

        Raises:
            UsageError, OutputError: it cannot be made.
        """
        with self.lock:
            options = self._now()
        finished = finish_painting(self.painting, options)
        if kind == "png":
            return encode_picture(finished.image, PNG, self.painting.dpi)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"export.{kind}"
            write_layers(path, finished)
            return path.read_bytes()

    def picture(self) -> bytes:
        """Return the picture as it is, as PNG of the preview's size."""
        with self.lock:
            version = self.version
            if self._rendered[0] != version:
                self._rendered = version, to_png(self.preview.render(self.finish, self.decision))
            return self._rendered[1]

    def close(self) -> None:
        """Let the painting go; steps that are not saved stay in the journal."""
        with self.lock:
            self._journal.close(keep=self.is_unsaved)


def _rgb(text: Any) -> Color:
    """Return a colour from `#rrggbb`."""
    try:
        if not isinstance(text, str) or len(text) != 7 or text[0] != "#":
            raise ValueError
        red, green, blue = bytes.fromhex(text[1:])
    except ValueError:
        raise UsageError(f"{str(text)[:20]!r} is no colour such as #ffcc00") from None
    return red, green, blue
