"""Ctrl-C once: finish what is at work; twice: stop at once."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator

from rltn_cli.errors import INTERRUPTED

BOUNCE = 2.0
"""Seconds in which a launcher of several processes may pass one Ctrl-C on to one that had it already."""


@contextlib.contextmanager
def stopping(what: str, *signals: signal.Signals) -> Iterator[threading.Event]:
    """Yield an event that Ctrl-C sets, and the other signals; a second one ends the process at once.

    Args:
        what: is finished first, such as `the pictures at work`.
        signals: that count as Ctrl-C does.
    """
    stop = threading.Event()
    several, rank = int(os.environ.get("WORLD_SIZE", "1")) > 1, int(os.environ.get("RANK", "0"))
    first = 0.0

    def interrupt(*_: object) -> None:
        nonlocal first
        if stop.is_set():
            if several and time.monotonic() - first < BOUNCE:
                return
            os._exit(INTERRUPTED)  # what is on disk is whole at any moment
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
