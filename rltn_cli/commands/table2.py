"""`rltn table2`: the paper's Table 2, every row trained alike on your own data."""

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rltn_cli import choices
from rltn_cli.commands.interruption import stop_on_signals
from rltn_cli.commands.messages import say, show
from rltn_cli.commands.options import Device, DryRun, Offline, Quiet
from rltn_cli.commands.train import check_installed
from rltn_cli.errors import INTERRUPTED
from rltn_cli.sizes import SIDE_MULTIPLE

if TYPE_CHECKING:
    from rltn_cli.commands.event_display import Display
    from rltn_cli.engine.table2.session import RowBegun, TableRequest
    from rltn_cli.engine.training.events import TrainingEvent

Data = Annotated[
    list[str],
    typer.Argument(
        metavar="DATA...",
        help="Sets of data, each a column of the table: folders of pairs, or recipes such as "
        "openlines:FOLDER; each with the splits train and val.",
    ),
]
Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where rows and the report are written.")
]
Pictures = Annotated[int, typer.Option(min=1, help="Training samples of every row.")]
Size = Annotated[
    int, typer.Option(help=f"Height and width of training pictures, a multiple of {SIDE_MULTIPLE}.")
]
Seeds = Annotated[int, typer.Option(min=1, help="Number of seeds; results are their mean.")]
Rows = Annotated[
    str,
    typer.Option(
        metavar="NAMES",
        help="Rows, separated by commas: adain, munit, drit, scft, cocosnet, wo_scl, wo_mfam, rltn.",
        show_default="all",
    ),
]
BatchSize = Annotated[int, typer.Option("--batch", min=1, help="Pictures per step; the paper has one.")]
Sizes = Annotated[
    choices.Preset,
    typer.Option(
        "--preset",
        help="Sizes of the networks: tiny, small or paper; base has only RLTN and CoCosNet.",
    ),
]
Precision = Annotated[
    choices.TablePrecision | None,
    typer.Option(
        help="Numeric precision of all rows' training; auto, for new tables: bf16 where it is native, else "
        "fp32."
    ),
]
Limit = Annotated[int, typer.Option(min=2, help="Largest number of drawings that are measured, by protocol.")]
Quick = Annotated[
    bool, typer.Option("--quick", help="Leave out FID, FD-VGG16 and LPIPS, which need extra networks.")
]
Frozen = Annotated[
    str, typer.Option(metavar="FOLDER", help="Folder of VGG16 and AlexNet; by default RLTN_FROZEN's.")
]
Inception = Annotated[
    Path | None, typer.Option(help="File of FID's Inception weights; downloaded by default.")
]
Study = Annotated[
    list[Path] | None,
    typer.Option(
        "--study-results", metavar="FILE", help="People's marks, for Table 3; can be given several times."
    ),
]


def table2(
    data: Data,
    *,
    output: Output,
    pictures: Pictures = 10_000,
    size: Size = 128,
    seeds: Seeds = 1,
    rows: Rows = "",
    batch: BatchSize = 1,
    preset: Sizes = "small",
    precision: Precision = None,
    limit: Limit = 150,
    quick: Quick = False,
    frozen: Frozen = "",
    inception: Inception = None,
    study_results: Study = None,
    device: Device = "auto",
    quiet: Quiet = False,
    offline: Offline = False,
    dry_run: DryRun = False,
) -> int:
    """Train the methods of the paper's Table 2 alike, evaluate them, and write the table.

    Rows that are done are skipped, so that the same command goes on where it was stopped.
    """
    check_installed()
    from rltn_cli.engine.table2.jobs import Measurement
    from rltn_cli.engine.table2.rows import Budget
    from rltn_cli.engine.table2.session import TableRequest, settle_precision

    settled = settle_precision(precision, output, device)
    request = TableRequest(
        tuple(data), output, tuple(name.strip() for name in rows.split(",") if name.strip()), seeds,
        Budget(pictures, size, batch, preset, settled, device, frozen),
        Measurement(limit, quick, str(inception) if inception else None, offline), tuple(study_results or ()),
    )  # fmt: skip
    if dry_run:
        _show_estimates(request)
        return 0
    return _make(request, quiet)


def _make(request: "TableRequest", quiet: bool) -> int:
    """Make the table, show what happens, and return the exit code."""
    from rltn_cli.commands.train_display import Silence, TrainingBar
    from rltn_cli.engine.table2.session import make_table

    silent = quiet or int(os.environ.get("RANK", "0")) > 0
    display: Display[TrainingEvent] = Silence()
    code = 0
    with stop_on_signals("the current step", signal.SIGTERM) as stop:
        for event in make_table(request, stop):
            if event["event"] == "row":
                display.__exit__(None, None, None)
                display = Silence() if silent else TrainingBar()
                if not silent:
                    _show_row(event)
            elif event["event"] == "table":
                if not silent:
                    say(f"{event['path']}: the table is there")
            elif event["event"] == "stopped":
                code = INTERRUPTED
            else:
                display.show(event)
        display.__exit__(None, None, None)
    return code


def _show_row(event: "RowBegun") -> None:
    """Say which row is at work."""
    what = "training" if event["what"] == "training" else f"evaluating by {event['what']}"
    place = f"row {event['number']} of {event['count']}"
    say(f"{place}: {event['data']}, seed {event['seed']}, {event['row']}: {what}")


def _show_estimates(request: "TableRequest") -> None:
    """Print each row with the memory and the time that it needs."""
    from rltn_cli.commands.train_display import format_duration
    from rltn_cli.engine.table2.estimate import estimate_rows
    from rltn_cli.engine.table2.rows import ROWS
    from rltn_cli.engine.table2.session import check_data, leave_launcher, name_of

    if leave_launcher():
        return
    jobs = request.jobs()
    for job in jobs:
        job.check()
    check_data(request.data)
    training = evaluation = 0.0
    for row in estimate_rows(jobs):
        training, evaluation = training + row.training, evaluation + row.evaluation
        job = row.job
        show(
            f"{name_of(job.data):12}  seed {job.seed}  {job.row:8}  {ROWS[job.row]:15}  "
            f"{row.parameters:>11,} parameters  {row.memory / 2**20:6.0f} MiB  "
            f"training {format_duration(row.training)}  evaluation {format_duration(row.evaluation)}"
        )
    rows = "1 row" if len(jobs) == 1 else f"{len(jobs)} rows"
    budget = request.budget
    total = format_duration(training + evaluation)
    parts = f"{format_duration(training)} of training and {format_duration(evaluation)} of evaluation"
    show(f"{rows} of {budget.steps} steps in {budget.precision}: {total} on this machine, {parts}")
