"""Options that several commands share."""

import logging
import re
from typing import Annotated

import typer

from rltn_cli.choices import PENCIL, PaintingPrecision
from rltn_cli.engine.checkpoints.model_names import shipped_models
from rltn_cli.errors import UsageError
from rltn_cli.imaging.files.formats import written_suffixes

DEFAULT_MODEL = "rltn-small"


def complete_model(incomplete: str) -> list[str]:
    """Return the shipped models whose names begin with a text, to complete it in a shell."""
    return [name for name in shipped_models() if name.startswith(incomplete)]


def check_device(value: str) -> str:
    """Return a device's name, or raise UsageError; whether it is available is checked later."""
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d{1,3})?", value):
        raise UsageError(f"--device must be auto, cpu, cuda, cuda:N or mps, not {value!r}")
    return value


def check_pencil(value: str | None) -> str | None:
    """Return a pencil's colour, or raise UsageError if it is not one."""
    if value is not None and not PENCIL.fullmatch(value):
        raise UsageError(f"--drop-pencil must be blue, red or a colour such as #6fa8dc, not {value!r}")
    return value


def format_names() -> list[str]:
    """Return what `--format` may name."""
    return [suffix.removeprefix(".") for suffix in written_suffixes()]


def complete_format(incomplete: str) -> list[str]:
    """Return the formats whose names begin with a text, to complete it in a shell."""
    return [name for name in format_names() if name.startswith(incomplete)]


def check_format(value: str) -> str:
    """Return a format's name, or raise UsageError if it is not one."""
    if value not in format_names():
        raise UsageError(f"--format must be one of {', '.join(format_names())}, not {value!r}")
    return value


def silence_notices(quiet: bool) -> bool:
    """Silence notices if `quiet`, and return it."""
    if quiet:
        logging.getLogger("rltn_cli").setLevel(logging.ERROR)
    return quiet


Model = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME",
        help="A shipped name, a folder, a .safetensors file, or org/repo[@revision] on the Hub.",
        autocompletion=complete_model,
    ),
]
Device = Annotated[
    str,
    typer.Option(
        metavar="auto|cpu|cuda|cuda:N|mps",
        help="Where to compute; auto uses a GPU if there is one.",
        callback=check_device,
    ),
]
Precision = Annotated[
    PaintingPrecision,
    typer.Option(
        help="What the network computes in: auto is fp32; bf16 is faster where the processor has it."
    ),
]
Offline = Annotated[bool, typer.Option("--offline", help="Never access the network.")]
Format = Annotated[
    str,
    typer.Option(
        metavar=f"<{'|'.join(format_names())}>",
        help="Format of the results.",
        callback=check_format,
        autocompletion=complete_format,
    ),
]
Recursive = Annotated[
    bool, typer.Option("--recursive", "-R", help="Include subfolders; the results keep the tree.")
]
JsonEvents = Annotated[bool, typer.Option("--json", help="Print events as JSON lines to standard output.")]
Json = Annotated[bool, typer.Option("--json", help="Print the results as JSON to standard output.")]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print nothing but errors.", callback=silence_notices)
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", "-n", help="Check, and show what would be done; write nothing.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the output if it exists.")]
OverwriteAll = Annotated[
    bool, typer.Option("--overwrite", help="Redo finished pictures, and replace other files too.")
]
