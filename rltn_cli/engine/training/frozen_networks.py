"""The frozen networks that loss terms look through; each is there only if a term needs it."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from rltn_cli.engine.checkpoints.trunks import load_vgg
from rltn_cli.engine.evaluation.lpips import Lpips, load_lpips
from rltn_cli.errors import TrainingError
from rltn_cli.models.frozen import VGG
from rltn_cli.training_config import LossConfig, TrainConfig


@dataclass(frozen=True, slots=True)
class FrozenNetworks:
    """Networks without gradients of their own."""

    vgg: VGG | None = None
    """For fm, perc, ctx and scl."""
    lpips: Lpips | None = None
    """For the term of that name."""

    @property
    def modules(self) -> list[nn.Module]:
        """The networks that are there."""
        lpips = [] if self.lpips is None else [self.lpips.network]
        return [*([] if self.vgg is None else [self.vgg]), *lpips]

    def check(self, losses: LossConfig) -> None:
        """Check that every term has the network that it looks through.

        Raises:
            TrainingError: a network is missing.
        """
        if self.vgg is None and losses.perceptual:
            raise TrainingError("fm, perc, ctx and scl need the frozen network VGG, or weights of 0")
        if self.lpips is None and losses.lpips:
            raise TrainingError("lpips needs its frozen network, or a weight of 0")

    def move_to(self, device: torch.device) -> None:
        """Move the networks to a device, VGG in the memory format of the pictures."""
        if self.vgg is not None:
            self.vgg.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        if self.lpips is not None:
            self.lpips.network.to(device)


def load_frozen_networks(config: TrainConfig, *, offline: bool = False) -> FrozenNetworks:
    """Load the frozen networks that the loss terms of a run need.

    Raises:
        UsageError: the package of LPIPS is not installed.
        ModelError: weights are unavailable; the message says how to get them.
    """
    folder = Path(config.frozen) if config.frozen else None
    lpips = config.losses.lpips and config.architecture == "rltn"
    return FrozenNetworks(
        vgg=load_vgg(config.losses.trunk, folder) if config.perceptual else None,
        lpips=load_lpips(folder, offline=offline) if lpips else None,
    )
