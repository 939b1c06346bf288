"""Which tab of a browser may change the painting: the first one, until it is closed or silent."""

import re
import time
from collections.abc import Callable

_SILENT = 90.0
"""Seconds; browsers let hidden tabs speak once a minute."""
_NAME = re.compile(r"[A-Za-z0-9-]{8,64}")


class Tabs:
    """The tab that writes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._writer = ""
        self._heard = 0.0

    def claim(self, tab: str) -> bool:
        """Return whether a tab may write, which it may from now on if no other does."""
        if not _NAME.fullmatch(tab):
            return False
        now = self._clock()
        if tab != self._writer and self._writer and now - self._heard < _SILENT:
            return False
        self._writer, self._heard = tab, now
        return True

    def release(self, tab: str) -> None:
        """Let others write."""
        if tab == self._writer:
            self._writer = ""
