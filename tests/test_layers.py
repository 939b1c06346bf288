"""Imports point down only, light modules stay light, and nothing is pickled."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "rltn_cli"
FILES = sorted(PACKAGE.rglob("*.py"))

DIRECTLY_BELOW: dict[str, tuple[str, ...]] = {
    "__main__": ("cli",),
    "cli": ("commands",),
    "commands": (
        "engine.table2",
        "engine.training.lines",
        "engine.training",
        "engine.batch",
        "data.check",
        "touch_up",
    ),
    "engine.table2": ("engine.training",),
    "engine.training.lines": ("engine.training",),
    "engine.training": ("engine.evaluation", "data.check"),
    "engine.evaluation": ("engine.inference", "data.check"),
    "engine.batch": ("engine.inference",),
    "engine.inference": ("engine.checkpoints", "engine.runtime", "painting"),
    "engine.checkpoints": ("models", "data", "config_files"),
    "engine.runtime": ("models", "data", "config_files", "optional_packages"),
    "data.check": ("data",),
    "data": ("imaging.drawings", "imaging.line_art", "imaging.regions", "training_config"),
    "models": ("model_config", "baseline_config", "choices", "sizes"),
    "touch_up": ("painting",),
    "painting": ("imaging.finishes", "imaging.files", "config_files", "optional_packages"),
    "imaging.finishes": ("imaging.colors",),
    "imaging.colors": ("imaging.regions",),
    "imaging.regions": ("imaging",),
    "imaging.line_art": ("imaging.files",),
    "imaging.drawings": ("imaging.files",),
    "imaging.files": ("imaging",),
    "imaging": ("output_files", "text_files", "result_folders", "choices", "sizes"),
    "config_files": ("training_config", "text_files"),
    "training_config": ("model_config", "baseline_config", "choices", "sizes"),
    "model_config": ("errors",),
    "baseline_config": ("choices", "errors"),
    "output_files": ("errors",),
    "optional_packages": ("errors",),
    "text_files": (),
    "result_folders": (),
    "choices": (),
    "sizes": (),
    "errors": (),
}
"""The parts of the package, each with those right below it.

A part may import itself and everything below it, but neither what is above it nor its neighbours.
"""

HEAVY = {"torch", "torchvision", "numpy", "cv2", "PIL", "accelerate", "skimage", "lpips", "huggingface_hub"}
LIGHT = (
    "__init__",
    "__main__",
    "cli",
    "config_files",
    "model_config",
    "baseline_config",
    "training_config",
    "choices",
    "sizes",
    "errors",
    "output_files",
    "text_files",
    "result_folders",
    "commands",
    "imaging.files.formats",
    "engine.batch.events",
    "engine.checkpoints.model_names",
    "engine.checkpoints.hub_client",
    "engine.checkpoints.hub_errors",
    "engine.checkpoints.header",
    "engine.checkpoints.model_card",
)


def module_name(path: Path, package: Path = PACKAGE) -> str:
    """Return a file's module below the package, such as engine.batch.plan."""
    parts = path.relative_to(package).with_suffix("").parts
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


def part_of(name: str) -> str | None:
    """Return the part that a module or a name in it belongs to; None for what has no place."""
    names = name.split(".")
    prefixes = (".".join(names[:count]) for count in range(len(names), 0, -1))
    return next((prefix for prefix in prefixes if prefix in DIRECTLY_BELOW), None)


def parts_below(part: str) -> set[str]:
    """Return all parts that a part stands on."""
    directly = DIRECTLY_BELOW[part]
    return set(directly).union(*(parts_below(lower) for lower in directly))


def own_imports(path: Path) -> list[str]:
    """Return what a file imports from the package, as names below it; its version does not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [name.partition(".") for name in imported(ast.walk(tree))]
    return [rest for root, _, rest in names if root == "rltn_cli" and rest != "__version__"]


def upward_imports(path: Path, package: Path = PACKAGE) -> list[str]:
    """Return what a file imports from the package against the direction."""
    part = part_of(module_name(path, package))
    assert part, f"{path}: in no part of the package"
    return [name for name in own_imports(path) if part_of(name) not in {part, *parts_below(part)}]


# Every __init__ of a folder of folders holds words alone, but for the package's own: it offers its parts
# lazily, from wherever they are.
@pytest.mark.parametrize(
    "path", [path for path in FILES if path not in (PACKAGE / "__init__.py", PACKAGE / "engine/__init__.py")],
    ids=module_name,
)  # fmt: skip
def test_imports_point_down(path: Path) -> None:
    assert upward_imports(path) == []


def test_no_module_of_the_engine_lies_loose() -> None:
    assert [path.name for path in (PACKAGE / "engine").glob("*.py")] == ["__init__.py"]
    assert own_imports(PACKAGE / "engine" / "__init__.py") == []


def test_no_modules_import_each_other() -> None:
    modules = {module_name(path): path for path in FILES if path.name != "__init__.py"}
    graph = {
        module: {
            name for full in own_imports(path) for name in (full, full.rpartition(".")[0]) if name in modules
        }
        for module, path in modules.items()
    }
    assert set(TopologicalSorter(graph).static_order()) == set(modules)


def sees(package: Path, importer: str, line: str) -> bool:
    """Return whether a module with such a line is found to import against the direction."""
    path = package.joinpath(*importer.split(".")).with_suffix(".py")
    path.parent.mkdir(parents=True)
    path.write_text(line, encoding="utf-8")
    return upward_imports(path, package) != []


@pytest.mark.parametrize(
    ("upper", "lower"), [(upper, lower) for upper, below in DIRECTLY_BELOW.items() for lower in below]
)
def test_the_rule_sees_an_import_that_is_turned_around(upper: str, lower: str, tmp_path: Path) -> None:
    assert not sees(tmp_path / "right", f"{upper}.one", f"from rltn_cli.{lower}.other import name")
    assert sees(tmp_path / "wrong", f"{lower}.one", f"from rltn_cli.{upper}.other import name")
    above, _, folder = upper.rpartition(".")
    line = f"from {f'rltn_cli.{above}' if above else 'rltn_cli'} import {folder}"
    assert sees(tmp_path / "in a function", f"{lower}.one", f"def late():\n    {line}")


@pytest.mark.parametrize(
    ("importer", "line"),
    [
        ("models.blocks", "from rltn_cli.data.pairs import Pair"),
        ("engine.batch.run", "from rltn_cli.engine.evaluation.metrics import psnr"),
        ("engine.training.run", "import rltn_cli.engine.batch.run"),
        ("engine.runtime.device", "from rltn_cli.engine.checkpoints import header"),
        ("commands.colorize", "from rltn_cli import Colorizer"),
    ],
)
def test_the_rule_sees_an_import_of_a_neighbour(importer: str, line: str, tmp_path: Path) -> None:
    assert sees(tmp_path / "package", importer, line)


@pytest.mark.parametrize(
    "path",
    [path for part in ("imaging", "painting", "touch_up") for path in sorted((PACKAGE / part).rglob("*.py"))],
    ids=module_name,
)
def test_pictures_need_no_torch(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert {full.split(".")[0] for full in imported(ast.walk(tree))} & {"torch", "torchvision"} == set()


@pytest.mark.parametrize(
    "path", [path for path in FILES if (PACKAGE / "models") in path.parents], ids=module_name
)
def test_networks_know_only_configuration(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    parts = {name.split(".")[1] for name in imported(ast.walk(tree)) if name.startswith("rltn_cli.")}
    assert parts <= {"models", "model_config", "baseline_config", "choices", "sizes", "errors"}


def is_light(path: Path) -> bool:
    """Return whether a file is of the part that must import quickly."""
    name = module_name(path)
    return any(name == light or name.startswith(f"{light}.") for light in LIGHT)


@pytest.mark.parametrize("path", [path for path in FILES if is_light(path)], ids=module_name)
def test_light_modules_import_nothing_heavy(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert {full.split(".")[0] for full in imported(at_import_time(tree))} & HEAVY == set()


BLOCK = 6
"""Lines that may not occur twice."""


def lines_of_code(path: Path) -> list[str]:
    """Return a file's lines without imports, docstrings, comments, empty lines and indentation."""
    text = path.read_text(encoding="utf-8")
    left_out: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.Import | ast.ImportFrom) or is_text:
            left_out.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = [
        " ".join(line.split()) for number, line in enumerate(text.splitlines(), 1) if number not in left_out
    ]
    return [line for line in lines if line and not line.startswith("#")]


def shared_blocks(files: Sequence[Path], package: Path = PACKAGE) -> dict[str, set[str]]:
    """Return the blocks of BLOCK lines that occur more than once, each with its modules."""
    places: dict[str, list[str]] = defaultdict(list)
    for path in files:
        lines = lines_of_code(path)
        for start in range(len(lines) - BLOCK + 1):
            places["\n".join(lines[start : start + BLOCK])].append(module_name(path, package))
    return {block: set(modules) for block, modules in places.items() if len(modules) > 1}


def test_no_block_of_code_occurs_twice() -> None:
    assert shared_blocks(FILES) == {}


def test_the_rule_sees_a_block_that_occurs_twice(tmp_path: Path) -> None:
    block = "\n".join(f"    value_{number} = {number}" for number in range(BLOCK))
    (tmp_path / "one.py").write_text(f"def one():\n{block}\n", encoding="utf-8")
    (tmp_path / "two.py").write_text(
        f'"""Two."""\n\nimport os\n\nif os.name:\n    # why\n{block}\n', encoding="utf-8"
    )
    files = sorted(tmp_path.glob("*.py"))
    assert list(shared_blocks(files, tmp_path).values()) == [{"one", "two"}]
    (tmp_path / "two.py").write_text(f"def two():\n{block[:-1]}7\n", encoding="utf-8")
    assert shared_blocks(files, tmp_path) == {}


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
