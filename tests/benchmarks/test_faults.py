"""The trials of what goes wrong: their parts, and a few of each."""

import random
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from support.scripts import script


@pytest.fixture
def faults() -> Iterator[ModuleType]:
    with script("benchmarks/faults.py") as module:
        yield module


def test_ways_to_end_are_told_apart(faults: ModuleType) -> None:
    assert faults.find_fault(0, "", (0, 1)) is None
    assert faults.find_fault(1, "rltn: no\n", (0, 1)) is None
    assert "a traceback: ValueError: x" in faults.find_fault(1, "Traceback\nValueError: x\n", (0, 1))
    assert "exit code 3" in faults.find_fault(3, "rltn: no\n", (0, 1))
    assert "without a word" in faults.find_fault(1, "", (0, 1))


def test_half_files_are_found(faults: ModuleType, tmp_path: Path) -> None:
    desk = faults.draw_desk(tmp_path)
    assert faults.find_half_files(tmp_path) == []
    picture = Path(desk.path("ref.png"))
    picture.write_bytes(picture.read_bytes()[:-200])
    (tmp_path / "a.json").write_text("{")
    (tmp_path / ".x.png.1234.tmp").touch()
    found = faults.find_half_files(tmp_path)
    assert [one.split(":")[0] for one in found] == [".x.png.1234.tmp", "a.json", "ref.png"]


def test_mutations_change_the_data(faults: ModuleType) -> None:
    data = bytes(range(1, 200))
    with script("benchmarks/fault_mutations.py") as module:
        mutated = [module.mutate(data, random.Random(seed)) for seed in range(200)]
    assert sum(one != data for one in mutated) > 190
    assert len({len(one) for one in mutated}) > 20


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "count"), [("mutations", "40"), ("interruptions", "10"), ("kills", "3"), ("disks", "8")]
)
def test_a_few_of_each(what: str, count: str, faults: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    faults.main([what, "--count", count, "--seed", "1"])
    assert f"{what}: {count} tried in " in capsys.readouterr().out
