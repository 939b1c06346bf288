"""What contributors are told is so: files that are named exist, and facts that stand twice agree."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from rltn_cli import __version__

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_named_files_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    names = set(re.findall(r"`((?:rltn_cli|engine|data|models|imaging|tests|docs|commands)/[\w/.-]*)", text))
    assert names
    missing = [
        name for name in names if not any((base / name).exists() for base in (ROOT, ROOT / "rltn_cli"))
    ]
    assert missing == []


def test_pre_commit_runs_the_ruff_of_the_dev_extra() -> None:
    (pinned,) = [need for need in PYPROJECT["project"]["optional-dependencies"]["dev"] if "ruff" in need]
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert pinned == f"ruff=={re.search(r'rev: v(.*)', hooks)[1]}"


def test_the_citation_is_of_this_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {__version__}\n" in citation


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for page in ("CONTRIBUTING.md", ".ci/run"):
        for target in re.findall(
            r"(?:^|`|\" )make ([a-z]+)", (ROOT / page).read_text(encoding="utf-8"), re.M
        ):
            assert f"\n{target}:" in makefile


def lengths_of_functions(path: Path) -> dict[str, int]:
    """Return the lines of a file's functions, docstrings not counted."""
    lengths = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            if (text := ast.get_docstring(node, clean=False)) is not None:
                length -= len(text.splitlines())
            lengths[node.name] = max(length, lengths.get(node.name, 0))
    return lengths


def test_files_and_functions_are_short() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.search(r"Files have at most (\d+) lines, functions fewer than (\d+)", text)
    assert found
    most, fewer = map(int, found.groups())
    long = []
    for path in sorted((ROOT / "rltn_cli").rglob("*.py")):
        if len(path.read_text(encoding="utf-8").splitlines()) > most:
            long.append(str(path))
        long += [f"{path}: {name}" for name, lines in lengths_of_functions(path).items() if lines >= fewer]
    assert long == []
