"""What the package offers by name is there, and comes only when it is asked for."""

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import rltn_cli

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", rltn_cli.__all__)
def test_every_exported_name_can_be_had(name: str) -> None:
    assert getattr(rltn_cli, name) is not None


def test_the_exported_classes_are_the_real_ones() -> None:
    from rltn_cli.engine.inference.colorizer import Colorizer
    from rltn_cli.models.rltn import RLTN

    assert rltn_cli.Colorizer is Colorizer
    assert rltn_cli.RLTN is RLTN


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Colouriser"):
        _ = rltn_cli.Colouriser


def test_importing_the_package_stays_cheap() -> None:
    code = "import sys, rltn_cli; print(sorted({'torch', 'numpy', 'cv2', 'PIL'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(("before", "after"), [(None, "passive"), ("active", "active")])
def test_waiting_threads_sleep_unless_the_user_chose(
    before: str | None, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", before or "")
    if before is None:
        monkeypatch.delenv("OMP_WAIT_POLICY")
    importlib.reload(rltn_cli)
    assert os.environ["OMP_WAIT_POLICY"] == after


@pytest.mark.parametrize(
    "path",
    [path for name in ("benchmarks", "tools", "examples") for path in sorted((ROOT / name).glob("*.py"))],
    ids=lambda path: path.name,
)
def test_programs_import_the_package_before_torch(path: Path) -> None:
    names = [
        alias.name if isinstance(node, ast.Import) else str(node.module)
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    ]
    packages = [name.split(".")[0] for name in names]
    if "torch" in packages:
        assert packages.index("rltn_cli") < packages.index("torch")
