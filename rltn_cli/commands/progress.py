"""What a waiting user sees: one line on standard error, if that is a terminal."""

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

from rltn_cli.commands.messages import say

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress


@contextlib.contextmanager
def show_status(text: str, *, quiet: bool) -> Iterator[None]:
    """Show a text during some work; show nothing if standard error is not a terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield
        return
    with console.status(text):
        yield


class Waiting:
    """Shows what is being done, as `show_status` does, and how far along, once its duration is known."""

    def __init__(self, text: str, *, quiet: bool) -> None:
        """Begin with nothing shown.

        Args:
            text: what is being done.
            quiet: whether to show nothing.
        """
        self._text, self._quiet = text, quiet
        self._around = contextlib.ExitStack()
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        self._around.enter_context(show_status(self._text, quiet=self._quiet))
        return self

    def expect(self, seconds: float) -> None:
        """Say how many seconds it will probably take; on a terminal a bar fills up in that time."""
        self._around.close()
        if self._quiet:
            return
        say(f"{self._text}, which takes about {seconds:.0f} seconds at this size")
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        bar = Progress(
            TextColumn(self._text), BarColumn(), TimeElapsedColumn(), transient=True, console=_console()
        )
        if not bar.console.is_terminal:
            return
        self._around.enter_context(bar)
        filling = threading.Thread(target=self._fill, args=(bar, seconds), daemon=True)
        self._around.callback(filling.join)
        self._around.callback(self._ended.set)
        filling.start()

    def _fill(self, bar: "Progress", seconds: float) -> None:
        """Fill the bar as time passes; it is full only at the end."""
        task = bar.add_task("", total=1.0)
        started = time.monotonic()
        while not self._ended.wait(0.2):
            bar.update(task, completed=min((time.monotonic() - started) / seconds, 0.99))

    def __exit__(self, *error: object) -> None:
        self._around.close()


def _console() -> "Console":
    from rich.console import Console

    return Console(stderr=True)
