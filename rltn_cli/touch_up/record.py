"""The steps of a painting as its journal keeps them, and the work that repeating them leads to."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rltn_cli.errors import OutputError, UsageError
from rltn_cli.touch_up.history import History
from rltn_cli.touch_up.journal import Journal
from rltn_cli.touch_up.work import Change, Work, work_from_json

_KIND, _FORMAT = "rltn touch-up", 2
_DO = ("undo", "redo")


class Record:
    """What was done to a painting, on the disk before it is taken."""

    def __init__(self, path: Path) -> None:
        """Take hold of the journal of a painting; see `Journal`.

        Raises:
            OutputError: it can be neither read nor written.
        """
        self._path = path
        self._journal = Journal(path)
        self.history: History
        self.saved: Work
        """The work as the painting's file has it."""
        self.notices: tuple[str, ...] = ()
        """What a user should know."""

    @property
    def reads_only(self) -> bool:
        """Whether another process works on the painting."""
        return not self._journal.is_held

    @property
    def is_unsaved(self) -> bool:
        """Whether something was changed since the painting was saved."""
        return self.history.now.essence != self.saved.essence

    def take_up(self, sha256: str, saved: Work, size: tuple[int, int]) -> None:
        """Begin with what a painting holds, and repeat what the journal says.

        Args:
            sha256: of the painting's file.
            saved: what it holds.
            size: (H, W) of the drawing.
        """
        self.saved, self.history = saved, History(saved)
        entries = self._journal.entries
        repeated = _repeated(entries, sha256, size)
        if repeated is not None:
            self.history = repeated
            self.notices = (f"{self._path}: going on with {len(entries) - 1} steps that were kept",)
        elif self._journal.is_held:
            header = {"kind": _KIND, "format": _FORMAT, "sha256": sha256, "work": saved.to_json()}
            aside = self._journal.begin(header)
            if aside:
                self.notices = (
                    f"{self._path} is another painting than when it was last touched up; those steps are in "
                    f"{aside}",
                )
        if self.reads_only:
            self.notices = (f"{self._path}: another process touches it up; this one only reads",)

    def check_writing(self) -> None:
        """Refuse to write where another process does.

        Raises:
            OutputError: as above.
        """
        if self.reads_only:
            raise OutputError(f"{self._path.name}: another process touches it up; this one only reads")

    def step(self, change: Change, work: Work) -> None:
        """Keep a change, then take the work that it leads to.

        Raises:
            OutputError: it cannot be kept.
        """
        self.check_writing()
        self._journal.add(dict(change))
        self.history.add(work)

    def undo(self) -> None:
        """Undo the last step, if there is one; errors as `step`."""
        self.check_writing()
        if self.history.done:
            self._journal.add({"do": "undo"})
            self.history.undo()

    def redo(self) -> None:
        """Do again what was undone last, if anything was; errors as `step`."""
        self.check_writing()
        if self.history.undone:
            self._journal.add({"do": "redo"})
            self.history.redo()

    def saving(self, data: bytes) -> str:
        """Note that the painting's file is about to hold this, and return its SHA-256; errors as `step`."""
        sha256 = hashlib.sha256(data).hexdigest()
        self._journal.add({"saving": sha256})
        return sha256

    def close(self, *, keep: bool) -> None:
        """Let the journal go, and remove it unless there is something in it to keep."""
        self._journal.close(keep=keep)

    @property
    def has_entries(self) -> bool:
        """Whether anything is in the journal."""
        return bool(self._journal.entries)


def _repeated(entries: Sequence[dict[str, Any]], sha256: str, size: tuple[int, int]) -> History | None:
    """Return the history that a journal tells of; None where it is another painting's or makes no sense."""
    if not entries or (entries[0].get("kind"), entries[0].get("format")) != (_KIND, _FORMAT):
        return None
    if sha256 not in [entries[0].get("sha256"), *(entry.get("saving") for entry in entries[1:])]:
        return None
    try:
        history = History(work_from_json(entries[0]["work"], size))
        for entry in entries[1:]:
            if "saving" in entry:
                continue
            if "do" in entry:
                if entry["do"] not in _DO:
                    return None
                history.undo() if entry["do"] == "undo" else history.redo()
            else:
                history.add(history.now.after(entry, size))
    except (UsageError, KeyError, TypeError, ValueError, AttributeError):
        return None
    return history
