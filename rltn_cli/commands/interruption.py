"""Ctrl-C: the first finishes the current work, where there is some, and the second stops at once."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

from rltn_cli.errors import INTERRUPTED
from rltn_cli.output_files import remove_unfinished

BOUNCE = 2.0
"""Seconds within which a signal that a process already got may come again: a Ctrl-C from a launcher of
several processes, a SIGTERM from `timeout`, which sends it to the process and to its group."""
_CURSOR = b"\x1b[?25h"
"""Shows a terminal's cursor, which progress bars hide."""


def stop_at_once_on_signals() -> None:
    """Let Ctrl-C, and signals to end, stop this process without half written files, whatever it is doing.

    Nothing is raised, since an exception in the middle of a library may come out of it as another one, or
    abort the process. Signals that are ignored stay so.
    """
    owner = os.getpid()

    def stop(number: int, _: FrameType | None) -> None:
        if os.getpid() != owner:  # a process that prepares samples; the main process reports it
            os._exit(INTERRUPTED)
        if number == signal.SIGINT:
            _leave("rltn: interrupted\n")
        remove_unfinished()
        signal.signal(number, signal.SIG_DFL)
        os.kill(owner, number)

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)


def ignore_interruptions() -> None:
    """Ignore Ctrl-C from now on: the work is done and the exit code is known."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _leave(message: str = "") -> None:
    """End the process as interrupted; the files on disk are complete at any moment."""
    remove_unfinished()
    with contextlib.suppress(OSError):
        if os.isatty(2):
            os.write(2, _CURSOR)
        os.write(2, message.encode())
    os._exit(INTERRUPTED)


@contextlib.contextmanager
def stop_on_signals(what: str, *signals: signal.Signals) -> Iterator[threading.Event]:
    """Yield an event that Ctrl-C or one of the signals sets; a second one ends the process at once.

    Args:
        what: will be finished first, such as `the current pictures`.
        signals: that have the same effect as Ctrl-C.
    """
    stop = threading.Event()
    owner = os.getpid()
    several, rank = int(os.environ.get("WORLD_SIZE", "1")) > 1, int(os.environ.get("RANK", "0"))
    first = 0.0

    def interrupt(number: int, _: object) -> None:
        nonlocal first
        if os.getpid() != owner:
            return
        if stop.is_set():
            if (several or number == signal.SIGTERM) and time.monotonic() - first < BOUNCE:
                return
            _leave()
        first = time.monotonic()
        stop.set()
        if rank == 0:
            with contextlib.suppress(OSError):
                os.write(2, f"rltn: finishing {what}; Ctrl-C again stops at once\n".encode())

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, *signals)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
