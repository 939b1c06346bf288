"""Programs of several subcommands."""

import argparse
import sys

from rltn_cli.errors import RltnError


def run_subcommand(parser: argparse.ArgumentParser, arguments: list[str] | None) -> int:
    """Run what a command line names and return the exit code; an RltnError becomes a line.

    Args:
        parser: sets `run` to a function of the options for each subcommand.
        arguments: those of the process if None.
    """
    options = parser.parse_args(arguments)
    try:
        options.run(options)
    except RltnError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0
