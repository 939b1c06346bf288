"""`rltn train`: train weights on your own pictures."""

import importlib.util
import json
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rltn_cli import choices
from rltn_cli.commands.event_display import Display, EventLines
from rltn_cli.commands.interruption import stop_on_signals
from rltn_cli.commands.messages import show, show_text
from rltn_cli.commands.options import (
    DryRun,
    JsonEvents,
    Offline,
    Overwrite,
    Quiet,
    check_device,
    complete_model,
)
from rltn_cli.commands.train_display import Silence, TrainingBar, show_check
from rltn_cli.errors import INTERRUPTED, RltnError, UsageError
from rltn_cli.sizes import SIDE_MULTIPLE

if TYPE_CHECKING:
    from rltn_cli.engine.training.events import TrainingEvent
    from rltn_cli.engine.training.run import Request
    from rltn_cli.engine.training.run_data import TrainingData
    from rltn_cli.training_config import TrainConfig


def _device(value: str | None) -> str | None:
    return None if value is None else check_device(value)


Data = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[DATA]...",
        help="Folders of pairs (color/NAME.*, line/NAME.*), folders of colour pictures, or recipes: "
        "openlines:, openposes:, celebahq:, ascp: or metfaces:FOLDER.",
    ),
]
Output = Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the run is written.")]
Init = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Weights to start from: a shipped name, a folder, a file, or org/repo on the Hub.",
        autocompletion=complete_model,
    ),
]
Architecture = Annotated[
    choices.Architecture | None,
    typer.Option(help="What to train: rltn, or a method that it is compared with; see docs/table2.md."),
]
Config = Annotated[Path | None, typer.Option(metavar="FILE.toml", help="Settings; options override them.")]
Resume = Annotated[
    str | None,
    typer.Option(
        metavar="auto|FOLDER", help="Continue a run: auto from its newest state, or from a folder step-N."
    ),
]
Steps = Annotated[
    int | None, typer.Option(min=1, help="Number of steps, at the end of which the rates have decayed.")
]
Epochs = Annotated[float | None, typer.Option(min=0, help="Number of steps as passes over the pairs.")]
Minutes = Annotated[float | None, typer.Option(min=0, help="Time limit of this call, saving included.")]
BatchSize = Annotated[
    int | None, typer.Option("--batch", min=1, help="Pictures per step, over all processes.")
]
Accumulate = Annotated[
    int | None, typer.Option("--grad-accum", min=1, help="Number of micro-batches per batch, to save memory.")
]
Precision = Annotated[
    choices.Precision | None,
    typer.Option(help="Numeric precision; auto, for new runs: bf16 where it is native, else fp32."),
]
Ema = Annotated[float | None, typer.Option(help="Decay of the averaged weights, which are the result.")]
Rate = Annotated[
    float | None, typer.Option("--lr", help="Learning rate; the discriminator's is twice as high.")
]
Freeze = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PART",
        help="Freeze content_encoder, style_encoder, content_mfam or style_mfam; can be given several times.",
    ),
]
Keep = Annotated[int | None, typer.Option(min=1, help="Number of newest states to keep.")]
Val = Annotated[
    str | None,
    typer.Option(metavar="DATA|SHARE", help="Pairs to validate on, or a share of all pairs such as 0.1."),
]
ValEvery = Annotated[
    int | None, typer.Option(min=0, help="Steps between validations; 0: first and last only.")
]
SampleEvery = Annotated[int | None, typer.Option(min=1, help="Steps between sample grids.")]
CheckpointEvery = Annotated[int | None, typer.Option(min=1, help="Steps between saved states.")]
Seed = Annotated[int | None, typer.Option(min=0, help="Seed of fresh weights and of all random choices.")]
Workers = Annotated[int | None, typer.Option(min=0, help="Processes that prepare samples in advance.")]
Size = Annotated[
    int | None, typer.Option(help=f"Height and width of training pictures, a multiple of {SIDE_MULTIPLE}.")
]
Lines = Annotated[
    choices.LineMethod | None,
    typer.Option(help="How line art is extracted for pictures that have none."),
]
LineWeights = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Weights of the network that extracts lines; required by hed."),
]
TrainDevice = Annotated[
    str | None,
    typer.Option("--device", metavar="auto|cpu|cuda|cuda:N|mps", help="Where to train.", callback=_device),
]
Frozen = Annotated[
    str | None,
    typer.Option(metavar="FOLDER", help="Folder of the frozen networks of fm, perc, ctx, scl and lpips."),
]


def train(
    data: Data = None,
    *,
    output: Output,
    init: Init = None,
    architecture: Architecture = None,
    config: Config = None,
    resume: Resume = None,
    steps: Steps = None,
    epochs: Epochs = None,
    minutes: Minutes = None,
    batch: BatchSize = None,
    grad_accum: Accumulate = None,
    precision: Precision = None,
    ema: Ema = None,
    lr: Rate = None,
    freeze: Freeze = None,
    keep: Keep = None,
    val: Val = None,
    val_every: ValEvery = None,
    sample_every: SampleEvery = None,
    checkpoint_every: CheckpointEvery = None,
    seed: Seed = None,
    workers: Workers = None,
    size: Size = None,
    lines: Lines = None,
    line_weights: LineWeights = None,
    device: TrainDevice = None,
    frozen: Frozen = None,
    overwrite: Overwrite = False,
    as_json: JsonEvents = False,
    quiet: Quiet = False,
    dry_run: DryRun = False,
    offline: Offline = False,
) -> int:
    """Train on your own pictures: fine-tune the weights of --init, or train new ones."""
    begun = time.monotonic()
    if steps is not None and epochs is not None:
        raise UsageError("--steps and --epochs both say how long to train: pass one")
    if resume is not None and overwrite:
        raise UsageError("--resume continues a run and --overwrite begins it again: pass one")
    check_installed()
    flags = {
        "pairs": tuple(data) if data else None, "init": init, "architecture": architecture, "steps": steps,
        "epochs": epochs, "minutes": minutes, "batch": batch, "accumulate": grad_accum,
        "precision": precision, "ema": ema, "generator_lr": lr,
        "discriminator_lr": None if lr is None else 2 * lr, "freeze": tuple(freeze) if freeze else None,
        "keep": keep, "val": val, "val_every": val_every, "sample_every": sample_every,
        "checkpoint_every": checkpoint_every, "seed": seed, "workers": workers,
        "sizes": None if size is None else ((0, size),), "size_cycle": None if size is None else (),
        "lines": lines, "line_weights": line_weights, "device": device, "frozen": frozen,
    }  # fmt: skip
    given = {key: value for key, value in flags.items() if value is not None}
    given |= {"epochs": 0.0} if steps is not None else {}
    state, resolved = _resolve_run(output, resume, config, given, overwrite=overwrite or dry_run)
    from rltn_cli.engine.training.run import Request

    request = Request(resolved, output, state, overwrite, offline, begun)
    return _start(request, quiet=quiet, as_json=as_json, dry_run=dry_run)


def _resolve_run(
    output: Path, resume: str | None, file: Path | None, flags: dict[str, Any], *, overwrite: bool
) -> tuple[Path | None, "TrainConfig"]:
    """Check the run's folder, and return the state to continue from, if any, and the configuration."""
    from rltn_cli.engine.training.run_folder import check_run, find_state, read_saved_config
    from rltn_cli.engine.training.settings import resolve

    state = find_state(output, resume) if resume is not None else None
    before = read_saved_config(state.parent) if state else {"precision": "auto"}
    config = resolve(before, file, flags)
    if state is None:
        check_run(output, overwrite=overwrite)
    return state, config


def _start(request: "Request", *, quiet: bool, as_json: bool, dry_run: bool) -> int:
    """Check the data, then show the plan or train; return the exit code."""
    first = int(os.environ.get("RANK", "0")) == 0
    try:
        _check_share(request.config.batch)
        prepared = _prepare(request, show=first and not quiet and not as_json)
        if dry_run:
            _show_plan(request, prepared, as_json)
            return 0
    except RltnError as error:
        if first:  # every process finds the same fault: one of them reports it
            raise
        return error.exit_code
    display: Display[TrainingEvent] = Silence() if quiet else EventLines() if as_json else TrainingBar()
    return _run(request, prepared, display if first else Silence())


def check_installed() -> None:
    """Refuse to start without the packages that training needs."""
    for name in ("accelerate", "tensorboard", "skimage"):
        if importlib.util.find_spec(name) is None:
            package = "scikit-image" if name == "skimage" else name
            raise UsageError(f"training needs {package}, which is not installed: pip install 'rltn[train]'")


def _check_share(batch: int) -> None:
    """Refuse a batch that the processes cannot share evenly."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if batch % world:
        raise UsageError(f"a batch of {batch} is not a multiple of the {world} processes: choose another")


def _prepare(request: "Request", *, show: bool) -> "TrainingData":
    """Read and check the data, and show the results."""
    from rltn_cli.commands.progress import show_status
    from rltn_cli.engine.training.run_data import prepare_data

    with show_status("checking the data", quiet=not show):
        data = prepare_data(request.config, offline=request.offline)
    if show:
        show_check(data.check)
    return data


def _show_plan(request: "Request", data: "TrainingData", as_json: bool) -> None:
    """Print the resolved configuration and what it costs to standard output."""
    from rltn_cli.engine.runtime.threads import choose_threads
    from rltn_cli.engine.training.memory_estimate import estimate_memory
    from rltn_cli.engine.training.run import resolve_config, start_model
    from rltn_cli.engine.training.settings import settings_to_json
    from rltn_cli.models.architectures import build_network

    config = resolve_config(request.config, len(data.train))
    model = start_model(config, offline=request.offline) or build_network(config.fresh_network())
    memory = estimate_memory(config, model, int(os.environ.get("WORLD_SIZE", "1")))
    costs = {
        "pairs": len(data.train),
        "held_back": len(data.held),
        "threads": choose_threads(config.device),
        "parameters": sum(value.numel() for value in model.parameters()),
        "memory_mib": round(memory.total / 2**20),
        "memory_mib_weights": round(memory.weights / 2**20),
        "memory_mib_sample": round(memory.sample / 2**20),
    }
    if as_json:
        show_text(json.dumps({"config": json.loads(settings_to_json(config)), **costs}, indent=2) + "\n")
        return
    show_text(settings_to_json(config))
    for name, value in costs.items():
        show(f"{name:18}  {value:,}")


def _run(request: "Request", data: "TrainingData", display: "Display[TrainingEvent]") -> int:
    """Train, show the events and return the exit code."""
    from rltn_cli.engine.training.run import train as train_run

    interrupted = False
    with stop_on_signals("the current step", signal.SIGTERM) as stop, display:
        for event in train_run(request, data, stop):
            display.show(event)
            interrupted = event["event"] == "interrupted"
    return INTERRUPTED if interrupted else 0
