import ast
from pathlib import Path

import pytest

from rltn_cli.commands.messages import escape_controls, say, show, show_text

COMMANDS = Path(__file__).parents[2] / "rltn_cli"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain.png", "plain.png"),
        ("Zeichnung äöü 線画 →.png", "Zeichnung äöü 線画 →.png"),
        ("\x1b]0;title\x07.png", "\\x1b]0;title\\x07.png"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\rb\nc\td", "a\\rb\\nc\\td"),
        ("\x9b31m\x7f", "\\x9b31m\\x7f"),
        ("exe\u202egnp.\u2066", "exe\\u202egnp.\\u2066"),
        ("line\u2028end", "line\\u2028end"),
        ("latin-\udce9.png", "latin-\\xe9.png"),
        ("lone \ud800", "lone \\ud800"),
    ],
)
def test_control_characters_are_written_out(text: str, expected: str) -> None:
    assert escape_controls(text) == expected


def test_every_control_character_is_written_out(capsys: pytest.CaptureFixture[str]) -> None:
    controls = [*map(chr, range(32)), *map(chr, range(127, 160))]
    for write in (say, show):
        write("".join(controls))
    out, err = capsys.readouterr()
    assert out.count("\n") == err.count("\n") == 1
    assert not set(controls) - {"\n"} & set(out + err)
    show_text("".join(controls) + "\n")
    assert set(controls) & set(capsys.readouterr().out) == {"\n", "\t"}


@pytest.mark.parametrize("path", sorted(COMMANDS.rglob("*.py")), ids=lambda path: path.stem)
def test_nothing_is_said_in_another_way(path: Path) -> None:
    if path.name == "messages.py":
        return
    calls = {
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    }
    allowed = {"typer.echo"} if path.name == "cli.py" else set()  # the help, which is ours
    assert not calls & {"typer.echo", "print", "sys.stdout.write", "sys.stderr.write"} - allowed
