"""The command line: the Typer app, and the one place where errors become messages and exit codes."""

import logging
import sys
from collections.abc import Sequence
from typing import Annotated, cast

import typer

from rltn_cli import __version__
from rltn_cli.commands.batch import batch
from rltn_cli.commands.colorize import colorize
from rltn_cli.commands.evaluate import evaluate
from rltn_cli.commands.extract_lines import extract_lines
from rltn_cli.commands.interruption import ignore_interruptions, stop_at_once_on_signals
from rltn_cli.commands.messages import say, show
from rltn_cli.commands.models import models
from rltn_cli.commands.palette import palette
from rltn_cli.commands.streams import finish_streams, prepare_streams
from rltn_cli.commands.table2 import table2
from rltn_cli.commands.touch_up import touch_up
from rltn_cli.commands.train import train
from rltn_cli.commands.train_lines import train_lines
from rltn_cli.errors import INTERRUPTED, RltnError

# The parser's base error; Typer brings or borrows its parser, depending on its version.
_ParserError = cast(type[Exception], typer.BadParameter.__base__)

app = typer.Typer(
    name="rltn",
    help="Paint line drawings in the colours of reference pictures.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(colorize)
app.command()(batch)
app.command("extract-lines", short_help="Draw the lines of colour pictures.")(extract_lines)
app.command(short_help="Write the palette of reference pictures.")(palette)
app.command("touch-up", short_help="Correct a painting by clicking, in a browser.")(touch_up)
app.command(short_help="Measure models on a folder of pairs.")(evaluate)
app.command(short_help="Train weights on your own pictures.")(train)
app.command(short_help="Train and measure all methods of the paper's Table 2.")(table2)
app.command("train-lines", short_help="Train a network that draws lines.")(train_lines)
app.add_typer(models, name="models")


def _print_version(wanted: bool) -> None:
    if wanted:
        show(f"rltn {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _main(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(2)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    stop_at_once_on_signals()
    prepare_streams()
    try:
        code = run(sys.argv[1:])
    except SystemExit as end:  # of the parser, where a reader goes away
        code = end.code if isinstance(end.code, int) else 1
    ignore_interruptions()
    reason = finish_streams()
    if reason and code == 0:
        code = _fail(reason, 1)
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code.

    Returns:
        0 for success, 1 failure, 2 wrong usage, 3 if some files of a batch failed, 130 if interrupted.
    """
    log = logging.getLogger("rltn_cli")
    notices, level = _Notices(), log.level
    log.addHandler(notices)
    log.setLevel(logging.INFO)
    try:
        result = app(list(arguments), prog_name="rltn", standalone_mode=False)
        if result == INTERRUPTED:  # the parser turns an interruption into its exit code
            raise KeyboardInterrupt
    except RltnError as error:
        return _fail(str(error), error.exit_code)
    except _ParserError as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "rltn"
        text = error.format_message() if hasattr(error, "format_message") else str(error)
        return _fail(f"{text.rstrip('.')}. See '{command} --help'", 2)
    except MemoryError:
        return _fail("not enough memory; choose a smaller picture or size", 1)
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        return _fail(f"{name}cannot be read or written ({error.strerror or error})", 1)
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", INTERRUPTED)
    finally:
        log.removeHandler(notices)
        log.setLevel(level)
    return result if isinstance(result, int) else 0


class _Notices(logging.Handler):
    """Shows log messages on standard error, even if that stream was replaced."""

    def emit(self, record: logging.LogRecord) -> None:
        say(self.format(record))


def _fail(message: str, code: int) -> int:
    """Print one line about what went wrong to standard error, and return the exit code."""
    say(" ".join(message.split()))
    return code
