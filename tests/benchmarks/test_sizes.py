"""The full match of the benchmark is one, and it ends."""

from collections.abc import Iterator
from types import ModuleType

import pytest
import torch
from support.scripts import script

from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN


@pytest.fixture
def benchmark() -> Iterator[ModuleType]:
    with script("benchmarks/sizes.py") as module:
        yield module


def test_a_full_match_is_for_its_block_alone(benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rltn_cli.models.rltn.SIDE_FULL_MATCH", 64)
    model = RLTN(PRESETS["tiny"]).eval()
    sketch, reference = torch.zeros(1, 1, 80, 80), torch.zeros(1, 3, 64, 64)
    with torch.inference_mode():
        with benchmark.full_match():
            assert model(sketch, [reference]).windows is None
        assert model(sketch, [reference]).windows is not None
