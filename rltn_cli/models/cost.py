"""What a network costs: parameters and floating-point operations."""

from dataclasses import dataclass, replace

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from rltn_cli.baseline_config import Baseline
from rltn_cli.model_config import ModelConfig
from rltn_cli.models.architectures import build_network
from rltn_cli.models.hed import HED, HEDConfig
from rltn_cli.models.region_match import RegionMatch
from rltn_cli.models.region_slots import REGIONS, VOTERS, Regions
from rltn_cli.sizes import PALETTE_LARGEST, PATCH


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
    cost = _count(model, sketch, [reference], *([labels] if config.region_pooling else []))
    if not isinstance(config, ModelConfig) or not config.region_match:
        return cost
    return replace(cost, flop=cost.flop + _count_region_match(config, (size // PATCH) ** 2))


def _count_region_match(config: ModelConfig, tokens: int) -> int:
    """Count what matching as many regions and colours as possible adds, with so many tokens a side."""
    with torch.device("meta"):
        match = RegionMatch(config.correspondence_width, config.encoder_widths[-1], config.region_match)
        width = match.embed_regions.in_features
        regions = Regions(
            torch.empty(1, REGIONS, width),
            torch.empty(1, 2, REGIONS, PALETTE_LARGEST),
            torch.empty(1, REGIONS, REGIONS),
            torch.empty(1, REGIONS, dtype=torch.bool),
        )
        added = _count(match, regions, torch.empty(1, PALETTE_LARGEST, match.embed_colors.in_features)).flop
    multiplied = (
        REGIONS * VOTERS * tokens * (config.correspondence_width + PALETTE_LARGEST)
    )  # what they vote for
    return added + 2 * (multiplied + tokens**2 * PALETTE_LARGEST)  # the favoured colours are matched, too


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
