"""The pages of a chapter: saved paintings that are touched up one after the other."""

import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rltn_cli.errors import RltnError, UsageError
from rltn_cli.imaging.files.formats import PAINTING_SUFFIX
from rltn_cli.painting.saved import open_painting, read_options
from rltn_cli.touch_up.desk import Desk
from rltn_cli.touch_up.journal import has_journal
from rltn_cli.touch_up.lessons import Lesson, Offer, lessons_of, offers_for, references_of
from rltn_cli.touch_up.survey import Survey, work_of

_OPEN = 3
"""How many pages stay open."""
_MOST = 2000
"""Pages of a chapter."""


class Chapter:
    """Saved paintings by their numbers from 1; every method may be called from any thread."""

    def __init__(self, paths: Sequence[Path], folder: Path | None = None) -> None:
        """Take the paths of the pages, and the folder that they lie in, which their names leave out."""
        self.paths = tuple(paths)
        self.names = [path.name if folder is None else str(path.relative_to(folder)) for path in paths]
        self._desks: dict[int, Desk] = {}
        self._lessons: dict[int, tuple[object, str, tuple[Lesson, ...]]] = {}
        """By page: of which state they are, of which references, and what was learnt."""
        self._lock = threading.RLock()

    def desk(self, number: int) -> Desk:
        """Return a page, opened if it is not open.

        Raises:
            UsageError: there is no such page.
            PaintingError, OutputError: it cannot be opened.
        """
        if not 1 <= number <= len(self.paths):
            raise UsageError(f"there is no page {str(number)[:20]}: they are 1 to {len(self.paths)}")
        with self._lock:
            desk = self._desks.pop(number, None) or Desk(self.paths[number - 1])
            self._desks[number] = desk
            while len(self._desks) > _OPEN:
                oldest = next(iter(self._desks))
                self._learn(oldest)
                self._desks.pop(oldest).close()
            return desk

    @property
    def unsaved(self) -> list[str]:
        """The names of the pages with steps that are not saved in them yet."""
        with self._lock:
            return [name for number, name in enumerate(self.names, 1) if self._is_unsaved(number)]

    def _is_unsaved(self, number: int) -> bool:
        desk = self._desks.get(number)
        return has_journal(self.paths[number - 1]) if desk is None else desk.is_unsaved

    def facts(self) -> dict[str, Any]:
        """Return the names of the pages, and which are not saved yet."""
        with self._lock:
            return {
                "pages": [
                    {"name": name, "unsaved": self._is_unsaved(number)}
                    for number, name in enumerate(self.names, 1)
                ]
            }

    def offers(self, number: int) -> tuple[int, list[Offer]]:
        """Return what fixes of other pages with the same references suggest for a page.

        Returns:
            (version, offers): of the page's regions.
        """
        desk = self.desk(number)
        with desk.lock:
            painting, survey, version = desk.painting, desk.survey, desk.map_version
            colors, fixed = list(desk.colors), set(desk.decision.fixed)
        references = references_of(painting)
        lessons: dict[int, tuple[Lesson, ...]] = {}
        for other in range(1, len(self.paths) + 1):
            if other != number:
                with self._lock:
                    self._learn(other)
                    _, known, found = self._lessons.get(other, (None, "", ()))
                if found and known == references:
                    lessons[other] = found
        return version, offers_for(painting, survey, colors, fixed, lessons) if lessons else []

    def _learn(self, number: int) -> None:
        """Find out what a page teaches, unless that is known of its present state."""
        desk = self._desks.get(number)
        if desk is not None:
            with desk.lock:
                state: object = desk.work
                if self._lessons.get(number, ("",))[0] != state:
                    found = lessons_of(desk.painting, desk.survey, desk.work.fixes)
                    self._lessons[number] = state, references_of(desk.painting), found
            return
        try:
            self._learn_from_file(number)
        except (RltnError, OSError):  # whoever opens the page is told why it cannot be
            self._lessons[number] = None, "", ()

    def _learn_from_file(self, number: int) -> None:
        """Find out what a page teaches that is not open."""
        path = self.paths[number - 1]
        stat = path.stat()
        state = stat.st_mtime_ns, stat.st_size
        if self._lessons.get(number, ("",))[0] == state:
            return
        if number in self._lessons and has_journal(path):
            return  # what it taught when it was open counts on
        self._lessons[number] = state, "", ()
        if read_options(path).fixes:
            painting, options = open_painting(path)
            work = work_of(painting, options)
            found = lessons_of(painting, Survey(painting, options, work), work.fixes)
            self._lessons[number] = state, references_of(painting), found

    def close(self) -> None:
        """Close all pages; steps that are not saved stay in their journals."""
        with self._lock:
            for desk in self._desks.values():
                desk.close()
            self._desks.clear()


def chapter_of(path: Path) -> Chapter:
    """Return the chapter of a saved painting alone, or of all in a folder and in the folders in it.

    Raises:
        UsageError: the folder holds none, or too many.
    """
    if not path.is_dir():
        return Chapter([path])
    found = [file for file in path.rglob(f"*{PAINTING_SUFFIX}") if file.is_file()]
    if not found:
        raise UsageError(f"{path}: there is no saved painting ({PAINTING_SUFFIX}) in this folder")
    if len(found) > _MOST:
        raise UsageError(f"{path}: more than {_MOST:,} saved paintings; name a folder with fewer")
    return Chapter(sorted(found, key=lambda file: _in_order(str(file.relative_to(path)))), path)


def _in_order(name: str) -> list[tuple[int, int, str]]:
    """Return what sorts names as people do: page 2 before page 10."""
    parts = re.split(r"(\d+)", name.lower())
    return [(1, int(part), "") if number % 2 else (0, 0, part) for number, part in enumerate(parts)]
