"""What the benchmark takes for a finished batch is one."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from support.scripts import script


@pytest.fixture
def benchmark() -> Iterator[ModuleType]:
    with script("benchmarks/resume.py") as module:
        yield module


def test_one_finished_sketch_becomes_several(benchmark: ModuleType, tmp_path: Path) -> None:
    for folder in ("sketches", "out"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "0000.png").write_bytes(folder.encode())
    manifest = tmp_path / "out" / "manifest.jsonl"
    manifest.write_text('{"output": "0000.png", "sketch": "x", "status": "done"}\n')
    benchmark.multiply(tmp_path, 3)
    names = ["0000.png", "0001.png", "0002.png"]
    entries = [json.loads(line) for line in manifest.read_text().splitlines()]
    assert [entry["output"] for entry in entries] == names
    assert all(entry["status"] == "done" for entry in entries)
    for folder in ("sketches", "out"):
        assert [path.read_bytes() for path in sorted((tmp_path / folder).glob("*.png"))] == [
            folder.encode()
        ] * 3
