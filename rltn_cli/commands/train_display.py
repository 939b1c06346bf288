"""What a user or a script sees of training while it runs."""

import contextlib
import time
from typing import Any

import typer

SECONDS = 30.0
"""Between two lines on the steps, where there is no terminal for a bar."""


class Silence(contextlib.AbstractContextManager[None]):
    """Nothing."""

    def show(self, event: dict[str, Any]) -> None:
        """Show nothing."""

    def __exit__(self, *error: object) -> None:
        """Do nothing."""


class TrainingBar(contextlib.AbstractContextManager[None]):
    """A bar with speed, losses and time left on a terminal, else a line now and then; on standard error."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[facts]}"))
        self._terminal = console.is_terminal
        self._progress = Progress(*columns, console=console, disable=not self._terminal)
        self._bar = self._progress.add_task("training", total=1.0, facts="")
        self._steps = 0
        self._said = 0.0

    def show(self, event: dict[str, Any]) -> None:
        """Move the bar, or say what there is to say."""
        kind = event["event"]
        if kind == "step":
            self._show_step(event)
            return
        if kind == "plan":
            self._steps = event["steps"]
            self._progress.start()
        elif kind in ("done", "interrupted"):
            self._progress.stop()
        for line in describe(event):
            self._say(line)

    def _show_step(self, event: dict[str, Any]) -> None:
        facts = (
            f"step {event['step']}/{self._steps}, {event['images_per_second']:.2f} images/s, "
            f"{', '.join(f'{name[5:]} {value:.3f}' for name, value in event['losses'].items())}, "
            f"{duration(event['seconds_left'])} left"
        )
        self._progress.update(self._bar, completed=event["share"], facts=facts)
        if not self._terminal and time.monotonic() - self._said >= SECONDS:
            self._said = time.monotonic()
            typer.echo(f"rltn: {facts}", err=True)

    def _say(self, line: str) -> None:
        if self._terminal:
            self._progress.console.print(f"rltn: {line}", highlight=False, markup=False, soft_wrap=True)
        else:
            typer.echo(f"rltn: {line}", err=True)

    def __exit__(self, *error: object) -> None:
        self._progress.stop()


def describe(event: dict[str, Any]) -> list[str]:
    """Return what a line or two say of an event."""
    kind = event["event"]
    if kind == "plan":
        limit = f" or {event['minutes']:g} minutes" if event["minutes"] else ""
        processes = f", {event['processes']} processes" if event["processes"] > 1 else ""
        return [
            f"{event['pairs']} pairs to train on, {event['held_back']} held back; from step {event['step']} "
            f"to {event['steps']}{limit}, {event['batch']} pictures a step, on {event['device']}{processes}",
            f"terms {', '.join(event['terms'])}; {event['trained']:,} of {event['parameters']:,} parameters",
        ]
    if kind == "lines":
        return [f"extracted the lines of {event['extracted']} pictures by {event['method']}"]
    if kind == "validation":
        return [f"step {event['step']}: {figures(event)} on {event['pictures']} pictures"]
    if kind == "checkpoint":
        return [f"step {event['step']}: saved {event['path']}"]
    if kind == "samples":
        return [f"step {event['step']}: samples in {event['path']}"]
    if kind == "interrupted":
        return [f"stopped after step {event['step']}; --resume auto goes on from there"]
    if kind == "done":
        entries = event["validation"]
        change = f"; from {figures(entries[0])} to {figures(entries[-1])}" if len(entries) > 1 else ""
        return [f"{event['model']}: step {event['step']}, in {duration(event['seconds'])}{change}"]
    return []


def figures(entry: dict[str, Any]) -> str:
    """Return the figures of a validation in words."""
    words = [f"colour error {entry['color_error']:.2f}"]
    if "region_accuracy" in entry:
        words.append(f"region accuracy {entry['region_accuracy']:.3f}")
    return ", ".join(words)


def duration(seconds: float) -> str:
    """Return a time as hours, minutes and seconds."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
