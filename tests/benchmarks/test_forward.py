"""The benchmark runs, and compares two ways to the same result."""

import sys
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
import torch
from support.rounding import assert_nearly
from support.scripts import script

from rltn_cli.models.correspondence import warp


@pytest.fixture
def benchmark() -> Iterator[ModuleType]:
    with script("benchmarks/forward.py") as module:
        yield module


@pytest.mark.usefixtures("in_float64")
def test_the_materialised_warp_is_the_networks_warp(benchmark: ModuleType) -> None:
    torch.manual_seed(0)
    queries, keys = (torch.nn.functional.normalize(torch.randn(2, 30, 16), dim=2) for _ in range(2))
    patches = torch.rand(2, 30, 48)
    result = benchmark.materialised_warp(queries, keys, patches, 0.05)
    assert_nearly(result, warp(queries, keys, patches, 0.05))


def test_it_prints_a_row_for_every_case(
    benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def here(function: Callable[..., object], *arguments: object) -> object:
        return function(*arguments)

    monkeypatch.setattr(benchmark, "alone", here)
    arguments = ["forward.py", "--presets", "tiny", "--sizes", "64", "96", "--repeat", "1", "--threads", "1"]
    monkeypatch.setattr(sys, "argv", arguments)
    benchmark.main()
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert [row.split("|")[1:3] for row in rows[1:3]] == [[" tiny ", " 64 "], [" tiny ", " 96 "]]
    assert [row.split("|")[2] for row in rows[4:]] == [" 256 ", " 576 "]
    assert all(float(row.split("|")[3]) >= 0 for row in rows[1:3] + rows[4:])


def test_a_network_that_pools_regions_is_measured_too(benchmark: ModuleType) -> None:
    cost = benchmark.forward_cost("small", 64, benchmark.Settings(device="cpu", threads=1, repeat=1))
    assert cost.seconds > 0
