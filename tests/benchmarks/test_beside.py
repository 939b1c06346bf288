"""The benchmark asks for what the command line knows, and ends its busy loops."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from support.scripts import script

from rltn_cli.cli import run


@pytest.fixture
def benchmark() -> Iterator[ModuleType]:
    with script("benchmarks/beside.py") as module:
        yield module


@pytest.mark.parametrize("name", ["colorize", "batch", "extract-lines", "train"])
def test_every_command_is_one_of_rltn(name: str, benchmark: ModuleType, tmp_path: Path) -> None:
    benchmark.draw(tmp_path)
    assert run([*benchmark.commands(tmp_path)[name], "--device", "cpu", "--dry-run", "--quiet"]) == 0


def test_all_cases_of_a_command_are_compared(benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, str]] = []

    def measure(_: list[str], settings: dict[str, str]) -> tuple[float, float]:
        seen.append(settings)
        return len(seen), 1.0

    monkeypatch.setattr(benchmark, "measure", measure)
    assert [wall for wall, _ in benchmark.compare([], runs=3, loops=0)] == [5, 6, 7, 8]
    assert seen == [benchmark.SPINNING, {}] * 6


def test_busy_loops_end(benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    begin = benchmark.subprocess.Popen
    monkeypatch.setattr(
        benchmark.subprocess, "Popen", lambda command: started.append(begin(command)) or started[-1]
    )
    with benchmark.busy(2):
        assert [process.poll() for process in started] == [None, None]
    assert all(process.poll() is not None for process in started)
