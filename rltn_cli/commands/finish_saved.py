"""`rltn colorize` of a saved painting: finished again, without the network and without PyTorch."""

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from rltn_cli.commands.painting_results import Results, report, show_settings
from rltn_cli.commands.progress import show_status
from rltn_cli.errors import UsageError

_log = logging.getLogger(__name__)

_OF_THE_NETWORK = (
    "ref", "ref_weight", "model", "size", "alpha", "paper", "drop_pencil", "margins", "page", "extract",
    "device", "precision",
)  # fmt: skip
"""Options that say how a drawing is read and painted, which has been done."""


def finish_saved(
    context: typer.Context,
    path: Path,
    asked: Mapping[str, Any],
    results: Results,
    *,
    as_json: bool,
    quiet: bool,
    dry_run: bool,
) -> None:
    """Finish a saved painting; options that are not given keep their saved values.

    Args:
        context: knows which options the user gave.
        path: of the saved painting.
        asked: options of the finish, as plain values.
        results: where the results go.
        as_json: whether to print JSON.
        quiet: whether to print nothing but errors.
        dry_run: whether to check and show only.
    """
    refuse_options(context, path, _OF_THE_NETWORK)
    given = {name for name in context.params if _is_given(context, name)}
    started = time.monotonic()
    from rltn_cli.painting.description import StoredOptions
    from rltn_cli.painting.finish import finish_painting
    from rltn_cli.painting.saved import open_painting

    with show_status("reading the painting", quiet=quiet):
        painting, before = open_painting(path)
    results.check_size(painting.size)
    stored = asdict(StoredOptions.of(before))
    wanted = {name: value for name, value in asked.items() if name in given}
    if wanted.get("palette"):
        wanted["palette"] = tuple(wanted["palette"].split(","))
    stored |= wanted | {"fixes": (*stored["fixes"], *asked["fixes"])}
    options = StoredOptions(**stored).options()
    settings = {"painting": str(path), **results.settings, **stored}
    if dry_run:
        show_settings(settings, as_json)
        return
    with show_status("finishing", quiet=quiet):
        finished = finish_painting(painting, options)
    for notice in finished.notices:
        _log.warning("%s", notice)
    with show_status("writing", quiet=quiet):
        results.write(finished, lambda: painting)
    seconds = time.monotonic() - started
    report(settings, results, finished, finished.notices, seconds, as_json=as_json, quiet=quiet)


def refuse_options(context: typer.Context, path: Path, names: Iterable[str]) -> None:
    """Refuse options that have no effect on a saved painting.

    Args:
        context: knows which options the user gave.
        path: of the saved painting, or of a folder of them.
        names: parameters of the options.

    Raises:
        UsageError: one of them was given.
    """
    for name in names:
        if _is_given(context, name):
            raise UsageError(
                f"--{name.replace('_', '-')} has no effect on {path}, which is already painted: leave it out"
            )


def _is_given(context: typer.Context, name: str) -> bool:
    """Return whether the user gave an option, even with its default value."""
    source = context.get_parameter_source(name)
    return source is not None and not source.name.startswith("DEFAULT")
