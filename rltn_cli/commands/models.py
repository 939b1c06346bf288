"""`rltn models`: what is shipped and cached, what a model is, and whether it is sound."""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from rltn_cli.commands.models_convert import convert, export
from rltn_cli.commands.models_transfer import download, push
from rltn_cli.commands.options import Json, Offline, complete_model
from rltn_cli.engine.card import licence_of
from rltn_cli.engine.header import ModelFiles, read_model_files
from rltn_cli.engine.hub import find_model, shipped_models
from rltn_cli.engine.hub_client import cached_models, commit_of

models = typer.Typer(help="Show, fetch, share and change the models that can paint.")
models.command()(download)
models.command()(push)
models.command()(convert)
models.command()(export)

BUDGET_SIZE = 256
"""Height and width in pixels of the pictures that operations are counted for."""

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
    """List the models that came with this installation, and those of the Hub's cache."""
    rows = [
        _row(name, path, read_model_files(path), None, "shipped") for name, path in shipped_models().items()
    ]
    for model in cached_models():
        name = f"{model.repo}@{model.branches[0] if model.branches else model.revision}"
        rows.append(_row(name, model.folder, model.files, model.revision, "cache"))
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    widest = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        size, licence = f"{row['bytes'] / 1e6:.1f} MB", row["license"] or "licence not stated"
        typer.echo(f"{row['name']:{widest}}  {size:>9}  {licence:20}  {row['revision'] or row['source']}")


def _row(name: str, path: Path, files: ModelFiles, revision: str | None, source: str) -> dict[str, Any]:
    """Return what `list` says about one model."""
    return {
        "name": name,
        "source": source,
        "bytes": files.bytes,
        "license": licence_of(path),
        "revision": revision,
        "path": str(path),
    }


@models.command()
def info(name: Name, as_json: Json = False, offline: Offline = False) -> None:
    """Show a model's size, cost, licence, revision and architecture."""
    path = find_model(name, offline=offline)
    files = read_model_files(path)

    from rltn_cli.engine.budget import measure_budget
    from rltn_cli.engine.checkpoint import load_model

    load_model(path)  # a model that does not load has no facts
    budget = measure_budget(files.config, size=BUDGET_SIZE)
    facts = {
        "name": name,
        "parameters": budget.parameters,
        "gflop": round(budget.flop / 1e9, 2),
        "gflop_at": [BUDGET_SIZE, BUDGET_SIZE],
        "license": licence_of(path),
        "architecture": files.config.architecture,
        "revision": commit_of(path),
        "bytes": files.bytes,
        "weights": str(files.weights),
    }
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    typer.echo(f"name          {name}")
    typer.echo(f"parameters    {budget.parameters:,}")
    typer.echo(f"operations    {budget.flop / 1e9:.2f} GFLOP at {BUDGET_SIZE}x{BUDGET_SIZE}, one reference")
    typer.echo(f"licence       {facts['license'] or 'not stated'}")
    typer.echo(f"architecture  {files.config.architecture}")
    if facts["revision"]:
        typer.echo(f"revision      {facts['revision']}")
    typer.echo(f"file          {files.weights} ({files.bytes / 1e6:.1f} MB)")


@models.command()
def verify(name: Name, as_json: Json = False, offline: Offline = False) -> None:
    """Check that a model is whole: the Hub's hashes, every weight, its shape, and that it is finite."""
    path = find_model(name, offline=offline)
    files = read_model_files(path)

    from rltn_cli.engine.checkpoint import load_model

    load_model(path)
    hashes = {}
    for part in files.parts:
        with part.open("rb") as file:
            hashes[part.name] = hashlib.file_digest(file, "sha256").hexdigest()
    facts = {"name": name, "revision": commit_of(path), "weights": len(files.shapes), "sha256": hashes}
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    for part_name, digest in hashes.items():
        typer.echo(f"{digest}  {part_name}")
    source = f", as the Hub has it at {facts['revision']}" if facts["revision"] else ""
    typer.echo(f"{name}: {len(files.shapes)} weights, all there and finite{source}")
