"""`rltn models convert` and `rltn models export`: a model in another format."""

from pathlib import Path
from typing import Annotated

import typer

from rltn_cli import choices
from rltn_cli.commands.messages import show
from rltn_cli.commands.options import Offline, Overwrite, complete_model
from rltn_cli.engine.checkpoints.header import CONFIG_FILE
from rltn_cli.engine.checkpoints.hub_client import CARD
from rltn_cli.engine.checkpoints.model_names import find_model
from rltn_cli.errors import OutputError, UsageError
from rltn_cli.output_files import write_file

SOURCE_HELP = "A shipped name, a folder, a .safetensors file, or org/repo[@revision] on the Hub."

Source = Annotated[
    str, typer.Argument(metavar="NAME", help=SOURCE_HELP, autocompletion=complete_model, show_default=False)
]


def convert(
    name: Source,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="PATH", help="A folder, or a .safetensors file.")
    ],
    precision: Annotated[
        choices.StoredPrecision, typer.Option(help="Bytes of a stored weight: 2 or 4.")
    ] = "half",
    overwrite: Overwrite = False,
    offline: Offline = False,
) -> None:
    """Write a model as a folder or as one file, in half or full precision; split weights are joined."""
    single = output.suffix == ".safetensors"
    if not single and output.suffix in (".pt", ".pth", ".ckpt", ".bin", ".onnx"):
        raise UsageError(
            f"{output}: name a folder or a .safetensors file (see 'rltn models export' for ONNX)"
        )
    taken = output if single else output / CONFIG_FILE
    if (taken.exists() or (not single and output.is_file())) and not overwrite:
        raise OutputError(f"{output} exists: choose another name, or pass --overwrite")
    path = find_model(name, offline=offline)

    from rltn_cli.engine.checkpoints.weights import load_model, save_model, save_model_file

    model = load_model(path)
    half = precision == "half"
    written = save_model_file(model, output, half=half) if single else save_model(model, output, half=half)
    card = path / CARD
    if not single and card.is_file() and card.resolve() != (output / CARD).resolve():
        write_file(output / CARD, card.read_bytes(), overwrite=True)
    show(str(written))


def export(
    name: Source,
    onnx: Annotated[Path, typer.Option("--onnx", metavar="PATH", help="The ONNX file to write.")],
    overwrite: Overwrite = False,
    offline: Offline = False,
) -> None:
    """Write the network as ONNX for other programs; takes minutes and needs the extra "export"."""
    if onnx.suffix != ".onnx":
        raise UsageError(f"{onnx}: name a file that ends in .onnx")
    if onnx.exists() and not overwrite:
        raise OutputError(f"{onnx} exists: choose another name, or pass --overwrite")
    path = find_model(name, offline=offline)

    from rltn_cli.engine.checkpoints.onnx_export import export_onnx
    from rltn_cli.engine.checkpoints.weights import load_model

    export_onnx(load_model(path), onnx)
    show(str(onnx))
