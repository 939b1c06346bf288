"""Counting parameters and operations; the budgets of the presets."""

import dataclasses

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from rltn_cli.model_config import PRESETS
from rltn_cli.models import cost
from rltn_cli.models.cost import measure_cost
from rltn_cli.models.rltn import RLTN


def test_attention_and_convolution_are_counted_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network of one convolution and one fused attention costs what arithmetic says."""

    class Small(nn.Module):
        def __init__(self, config: object) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 8, 3, padding=1)

        def forward(self, sketch: torch.Tensor, references: list[torch.Tensor]) -> torch.Tensor:
            tokens = self.conv(sketch).flatten(2).transpose(1, 2).unsqueeze(1)
            return nn.functional.scaled_dot_product_attention(tokens, tokens, tokens)

    monkeypatch.setattr(cost, "build_network", Small)
    positions = 64 * 64
    counted = measure_cost(PRESETS["tiny"], size=64)
    assert counted.parameters == 8 * 9 + 8
    assert counted.flop == 2 * positions * 8 * 9 + 2 * (2 * positions * positions * 8)


def test_parameters_are_those_of_the_real_network() -> None:
    real = sum(value.numel() for value in RLTN(PRESETS["tiny"]).parameters())
    assert measure_cost(PRESETS["tiny"], size=64).parameters == real


def test_shapes_alone_are_enough_and_attention_is_not_forgotten() -> None:
    """Counted while it really runs, the network shows the same operations but for the fused attention."""
    model, size = RLTN(PRESETS["tiny"]), 64
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH), counter:
        model(torch.zeros(1, 1, size, size), [torch.zeros(1, 3, size, size)])
    assert measure_cost(PRESETS["tiny"], size=size).flop == counter.get_total_flops()


def test_a_wider_correspondence_costs_more() -> None:
    config = dataclasses.replace(PRESETS["tiny"], correspondence_width=128)
    assert measure_cost(config, size=64).flop > measure_cost(PRESETS["tiny"], size=64).flop


@pytest.mark.parametrize(
    ("preset", "parameters", "gflop"),
    [("tiny", 0.2e6, 20), ("small", 8e6, 20), ("base", 25e6, 1000)],
)
def test_the_presets_keep_their_budgets(preset: str, parameters: float, gflop: float) -> None:
    counted = measure_cost(PRESETS[preset], size=256)
    assert counted.parameters <= parameters
    assert counted.flop <= gflop * 1e9
