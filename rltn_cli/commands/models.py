"""`rltn models`: list shipped and cached models, and show and verify one."""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rltn_cli.commands.messages import show, show_text
from rltn_cli.commands.models_convert import convert, export
from rltn_cli.commands.models_transfer import download, push
from rltn_cli.commands.options import Json, Offline, complete_model
from rltn_cli.engine.checkpoints.header import LINES, StoredModel, read_known
from rltn_cli.engine.checkpoints.hub_client import cached_models, commit_of
from rltn_cli.engine.checkpoints.model_card import licence_of
from rltn_cli.engine.checkpoints.model_names import find_model, shipped_models

if TYPE_CHECKING:
    from rltn_cli.models.architectures import PaintingNetwork
    from rltn_cli.models.cost import NetworkCost
    from rltn_cli.models.hed import HED

models = typer.Typer(help="List, download, publish and convert models that paint or draw lines.")
models.command()(download)
models.command()(push)
models.command()(convert)
models.command()(export)

COST_SIZE = 256
"""Height and width in pixels of the pictures for which operations are counted."""

KINDS = {LINES: "draws the lines of colour pictures", "paint": "paints line drawings"}

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="A shipped name, a folder, a .safetensors file, or org/repo[@revision] on the Hub.",
        autocompletion=complete_model,
    ),
]


@models.command("list")
def list_models(as_json: Json = False) -> None:
    """List the models of this installation and of the Hub's cache."""
    rows = [_row(name, path, read_known(path), None, "shipped") for name, path in shipped_models().items()]
    for model in cached_models():
        name = f"{model.repo}@{model.branches[0] if model.branches else model.revision}"
        rows.append(_row(name, model.folder, model.files, model.revision, "cache"))
    if as_json:
        show_text(json.dumps(rows, indent=2) + "\n")
        return
    widest = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        size, licence = f"{row['bytes'] / 1e6:.1f} MB", row["license"] or "licence not stated"
        place = row["revision"] or row["source"]
        show(f"{row['name']:{widest}}  {row['kind']:5}  {size:>9}  {licence:20}  {place}")


def _row(name: str, path: Path, files: StoredModel, revision: str | None, source: str) -> dict[str, Any]:
    """Return what `list` says about one model."""
    return {
        "name": name,
        "kind": files.kind,
        "source": source,
        "bytes": files.bytes,
        "license": licence_of(path),
        "revision": revision,
        "path": str(path),
    }


@models.command()
def info(name: Name, as_json: Json = False, offline: Offline = False) -> None:
    """Show a model's kind, size, cost, licence, revision and architecture."""
    path = find_model(name, offline=offline)
    files = read_known(path)
    network = _load(path, files)
    cost = _measure_cost(network)
    architecture = _architecture(network)
    facts = {
        "name": name,
        "kind": files.kind,
        "parameters": cost.parameters,
        "gflop": round(cost.flop / 1e9, 2),
        "gflop_at": [COST_SIZE, COST_SIZE],
        "license": licence_of(path),
        "architecture": architecture,
        "revision": commit_of(path),
        "bytes": files.bytes,
        "weights": str(files.weights),
    }
    if as_json:
        show_text(json.dumps(facts, indent=2) + "\n")
        return
    show(f"name          {name}")
    show(f"kind          {files.kind}: {KINDS[files.kind]}")
    show(f"parameters    {cost.parameters:,}")
    beside = "" if files.kind == LINES else ", one reference"
    show(f"operations    {cost.flop / 1e9:.2f} GFLOP at {COST_SIZE}x{COST_SIZE}{beside}")
    show(f"licence       {facts['license'] or 'not stated'}")
    show(f"architecture  {architecture}")
    if facts["revision"]:
        show(f"revision      {facts['revision']}")
    show(f"file          {files.weights} ({files.bytes / 1e6:.1f} MB)")


def _architecture(network: "PaintingNetwork | HED") -> int | str:
    """Return the version of RLTN's or of a line network's structure, or the name of another method."""
    from rltn_cli.models.hed import HED
    from rltn_cli.models.rltn import RLTN

    return network.config.architecture if isinstance(network, RLTN | HED) else network.config.network


def _load(path: Path, files: StoredModel) -> "PaintingNetwork | HED":
    """Load a network of either kind, which also proves that it can be loaded."""
    if files.kind == LINES:
        from rltn_cli.engine.checkpoints.line_models import load_line_model

        return load_line_model(path)
    from rltn_cli.engine.checkpoints.weights import load_model

    return load_model(path)


def _measure_cost(network: "PaintingNetwork | HED") -> "NetworkCost":
    """Count what a network of either kind costs."""
    from rltn_cli.models.cost import measure_cost, measure_line_cost
    from rltn_cli.models.hed import HED

    if isinstance(network, HED):
        return measure_line_cost(network.config, size=COST_SIZE)
    return measure_cost(network.config, size=COST_SIZE)


@models.command()
def verify(name: Name, as_json: Json = False, offline: Offline = False) -> None:
    """Check a model: the Hub's hashes, and that every weight is there, has its shape and is finite."""
    path = find_model(name, offline=offline)
    files = read_known(path)
    _load(path, files)
    hashes = {}
    for part in files.parts:
        with part.open("rb") as file:
            hashes[part.name] = hashlib.file_digest(file, "sha256").hexdigest()
    facts = {
        "name": name,
        "kind": files.kind,
        "revision": commit_of(path),
        "weights": len(files.shapes),
        "sha256": hashes,
    }
    if as_json:
        show_text(json.dumps(facts, indent=2) + "\n")
        return
    for part_name, digest in hashes.items():
        show(f"{digest}  {part_name}")
    source = f", as the Hub has it at {facts['revision']}" if facts["revision"] else ""
    show(f"{name}: {len(files.shapes)} weights, complete and finite{source}")
