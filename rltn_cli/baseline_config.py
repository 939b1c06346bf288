"""The sizes of the networks that RLTN is compared with: a frozen dataclass per architecture, and presets."""

import dataclasses
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from rltn_cli.choices import Architecture, Preset
from rltn_cli.errors import ConfigError


@dataclass(frozen=True, slots=True)
class BaselineConfig:
    """What all of them share: a check of their sizes, and what they cannot do."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, str):
                continue
            for number in value if isinstance(value, tuple) else (value,):
                if not 1 <= number <= 4096:
                    raise ConfigError(f"{field.name} must be from 1 to 4096, not {number}")

    @property
    def correspondence(self) -> bool:
        """Whether the network tells where in the reference a place found its colours."""
        return False

    @property
    def region_pooling(self) -> bool:
        """Whether the network looks at regions between lines."""
        return False


@dataclass(frozen=True, slots=True)
class AdaINConfig(BaselineConfig):
    """Sizes of AdaIN (Huang and Belongie, 2017); the encoder is VGG16 up to relu4_1."""

    network: Literal["adain"] = "adain"
    widths: tuple[int, int, int] = (128, 64, 32)
    """Channels of the decoder at strides 4, 2 and 1."""


@dataclass(frozen=True, slots=True)
class MUNITConfig(BaselineConfig):
    """Sizes of MUNIT (Huang et al., 2018)."""

    network: Literal["munit"] = "munit"
    width: int = 22
    """Channels of the first convolution; four times as many at stride 4."""
    blocks: int = 4
    """Residual blocks of the content encoder, and of the decoder."""
    style: int = 8
    """Numbers of a style code."""
    hidden: int = 256
    """Channels of the MLP between style code and decoder."""


@dataclass(frozen=True, slots=True)
class DRITConfig(BaselineConfig):
    """Sizes of DRIT (Lee et al., 2018; 2020)."""

    network: Literal["drit"] = "drit"
    width: int = 22
    """Channels of the first convolution; four times as many at stride 4."""
    blocks: int = 3
    """Residual blocks of each domain's own content encoder; one more is shared."""
    attribute: int = 8
    """Numbers of an attribute code."""
    hidden: int = 256
    """Channels of the MLP between attribute code and generator."""


@dataclass(frozen=True, slots=True)
class SCFTConfig(BaselineConfig):
    """Sizes of SCFT (Lee et al., 2020)."""

    network: Literal["scft"] = "scft"
    widths: tuple[int, int, int, int, int] = (16, 24, 40, 72, 136)
    """Channels of the encoders at strides 1, 2, 4, 8 and 16, two convolutions each."""
    blocks: int = 4
    """Residual blocks between attention and decoder."""


Baseline = AdaINConfig | MUNITConfig | DRITConfig | SCFTConfig

BASELINE_CONFIGS: Mapping[str, type[Baseline]] = types.MappingProxyType(
    {"adain": AdaINConfig, "munit": MUNITConfig, "drit": DRITConfig, "scft": SCFTConfig}
)
"""The configuration of each architecture, by its name."""

BASELINE_PRESETS: Mapping[str, Mapping[str, Baseline]] = types.MappingProxyType(
    {
        "tiny": {
            "adain": AdaINConfig(widths=(12, 8, 8)),
            "munit": MUNITConfig(width=4, blocks=1, hidden=16),
            "drit": DRITConfig(width=4, blocks=1, hidden=16),
            "scft": SCFTConfig(widths=(4, 4, 8, 8, 8), blocks=1),
        },
        "small": {
            "adain": AdaINConfig(),
            "munit": MUNITConfig(),
            "drit": DRITConfig(),
            "scft": SCFTConfig(),
        },
        "paper": {
            "adain": AdaINConfig(widths=(256, 128, 64)),
            "munit": MUNITConfig(width=64),
            "drit": DRITConfig(width=64),
            "scft": SCFTConfig(widths=(16, 32, 64, 128, 256)),
        },
    }
)
"""Sizes by preset and architecture: for tests, for a CPU, and as published."""

TERM_WEIGHTS: Mapping[str, Mapping[str, float]] = types.MappingProxyType(
    {
        "adain": {"content": 1.0, "style": 10.0},
        "munit": {"adv": 1.0, "image": 10.0, "content": 1.0, "style": 1.0},
        "drit": {
            "content_adv": 1.0, "domain_adv": 1.0, "self": 10.0, "cycle": 10.0, "kl": 0.01, "latent": 10.0,
        },
        "scft": {"adv": 1.0, "rec": 30.0, "perc": 0.01, "style": 50.0, "triplet": 1.0},
    }
)  # fmt: skip
"""Weights of the loss terms, as published; `rltn_cli/engine/training/baselines/` has the terms."""


def baseline_preset(architecture: Architecture, preset: Preset) -> Baseline:
    """Return the sizes of fresh weights.

    Raises:
        ConfigError: the preset is RLTN's alone.
    """
    if preset not in BASELINE_PRESETS:
        raise ConfigError(
            f"{architecture} has the presets {', '.join(BASELINE_PRESETS)}; {preset} is RLTN's alone"
        )
    return BASELINE_PRESETS[preset][architecture]
