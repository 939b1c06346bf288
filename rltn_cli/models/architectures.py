"""Every network that paints, by its configuration."""

from typing import TypeAlias

from rltn_cli.baseline_config import AdaINConfig, Baseline, DRITConfig, MUNITConfig, SCFTConfig
from rltn_cli.model_config import ModelConfig
from rltn_cli.models.baselines.adain import AdaIN
from rltn_cli.models.baselines.baseline import BaselineNetwork
from rltn_cli.models.baselines.drit import DRIT
from rltn_cli.models.baselines.munit import MUNIT
from rltn_cli.models.baselines.scft import SCFT
from rltn_cli.models.rltn import RLTN

PaintingNetwork: TypeAlias = RLTN | BaselineNetwork
"""A network that paints sketches by references."""


def build_network(config: ModelConfig | Baseline) -> PaintingNetwork:
    """Return the network of a configuration, with fresh weights; AdaIN's encoder still needs VGG16's."""
    match config:
        case AdaINConfig():
            return AdaIN(config)
        case MUNITConfig():
            return MUNIT(config)
        case DRITConfig():
            return DRIT(config)
        case SCFTConfig():
            return SCFT(config)
        case ModelConfig():
            return RLTN(config)
