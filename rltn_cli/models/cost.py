"""What a network costs: parameters and floating-point operations."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from rltn_cli.baseline_config import Baseline
from rltn_cli.model_config import ModelConfig
from rltn_cli.models.architectures import build_network
from rltn_cli.models.hed import HED, HEDConfig
from rltn_cli.sizes import PATCH


@dataclass(frozen=True, slots=True)
class NetworkCost:
    """Cost of one forward pass with one reference of the sketch's size."""

    parameters: int
    flop: int
    """Floating-point operations of convolutions and matrix products; a multiply-add counts as two."""


def measure_cost(config: ModelConfig | Baseline, *, size: int = 256) -> NetworkCost:
    """Count a network's parameters and operations by shapes alone; nothing is computed.

    Args:
        config: sizes of the network.
        size: height and width of sketch and reference in pixels, a multiple of 16, at least 64.

    Raises:
        ValueError: a size that the network does not accept.
    """
    with torch.device("meta"):
        model = build_network(config).to("meta")
        sketch, reference = torch.empty(1, 1, size, size), torch.empty(1, 3, size, size)
        labels = torch.empty(1, size // PATCH, size // PATCH, dtype=torch.int64)
    return _count(model, sketch, [reference], *([labels] if config.region_pooling else []))


def measure_line_cost(config: HEDConfig, *, size: int = 256) -> NetworkCost:
    """Count like `measure_cost` for a network that draws lines, including its margin around the picture."""
    with torch.device("meta"):
        return _count(HED(config), torch.empty(1, 3, size, size))


def _count(model: nn.Module, *inputs: object) -> NetworkCost:
    """Count the parameters and operations of one call."""
    counter = FlopCounterMode(display=False)
    # The counter does not know fused attention on a CPU; plain matrix products are counted on every device.
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
        model(*inputs)
    return NetworkCost(
        parameters=sum(value.numel() for value in model.parameters()), flop=counter.get_total_flops()
    )
