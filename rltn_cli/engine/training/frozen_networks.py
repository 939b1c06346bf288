"""The frozen networks of a training run: each is loaded only if a loss term needs it."""

from pathlib import Path

from rltn_cli.engine.checkpoints.trunks import load_vgg
from rltn_cli.engine.evaluation.lpips import Lpips, load_lpips
from rltn_cli.models.frozen import VGG
from rltn_cli.training_config import TrainConfig


def make_trunk(config: TrainConfig) -> VGG | None:
    """Return the frozen network of the perceptual terms; None where no such term has a weight.

    Raises:
        ModelError: it cannot be had; says how to get it.
    """
    if not config.losses.perceptual:
        return None
    return load_vgg(config.losses.trunk, _frozen_folder(config))


def make_lpips(config: TrainConfig, *, offline: bool = False) -> Lpips | None:
    """Return the network of the term lpips; None where it has no weight.

    Raises:
        UsageError: its package is not installed.
        ModelError: its weights cannot be had; says how to get them.
    """
    if not config.losses.lpips:
        return None
    return load_lpips(_frozen_folder(config), offline=offline)


def _frozen_folder(config: TrainConfig) -> Path | None:
    return Path(config.frozen) if config.frozen else None
