"""What a user sees of training while it runs."""

import contextlib
import time
from typing import TYPE_CHECKING

from rltn_cli.commands.messages import escape_controls, say

if TYPE_CHECKING:
    from rltn_cli.data.check.results import DataCheck
    from rltn_cli.engine.training.events import PlanEvent, StepEvent, TrainingEvent, ValidationMetrics

SECONDS = 30.0
"""Seconds between two lines about the steps, where there is no terminal for a bar."""


class Silence(contextlib.AbstractContextManager[None]):
    """A display that shows nothing."""

    def show(self, event: "TrainingEvent") -> None:
        """Show nothing."""

    def __exit__(self, *error: object) -> None:
        """Do nothing."""


class TrainingBar(contextlib.AbstractContextManager[None]):
    """On standard error: a bar with speed, losses and remaining time, or lines where there is no terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[status]}"))
        self._terminal = console.is_terminal
        self._progress = Progress(*columns, console=console, disable=not self._terminal)
        self._bar = self._progress.add_task("training", total=1.0, status="")
        self._steps = 0
        self._last_line = 0.0

    def show(self, event: "TrainingEvent") -> None:
        """Move the bar, or print a message."""
        if event["event"] == "step":
            self._show_step(event)
            return
        if event["event"] == "plan":
            self._steps = event["steps"]
            self._progress.start()
        elif event["event"] in ("done", "interrupted"):
            self._progress.stop()
        for line in describe(event):
            self._print(line)

    def _show_step(self, event: "StepEvent") -> None:
        status = (
            f"step {event['step']}/{self._steps}, {event['images_per_second']:.2f} images/s, "
            f"{', '.join(f'{name[5:]} {value:.3f}' for name, value in event['losses'].items())}, "
            f"{format_duration(event['seconds_left'])} left"
        )
        self._progress.update(self._bar, completed=event["share"], status=status)
        if not self._terminal and time.monotonic() - self._last_line >= SECONDS:
            self._last_line = time.monotonic()
            say(status)

    def _print(self, line: str) -> None:
        if self._terminal:
            self._progress.console.print(
                f"rltn: {escape_controls(line)}", highlight=False, markup=False, soft_wrap=True
            )
        else:
            say(line)

    def __exit__(self, *error: object) -> None:
        self._progress.stop()


def describe(event: "TrainingEvent") -> list[str]:
    """Return the lines that report an event to the user; none for a step."""
    if event["event"] == "plan":
        limit = f" or {event['minutes']:g} minutes" if event["minutes"] else ""
        processes = f", {event['processes']} processes" if event["processes"] > 1 else ""
        return [
            f"{event['pairs']} pairs to train on, {event['held_back']} held back; from step {event['step']} "
            f"to {event['steps']}{limit}, {event['batch']} pictures per step, "
            f"on {event['device']}{processes}",
            _describe_computation(event),
            f"terms {', '.join(event['terms'])}; {event['trained']:,} of {event['parameters']:,} parameters",
        ]
    if event["event"] == "lines":
        return [f"extracted the lines of {event['extracted']} pictures by {event['method']}"]
    if event["event"] == "validation":
        return [f"step {event['step']}: {format_metrics(event)} on {event['pictures']} pictures"]
    if event["event"] == "checkpoint":
        return [f"step {event['step']}: saved {event['path']}"]
    if event["event"] == "samples":
        return [f"step {event['step']}: samples in {event['path']}"]
    if event["event"] == "interrupted":
        return [f"stopped after step {event['step']}; continue with --resume auto"]
    if event["event"] == "done":
        entries = event["validation"]
        first_and_last = [format_metrics(entry) for entry in (*entries[:1], *entries[-1:])]
        change = f"; from {' to '.join(first_and_last)}" if len(entries) > 1 else ""
        return [f"{event['model']}: step {event['step']}, in {format_duration(event['seconds'])}{change}"]
    return []


def _describe_computation(event: "PlanEvent") -> str:
    """Return the precision of a run, whether the device has it, and the threads on a CPU, in words."""
    precision, native = event["precision"], event["native_bf16"]
    cpu = event["device"] == "cpu"
    note = {
        ("bf16", True): f" (this {'processor' if cpu else 'GPU'} computes in it)",
        ("bf16", False): " (no native support for it was found)",
        ("fp32", False): " (no native support for bf16 was found)",
    }.get((precision, native), "")
    threads = f" on {event['threads']} thread{'s' if event['threads'] > 1 else ''}" if cpu else ""
    each = " each" if threads and event["processes"] > 1 else ""
    return f"training in {precision}{note}{threads}{each}"


def format_metrics(metrics: "ValidationMetrics") -> str:
    """Return the metrics of a validation in words."""
    words = [f"colour error {metrics['color_error']:.2f}"]
    if "region_accuracy" in metrics:
        words.append(f"region accuracy {metrics['region_accuracy']:.3f}")
    return ", ".join(words)


def format_duration(seconds: float) -> str:
    """Return a time as hours, minutes and seconds."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def show_check(check: "DataCheck") -> None:
    """Draw the table of the data check on standard error."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(stderr=True)
    table = Table(title="Data")
    for number, name in enumerate(check.columns):
        table.add_column(name, justify="right" if number > 1 else "left")
    for row in check.rows:
        table.add_row(*(Text(escape_controls(cell)) for cell in row))
    console.print(table)
    for note in check.notes:
        say(note)
