"""Ctrl-C: the first finishes the current work, the second stops at once."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator

from rltn_cli.errors import INTERRUPTED

BOUNCE = 2.0
"""Seconds within which a signal that a process already got may come again: a Ctrl-C from a launcher of
several processes, a SIGTERM from `timeout`, which sends it to the process and to its group."""


@contextlib.contextmanager
def stopping(what: str, *signals: signal.Signals) -> Iterator[threading.Event]:
    """Yield an event that Ctrl-C or one of the signals sets; a second one ends the process at once.

    Args:
        what: will be finished first, such as `the current pictures`.
        signals: that have the same effect as Ctrl-C.
    """
    stop = threading.Event()
    several, rank = int(os.environ.get("WORLD_SIZE", "1")) > 1, int(os.environ.get("RANK", "0"))
    first = 0.0

    def interrupt(number: int, _: object) -> None:
        nonlocal first
        if stop.is_set():
            if (several or number == signal.SIGTERM) and time.monotonic() - first < BOUNCE:
                return
            os._exit(INTERRUPTED)  # the files on disk are complete at any moment
        first = time.monotonic()
        stop.set()
        if rank == 0:
            sys.stderr.write(f"rltn: finishing {what}; Ctrl-C again stops at once\n")

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, *signals)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
