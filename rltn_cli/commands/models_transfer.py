"""`rltn models download` and `rltn models push`: transfer models from and to the Hub."""

import json
import math
import re
from pathlib import Path
from typing import Annotated

import typer

from rltn_cli.commands.messages import say, show, show_text
from rltn_cli.commands.options import DryRun, Json, Offline, complete_model
from rltn_cli.config_files import to_json
from rltn_cli.engine.checkpoints import hub_client
from rltn_cli.engine.checkpoints.header import (
    CONFIG_FILE,
    INDEX,
    WEIGHTS,
    ModelFiles,
    read_known,
    read_model_files,
)
from rltn_cli.engine.checkpoints.model_card import first_card, name_of
from rltn_cli.engine.checkpoints.model_names import find_model
from rltn_cli.errors import UsageError


def download(
    name: Annotated[str, typer.Argument(metavar="NAME", help="org/repo[@revision] on the Hub.")],
    as_json: Json = False,
    offline: Offline = False,
) -> None:
    """Download a model from the Hub to the cache and check it; it can then be used offline."""
    folder = find_model(name, offline=offline)
    files = read_known(folder)
    revision = hub_client.commit_of(folder)
    facts = {"name": name, "revision": revision, "path": str(folder), "bytes": files.bytes}
    if as_json:
        show_text(json.dumps(facts, indent=2) + "\n")
        return
    show(str(folder))
    pinned = f"; '{name.partition('@')[0]}@{revision}' names exactly this one" if revision else ""
    say(f"{name} is here{pinned}")


def push(
    source: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="The model: a shipped name, a folder or a .safetensors file.",
            autocompletion=complete_model,
        ),
    ],
    repo: Annotated[
        str, typer.Argument(metavar="ORG/REPO", help="The repository; it is created if it is missing.")
    ],
    public: Annotated[bool, typer.Option("--public", help="Make a new repository public.")] = False,
    branch: Annotated[
        str | None, typer.Option(metavar="NAME", help="Commit to this branch instead of main.")
    ] = None,
    message: Annotated[str, typer.Option("--message", metavar="TEXT", help="The commit message.")] = "",
    license_name: Annotated[
        str | None,
        typer.Option(
            "--license",
            metavar="ID",
            help="Licence for the card of a model that has no card, such as apache-2.0.",
        ),
    ] = None,
    as_json: Json = False,
    dry_run: DryRun = False,
    offline: Offline = False,
) -> None:
    """Upload a model to the Hub in one commit; needs HF_TOKEN with write access."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repo):
        raise UsageError(f"{repo}: name a repository as org/repo")
    if license_name and not re.fullmatch(r"[a-z0-9.-]+", license_name):
        raise UsageError(f"--license must be a name like apache-2.0, not {license_name!r}")
    if offline and not dry_run:
        raise UsageError("push cannot work with --offline: leave it out")
    path = find_model(source, offline=offline)
    files = read_model_files(path)

    from rltn_cli.engine.checkpoints.weights import load_model

    load_model(path)  # a model that cannot be loaded is not uploaded
    contents = _contents(path, files, repo, license_name)
    commit = None
    if not dry_run:
        text = message or f"{Path(source).name}: {name_of(files.config)}"
        commit = hub_client.push(repo, contents, text, branch=branch, private=not public)
    facts = {"repo": repo, "revision": commit, "files": sorted(contents)}
    if as_json:
        show_text(json.dumps(facts, indent=2) + "\n")
        return
    show(f"{repo}@{commit}" if commit else f"{repo}: would contain {', '.join(sorted(contents))}")


def _contents(path: Path, files: ModelFiles, repo: str, licence: str | None) -> dict[str, Path | bytes]:
    """Return what a model is on the Hub: the layout of PyTorchModelHubMixin."""
    contents: dict[str, Path | bytes] = {CONFIG_FILE: to_json(files.config).encode()}
    if files.weights.name == INDEX:
        contents |= {file.name: file for file in (files.weights, *files.parts)}
    else:
        contents[WEIGHTS] = files.weights
    card = (path if path.is_dir() else path.parent) / hub_client.CARD
    if card.is_file() and path.is_dir():
        contents[hub_client.CARD] = card
    else:
        parameters = sum(math.prod(shape) for shape in files.shapes.values())
        contents[hub_client.CARD] = first_card(repo, files.config, parameters, licence).encode()
    return contents
