"""Packages of the extras: imported only where they are used, and named if they are missing."""

import importlib
from typing import Any

from rltn_cli.errors import UsageError


def library(name: str, *, extra: str = "eval") -> Any:
    """Import a package of an extra.

    Raises:
        UsageError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{name.split('.')[0]} is needed for this, but is not installed: pip install 'rltn[{extra}]'"
        ) from error
