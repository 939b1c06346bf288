"""The README says what the program does: commands, options, files and Python names are there."""

import ast
import re
from pathlib import Path

import pytest

from rltn_cli.cli import run

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELL = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)


def help_of(command: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert run([*command, "--help"]) == 0
    return capsys.readouterr().out


def options_in(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))


def commands(text: str) -> list[str]:
    """Return the names under Commands: of a help text."""
    _, _, listing = text.partition("Commands:\n")
    return re.findall(r"^  (\S+)", listing, re.MULTILINE)


def test_every_command_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    for name in commands(help_of([], capsys)):
        below = commands(help_of([name], capsys)) or [""]
        for other in below:
            assert re.search(rf"^.*rltn {name} ?{other}", "".join(SHELL), re.MULTILINE), (
                f"rltn {name} {other}"
            )


def test_every_documented_command_exists(capsys: pytest.CaptureFixture[str]) -> None:
    known = commands(help_of([], capsys))
    for name in re.findall(r"rltn ([a-z][a-z0-9-]*)", "".join(SHELL)):
        assert name in known


def test_the_options_of_colorize_are_those_of_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    table = README.partition("| option |")[2].partition("\n\n")[0]
    documented = set().union(*(options_in(row.split("|")[1]) for row in table.splitlines() if "--" in row))
    assert documented == options_in(help_of(["colorize"], capsys)) - {"--help"}


def test_options_in_examples_exist(capsys: pytest.CaptureFixture[str]) -> None:
    for line in "".join(SHELL).splitlines():
        match = re.search(r"rltn ((?:[a-z-]+ )?[a-z-]+)", line)
        if match and options_in(line):
            words = match[1].split()
            command = words if words[0] == "models" else words[:1]
            assert options_in(line) <= options_in(help_of(command, capsys))


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^make (\w+)", "\n".join(SHELL), re.MULTILINE)
    assert sorted(targets) == ["demo", "test"]
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_linked_files_exist() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_python_example_uses_what_there_is() -> None:
    import rltn_cli

    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    imports = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.ImportFrom)]
    assert [alias.name for node in imports for alias in node.names] == ["Colorizer"]
    assert callable(rltn_cli.Colorizer.from_pretrained)
