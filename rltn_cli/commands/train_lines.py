"""`rltn train-lines`: a network that draws lines, such as `lines-small`."""

import json
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rltn_cli import choices
from rltn_cli.commands.interruption import stop_on_signals
from rltn_cli.commands.messages import say, show, show_text
from rltn_cli.commands.options import DryRun, JsonEvents, Offline, Overwrite, Quiet
from rltn_cli.errors import INTERRUPTED, UsageError

if TYPE_CHECKING:
    from rltn_cli.engine.training.lines.run import LinePlan, LineRunRequest

SECONDS = 10.0
"""Seconds between two lines about the steps."""

Data = Annotated[
    Path | None,
    typer.Argument(metavar="[DATA]", help="Folder of pairs with an index.csv, laid out like openlines."),
]
Output = Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the run is written.")]
Teacher = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Weights of the original HED, which first finds the edges of some paintings: a folder, "
        "a .safetensors "
        "file, or org/repo on the Hub.",
    ),
]
Minutes = Annotated[
    float | None, typer.Option(help="Computing time of the whole run; the learning rate follows it.")
]
BatchSize = Annotated[int | None, typer.Option("--batch", min=1, help="Crops per step.")]
Crop = Annotated[int | None, typer.Option(help="Height and width of the crops, a multiple of 16.")]
Rate = Annotated[float | None, typer.Option("--lr", help="Learning rate.")]
Precision = Annotated[choices.LinePrecision | None, typer.Option(help="Precision of the convolutions.")]
Seed = Annotated[int | None, typer.Option(min=0, help="Seed of fresh weights and of all random choices.")]
SaveMinutes = Annotated[float | None, typer.Option(help="Minutes between saved states.")]
LogEvery = Annotated[int | None, typer.Option(min=1, help="Steps between lines of the log.")]
Resume = Annotated[bool, typer.Option("--resume", help="Continue the run in the folder.")]


def train_lines(
    data: Data = None,
    *,
    output: Output,
    teacher: Teacher = None,
    minutes: Minutes = None,
    batch: BatchSize = None,
    crop: Crop = None,
    lr: Rate = None,
    precision: Precision = None,
    seed: Seed = None,
    save_minutes: SaveMinutes = None,
    log_every: LogEvery = None,
    resume: Resume = False,
    overwrite: Overwrite = False,
    dry_run: DryRun = False,
    offline: Offline = False,
    as_json: JsonEvents = False,
    quiet: Quiet = False,
) -> int:
    """Train a small network that draws lines: from drawings with line layers, and from HED on paintings."""
    if resume and overwrite:
        raise UsageError("--resume continues a run and --overwrite begins it again: pass one")
    flags = {
        "data": None if data is None else str(data), "teacher": teacher, "minutes": minutes, "batch": batch,
        "crop": crop, "lr": lr, "precision": precision, "seed": seed, "save_minutes": save_minutes,
        "log_every": log_every,
    }  # fmt: skip
    from rltn_cli.engine.training.lines.run import LineRunRequest, prepare, resolve

    config = resolve(
        output, {name: value for name, value in flags.items() if value is not None}, resume=resume
    )
    request = LineRunRequest(config, output, resume, overwrite or dry_run, offline)
    plan = prepare(request)
    if dry_run:
        _show_plan(request, plan, as_json)
        return 0
    return _run(request, plan, _write if as_json else _ignore if quiet else _Speaker().show)


def _show_plan(request: "LineRunRequest", plan: "LinePlan", as_json: bool) -> None:
    """Write the resolved configuration and what there is to do to standard output."""
    from rltn_cli.config_files import to_json

    config = to_json(request.config)
    facts = {"pairs": len(plan.pairs), "paintings_to_look_at": len(plan.paintings)}
    if as_json:
        show_text(json.dumps({"config": json.loads(config), **facts}, indent=2) + "\n")
        return
    show_text(config)
    for name, value in facts.items():
        show(f"{name:20}  {value:,}")


def _run(request: "LineRunRequest", plan: "LinePlan", show: Callable[[Mapping[str, Any]], None]) -> int:
    """Train, show the events and return the exit code."""
    from rltn_cli.engine.training.lines.run import train_lines as train_run

    interrupted = False
    with stop_on_signals("the current step", signal.SIGTERM) as stop:
        for event in train_run(request, plan, stop):
            show(event)
            interrupted = event["event"] == "interrupted"
    return INTERRUPTED if interrupted else 0


def _write(event: Mapping[str, Any]) -> None:
    show(json.dumps(event))


def _ignore(event: Mapping[str, Any]) -> None:
    """Show nothing."""


class _Speaker:
    """Reports on standard error what happens; on edge maps and steps only now and then."""

    def __init__(self) -> None:
        self._said = -SECONDS

    def show(self, event: Mapping[str, Any]) -> None:
        """Show one event, or leave it out."""
        now = time.monotonic()
        if event["event"] in ("edges", "step"):
            if now - self._said < SECONDS:
                return
            self._said = now
        say(describe(event))


def describe(event: Mapping[str, Any]) -> str:
    """Return the line that reports an event."""
    kind = event["event"]
    if kind == "edges":
        return f"HED has found the edges of {event['done']} of {event['of']} paintings"
    if kind == "plan":
        examples = ", ".join(f"{count} {name}" for name, count in sorted(event["examples"].items()))
        return (
            f"examples: {examples}; from step {event['step']}, {event['minutes']:g} minutes, "
            f"{event['batch']} crops per step, {event['parameters']:,} parameters"
        )
    where = f"step {event['step']}, minute {event['minutes']:g}"
    if kind == "step":
        return f"{where}: {', '.join(f'{name[5:]} {value:.3f}' for name, value in event['losses'].items())}"
    if kind == "checkpoint":
        return f"{where}: saved {event['path']}"
    if kind == "interrupted":
        return f"stopped at {where}; continue with --resume"
    return f"{event['model']}: {where}"
