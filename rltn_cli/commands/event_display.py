"""What a user or a script sees of a batch while it runs; `extract-lines` and `train` use parts of it."""

import contextlib
import json
import sys
from collections.abc import Mapping
from typing import Any, Protocol

import typer

from rltn_cli.errors import INTERRUPTED

FAILED, SOME_FAILED = 1, 3
"""Exit codes if all files failed, and if some did."""


def exit_code(summary: dict[str, Any]) -> int:
    """Return the exit code that a `summary` event stands for."""
    if summary["interrupted"]:
        return INTERRUPTED
    if summary["failed"]:
        return SOME_FAILED if summary["done"] + summary.get("skipped", 0) else FAILED
    return 0


class Display(Protocol):
    """Shows events as they happen."""

    def show(self, event: dict[str, Any]) -> None:
        """Show one event."""

    def __enter__(self) -> object: ...

    def __exit__(self, *error: object) -> None: ...


class EventLines(contextlib.AbstractContextManager[None]):
    """Events as JSON on standard output, one per line."""

    def show(self, event: Mapping[str, Any]) -> None:
        """Write an event."""
        typer.echo(json.dumps(event))

    def __exit__(self, *error: object) -> None:
        sys.stdout.flush()


class Failures(contextlib.AbstractContextManager[None]):
    """Failures alone, on standard error."""

    def show(self, event: dict[str, Any]) -> None:
        """Print why a sketch failed."""
        if event["event"] == "failed":
            typer.echo(f"rltn: {event['reason']}", err=True)

    def __exit__(self, *error: object) -> None:
        sys.stderr.flush()


class ProgressBar(contextlib.AbstractContextManager[None]):
    """A bar with speed and remaining time on a terminal; failures and the summary in any case."""

    def __init__(self, doing: str = "painting", things: str = "sketches") -> None:
        """Prepare the bar.

        Args:
            doing: what is shown before the bar.
            things: key of the number of files in the event `plan`.
        """
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=console, disable=not console.is_terminal)
        self._things = things
        self._bar = self._progress.add_task(doing, total=None, rate="")

    def show(self, event: dict[str, Any]) -> None:
        """Move the bar, or print a message."""
        kind = event["event"]
        if kind == "plan":
            if event.get("process", 0) == 0:  # one of several processes has the bar, for its own share
                self._progress.start()
            self._progress.update(self._bar, total=event[self._things])
        elif kind == "summary":
            self._progress.stop()
            self._end(event)
        elif kind != "started":
            if kind == "failed":
                typer.echo(f"rltn: {event['reason']}", err=True)
            speed = self._progress.tasks[0].speed
            self._progress.update(self._bar, advance=1, rate=f"{speed:.2f} per second" if speed else "")

    def _end(self, summary: dict[str, Any]) -> None:
        """Print how it went; files that failed are named once more."""
        names = ("done", "skipped", "failed", "left")
        parts = [f"{summary[name]} {name}" for name in names if summary.get(name)]
        manifest = f"; {summary['manifest']}" if "manifest" in summary else ""
        typer.echo(f"rltn: {', '.join(parts)}, in {summary['seconds']:.1f} s{manifest}", err=True)
        if summary["failures"]:
            typer.echo(f"rltn: failed: {', '.join(summary['failures'])}", err=True)

    def __exit__(self, *error: object) -> None:
        self._progress.stop()
