"""Programs of this repository that are no part of the package, as modules."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import torch

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def script(path: str) -> Iterator[ModuleType]:
    """Yield a program such as `benchmarks/forward.py` as a module, and put back what it changes."""
    file = ROOT / path
    name, before, threads = f"script_{file.stem}", list(sys.path), torch.get_num_threads()
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec and spec.loader
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(file.parent))
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        del sys.modules[name]
        sys.path[:] = before
        torch.set_num_threads(threads)
