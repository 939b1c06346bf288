"""How a batch reports to users and scripts while it runs; `extract-lines` and `train` share parts of it."""

import contextlib
import json
import sys
from collections.abc import Mapping
from typing import Protocol, TypeAlias, TypeVar

from rltn_cli.commands.messages import say, show
from rltn_cli.engine.batch.events import (
    BatchEvent,
    BatchPlan,
    BatchSummary,
    ExtractionEvent,
    ExtractionPlan,
    ExtractionSummary,
)
from rltn_cli.errors import INTERRUPTED

FAILED, SOME_FAILED = 1, 3
"""Exit codes if all files failed, and if some did."""


Summary: TypeAlias = BatchSummary | ExtractionSummary
E_contra = TypeVar("E_contra", contravariant=True)


def exit_code(summary: Summary) -> int:
    """Return the exit code that a summary stands for."""
    if summary["interrupted"]:
        return INTERRUPTED
    if summary["failed"]:
        return SOME_FAILED if summary["done"] + summary["skipped"] else FAILED
    return 0


def write_event(event: Mapping[str, object]) -> None:
    """Write an event to standard output, as one line of JSON."""
    show(json.dumps(event))


class Display(Protocol[E_contra]):
    """Shows events as they happen."""

    def show(self, event: E_contra) -> None:
        """Show one event."""

    def __enter__(self) -> object: ...

    def __exit__(self, *error: object) -> None: ...


class EventLines(contextlib.AbstractContextManager[None]):
    """Events as JSON on standard output, one per line."""

    def show(self, event: Mapping[str, object]) -> None:
        """Write an event."""
        write_event(event)

    def __exit__(self, *error: object) -> None:
        sys.stdout.flush()


class Failures(contextlib.AbstractContextManager[None]):
    """Failures alone, on standard error."""

    def show(self, event: BatchEvent | ExtractionEvent) -> None:
        """Print why a file failed."""
        if event["event"] == "failed":
            say(event["reason"])

    def __exit__(self, *error: object) -> None:
        sys.stderr.flush()


class ProgressBar(contextlib.AbstractContextManager[None]):
    """Shows a bar with speed and remaining time on a terminal; failures and the summary in any case."""

    def __init__(self, doing: str = "painting") -> None:
        """Prepare the bar; `doing` is shown before it."""
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
        self._bar = self._progress.add_task(doing, total=None, rate="")

    def show(self, event: BatchEvent | ExtractionEvent) -> None:
        """Move the bar, or print a message."""
        if event["event"] == "plan":
            self._begin(event)
        elif event["event"] == "summary":
            self._progress.stop()
            self._end(event)
        elif event["event"] != "started":
            if event["event"] == "failed":
                say(event["reason"])
            speed = self._progress.tasks[0].speed
            self._progress.update(self._bar, advance=1, rate=f"{speed:.2f} per second" if speed else "")

    def _begin(self, plan: BatchPlan | ExtractionPlan) -> None:
        """Start the bar; of several processes only one shows it, for its own share."""
        if "pictures" in plan or plan.get("process", 0) == 0:
            self._progress.start()
        total = plan["pictures"] if "pictures" in plan else plan["sketches"]
        self._progress.update(self._bar, total=total)

    def _end(self, summary: Summary) -> None:
        """Print the outcome; failed files are named once more."""
        counts = {
            "done": summary["done"],
            "skipped": summary["skipped"],
            "failed": summary["failed"],
            "left": summary["left"],
        }
        parts = [f"{count} {name}" for name, count in counts.items() if count]
        manifest = f"; {summary['manifest']}" if "manifest" in summary else ""
        say(f"{', '.join(parts)}, in {summary['seconds']:.1f} s{manifest}")
        if summary["failures"]:
            say(f"failed: {', '.join(summary['failures'])}")

    def __exit__(self, *error: object) -> None:
        self._progress.stop()
