"""`rltn models`: what is shipped, and what a model is."""

import json
from pathlib import Path
from typing import Annotated

import typer

from rltn_cli.commands.options import Json, Offline, complete_model
from rltn_cli.engine.header import read_model_files
from rltn_cli.engine.hub import find_model, shipped_models

models = typer.Typer(help="Show the models that can paint.")

BUDGET_SIZE = 256
"""Height and width in pixels of the pictures that operations are counted for."""


@models.command("list")
def list_models(as_json: Json = False) -> None:
    """List the models that came with this installation."""
    shipped = shipped_models()
    if as_json:
        rows = [{"name": name, "path": str(path)} for name, path in shipped.items()]
        typer.echo(json.dumps(rows, indent=2))
        return
    for name in shipped:
        typer.echo(name)


@models.command()
def info(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A shipped name, a folder, a .safetensors file, or org/repo[@revision] on the Hub.",
            autocompletion=complete_model,
        ),
    ],
    as_json: Json = False,
    offline: Offline = False,
) -> None:
    """Show a model's size, cost, licence and architecture."""
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
        "license": _license(path),
        "architecture": files.config.architecture,
        "bytes": files.weights.stat().st_size,
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
    typer.echo(f"file          {files.weights} ({files.weights.stat().st_size / 1e6:.1f} MB)")


def _license(path: Path) -> str | None:
    """Return the licence that a model card states in its front matter, if there is one."""
    card = (path if path.is_dir() else path.parent) / "README.md"
    if not card.is_file():
        return None
    lines = card.read_text(encoding="utf-8", errors="replace").splitlines()
    if not lines or lines[0].strip() != "---":
        return None
    for line in lines[1:]:
        if line.strip() == "---":
            break
        key, _, value = line.partition(":")
        if key.strip() == "license":
            return value.strip().strip("'\"") or None
    return None
