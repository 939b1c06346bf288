"""Imports point down only, light modules stay light, and nothing is pickled."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "rltn_cli"
FILES = sorted(PACKAGE.rglob("*.py"))

LEVELS: tuple[tuple[set[str], ...], ...] = (
    ({"errors"},),
    ({"config", "config_files"},),
    ({"pixels", "decoding", "encoding", "canvas", "images"},),
    (
        {"lineart", "contours", "masks", "segments", "thinning", "tiling"},
        {"sketch"},
        {"finishing", "flats"},
        {"layers"},
    ),
    ({"models"}, {"data"}),
    ({"engine"},),
    ({"commands"},),
    ({"cli"},),
    ({"__main__"},),
)
"""From the bottom up; a part may import lower levels and itself, never its neighbours."""

PLACE = {name: (level, group) for level, groups in enumerate(LEVELS) for group in groups for name in group}
HEAVY = {"torch", "torchvision", "numpy", "cv2", "PIL", "accelerate", "skimage", "lpips", "huggingface_hub"}
LIGHT = (
    "__init__",
    "__main__",
    "cli",
    "config",
    "config_files",
    "errors",
    "commands",
    "engine.hub",
    "engine.hub_client",
    "engine.header",
)


def module_name(path: Path) -> str:
    """Return a file's module below the package, such as engine.hub."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def imported(nodes: Iterator[ast.AST]) -> Iterator[str]:
    """Yield the full names of what import statements bring."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports are not used here"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def at_import_time(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run when a module is imported: all but bodies of functions and type checking."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            continue
        yield child
        yield from at_import_time(child)


def upward_imports(path: Path) -> list[str]:
    """Return the package's own modules that a file imports against the direction."""
    level, group = PLACE[module_name(path).split(".")[0]]
    wrong = []
    for name in imported(ast.walk(ast.parse(path.read_text(encoding="utf-8")))):
        root, _, rest = name.partition(".")
        part = rest.split(".")[0]
        if root != "rltn_cli" or part.startswith("__version__"):
            continue
        other_level, other_group = PLACE[part]
        if other_level > level or (other_level == level and other_group is not group):
            wrong.append(name)
    return wrong


# The package's own __init__ offers its parts lazily, from wherever they are.
@pytest.mark.parametrize("path", [path for path in FILES if path != PACKAGE / "__init__.py"], ids=module_name)
def test_imports_point_down(path: Path) -> None:
    assert upward_imports(path) == []


@pytest.mark.parametrize(
    ("module", "line", "allowed"),
    [
        ("models/blocks.py", "from rltn_cli.config import ModelConfig", True),
        ("models/blocks.py", "from rltn_cli.engine.losses import scl", False),
        ("models/blocks.py", "from rltn_cli.data.pairs import Pair", False),
        ("engine/colorizer.py", "import rltn_cli.commands.colorize", False),
        ("commands/colorize.py", "def f():\n    from rltn_cli.cli import app", False),
    ],
)
def test_the_rule_sees_an_upward_import(
    module: str, line: str, allowed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("test_layers.PACKAGE", tmp_path)
    path = tmp_path / module
    path.parent.mkdir(parents=True)
    path.write_text(line, encoding="utf-8")
    assert (upward_imports(path) == []) is allowed


@pytest.mark.parametrize("path", [path for path in FILES if path.parent.name == "models"], ids=module_name)
def test_networks_know_only_configuration(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    parts = {name.split(".")[1] for name in imported(ast.walk(tree)) if name.startswith("rltn_cli.")}
    assert parts <= {"models", "config", "errors"}


def is_light(path: Path) -> bool:
    """Tell whether a file is of the part that must import quickly."""
    name = module_name(path)
    return any(name == light or name.startswith(f"{light}.") for light in LIGHT)


@pytest.mark.parametrize("path", [path for path in FILES if is_light(path)], ids=module_name)
def test_light_modules_import_nothing_heavy(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert {full.split(".")[0] for full in imported(at_import_time(tree))} & HEAVY == set()


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_nothing_is_pickled(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {full.split(".")[0] for full in imported(ast.walk(tree))}
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert names & {"pickle", "dill", "joblib", "shelve"} == set()
    assert calls & {"torch.load", "torch.save"} == set()
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert ast.unparse(node.value) == "False"
