"""The command line as a whole: help, version, exit codes, streams, completion."""

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from rltn_cli import __version__, cli, errors
from rltn_cli.cli import run

COMMANDS = [["colorize"], ["batch"], ["extract-lines"], ["evaluate"], ["palette"], ["models"]]
COMMANDS += [["models", name] for name in ("list", "info", "verify", "download", "push", "convert", "export")]
PYTHON = [sys.executable, "-m", "rltn_cli"]


def raising(error: BaseException) -> Callable[..., None]:
    def command(*_: object, **__: object) -> None:
        raise error

    return command


def test_help_imports_nothing_heavy() -> None:  # its time is measured by benchmarks/cold.py
    code = (
        "import sys; from rltn_cli.cli import run; code = run(['--help']);"
        "print(sorted({'torch', 'numpy', 'cv2', 'PIL', 'huggingface_hub'} & set(sys.modules)), code)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[] 0"


@pytest.mark.parametrize("command", [[], *COMMANDS], ids=" ".join)
def test_every_command_explains_itself(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"Usage: {' '.join(['rltn', *command])} ")
    assert "--help" in text


def test_being_quiet_ends_with_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("rltn_cli")
    before = log.level, list(log.handlers)
    assert run(["evaluate", str(tmp_path), "--quiet"]) == 1
    assert "no pictures" in capsys.readouterr().err
    assert (log.level, list(log.handlers)) == before


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"rltn {__version__}\n"


def test_the_module_runs_as_a_program() -> None:
    result = subprocess.run([*PYTHON, "--version"], capture_output=True, text=True, check=True)
    assert result.stdout == f"rltn {__version__}\n"


def test_no_command_shows_the_help_as_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Commands:" in captured.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["paint"], "No such command 'paint'"),
        (["--nonsense"], "--nonsense"),
        (["colorize"], "SKETCH"),
        (["colorize", "a.png"], "--output"),
        (["colorize", "a.png", "-o", "d.png"], "--ref"),
        (["colorize", "a.png", "-r", "b.png"], "--output"),
        (["colorize", "a.png", "b.png", "-r", "c.png", "-o", "d.png"], "b.png"),
        (["colorize", "a.png", "-r", "b.png", "-o", "c.png", "--size", "63"], "--size"),
        (["colorize", "a.png", "-r", "b.png", "-o", "c.png", "--size", "wide"], "--size"),
        (["colorize", "a.png", "-r", "b.png", "-o", "c.png", "--finish", "oil"], "'oil'"),
        (["colorize", "a.png", "-r", "b.png", "-o", "c.png", "--device", "tpu"], "'tpu'"),
        (["models"], "Missing command"),
        (["models", "info"], "NAME"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_one_line_and_code_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("rltn: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.RltnError("a\nb"), 1),
        (errors.PictureError("a b"), 1),
        (errors.ModelError("a b"), 1),
        (errors.UsageError("a b"), 2),
    ],
)
def test_an_error_becomes_its_line_and_its_code(
    error: errors.RltnError, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "app", raising(error))
    assert run([]) == code
    assert capsys.readouterr() == ("", "rltn: a b\n")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), typer.Abort()])
def test_an_interruption_is_code_130(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "app", raising(error))
    assert run([]) == 130
    assert capsys.readouterr().err == "rltn: interrupted\n"


def test_an_interrupted_command_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("rltn_cli.commands.models.shipped_models", raising(KeyboardInterrupt()))
    assert run(["models", "list"]) == 130
    assert capsys.readouterr() == ("", "rltn: interrupted\n")


def test_our_own_mistakes_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rltn_cli.commands.models.shipped_models", raising(ZeroDivisionError("ours")))
    with pytest.raises(ZeroDivisionError, match="ours"):
        run(["models", "list"])


def test_notices_go_to_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def notice(*_: object, **__: object) -> None:
        logging.getLogger("rltn_cli.imaging.files.pictures").warning("a.gif: only the first frame")

    monkeypatch.setattr(cli, "app", notice)
    assert run([]) == 0
    assert capsys.readouterr() == ("", "rltn: a.gif: only the first frame\n")
    assert not [
        handler
        for handler in logging.getLogger("rltn_cli").handlers
        if type(handler).__module__ == cli.__name__
    ]


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    read, write = os.pipe()
    os.close(read)
    result = subprocess.run([*PYTHON, "--help"], stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr


def test_the_shell_completes_commands_and_models(tmp_path: Path) -> None:
    def complete(words: str) -> list[str]:
        count = str(len(words.split(" ")) - 1)
        asked = {"_RLTN_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": count}
        result = subprocess.run(
            [*PYTHON], env={**os.environ, **asked}, capture_output=True, text=True, check=False
        )
        return result.stdout.split()

    assert complete("rltn co") == ["colorize"]
    assert "list" in complete("rltn models ")


def test_help_is_plain_where_colours_are_not_wanted() -> None:
    environment = {**os.environ, "NO_COLOR": "1", "FORCE_COLOR": "1"}
    result = subprocess.run(
        [*PYTHON, "colorize", "--help"], env=environment, capture_output=True, text=True, check=True
    )
    assert "\x1b" not in result.stdout


def test_memory_that_ends_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "app", raising(MemoryError()))
    assert run([]) == 1
    assert capsys.readouterr().err == "rltn: not enough memory; choose a smaller picture or size\n"


INTERRUPTED_AT = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
from rltn_cli.__main__ import main

class Interrupting:
    def find_spec(self, name, *_):
        if name == module:
            os.kill(os.getpid(), signal.SIGINT)

module = sys.argv.pop()
sys.meta_path.insert(0, Interrupting())
main()
"""


@pytest.mark.parametrize(
    "module", ["rltn_cli.cli", "typer", "rltn_cli.commands.colorize", "numpy", "torch", "torch._C"]
)
def test_interruption_while_loading(module: str, tmp_path: Path) -> None:
    cases = Path(__file__).parent / "cases"
    arguments = ["colorize", str(cases / "sketch.png"), "-r", str(cases / "ref.png")]
    arguments += ["-o", str(tmp_path / "x.png")]
    result = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_AT, *arguments, module],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "rltn: interrupted\n")
    assert list(tmp_path.iterdir()) == []
