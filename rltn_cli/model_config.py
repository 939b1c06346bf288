"""The sizes of the network: one frozen dataclass, and the presets."""

import types
from collections.abc import Mapping
from dataclasses import dataclass

from rltn_cli.errors import ConfigError

ARCHITECTURE = 3
"""Version of the network's structure; weights of a newer one need a newer rltn."""


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Sizes of the network (RLTN, section 2).

    Widths are channels per level; both encoders share them.
    """

    encoder_widths: tuple[int, ...] = (16, 32, 48, 96, 128)
    """Channels at strides 1, 2, 4, 8 and 16; FAM sits at the last three."""
    encoder_hidden: int = 24
    """Channels inside the encoders' SPADE modulation."""
    generator_widths: tuple[int, ...] = (128, 96, 56, 24, 8)
    """Channels at strides 16, 8, 4, 2 and 1."""
    generator_hidden: int = 24
    """Largest number of channels inside the generator's SPADE modulation; never more than twice a level's
    width."""
    correspondence_width: int = 40
    """d: channels of the features that are matched at stride 4."""
    reduction: int = 8
    """r of equation (2), and of squeeze-and-excitation."""
    temperature: float = 0.01
    """tau of the correspondence's softmax."""
    aggregation: bool = True
    """Whether every level has a FAM (RLTN); otherwise the levels are only fused, as in CoCosNet."""
    region_pooling: bool = False
    """Whether content features are pooled over the regions between lines; since architecture 2."""
    context_layers: int = 0
    """Number of Transformer layers of each encoder at stride 16; since architecture 2."""
    refinement: int = 0
    """Channels of a nonlinear fusion of an encoder's levels, which is added to the linear one; 0 for none.
    Since architecture 2."""
    region_match: int = 0
    """Number of layers that match regions with the references' colours; needs `region_pooling`. Since
    architecture 3."""
    architecture: int = ARCHITECTURE

    def __post_init__(self) -> None:
        for name in ("encoder_widths", "generator_widths"):
            widths = getattr(self, name)
            if len(widths) != 5 or not all(isinstance(w, int) and 1 <= w <= 4096 for w in widths):
                raise ConfigError(f"{name} must be five whole numbers from 1 to 4096, not {widths!r}")
        for name in ("encoder_hidden", "generator_hidden", "correspondence_width", "reduction"):
            value = getattr(self, name)
            if not 1 <= value <= 4096:
                raise ConfigError(f"{name} must be from 1 to 4096, not {value}")
        if self.correspondence_width % 8:
            raise ConfigError(
                f"correspondence_width must be a multiple of 8, not {self.correspondence_width}"
            )
        if not 1e-4 <= self.temperature <= 10:
            raise ConfigError(f"temperature must be from 0.0001 to 10, not {self.temperature}")
        if self.architecture < 1:
            raise ConfigError(f"architecture must be 1 or more, not {self.architecture}")
        if self.architecture > ARCHITECTURE:
            raise ConfigError(
                f"this model has architecture {self.architecture}, this rltn knows up to {ARCHITECTURE}: "
                "update rltn"
            )
        for name in ("context_layers", "refinement", "region_match"):
            if not 0 <= getattr(self, name) <= 4096:
                raise ConfigError(f"{name} must be from 0 to 4096, not {getattr(self, name)}")
        for name in ("region_pooling", "context_layers", "refinement"):
            if getattr(self, name) and self.architecture < 2:
                raise ConfigError(f"{name} needs architecture 2 or later")
        if self.region_match and self.architecture < 3:
            raise ConfigError("region_match needs architecture 3 or later")
        if self.region_match and not self.region_pooling:
            raise ConfigError("region_match needs region_pooling: both look at the regions between lines")

    @property
    def correspondence(self) -> bool:
        """Whether the network tells where in the reference a place found its colours."""
        return True


PRESETS: Mapping[str, ModelConfig] = types.MappingProxyType(
    {
        "tiny": ModelConfig(
            encoder_widths=(4, 8, 8, 12, 16),
            encoder_hidden=8,
            generator_widths=(16, 12, 8, 8, 4),
            generator_hidden=8,
            correspondence_width=16,
            reduction=4,
        ),
        "small": ModelConfig(region_pooling=True, context_layers=4, refinement=96),
        "base": ModelConfig(
            encoder_widths=(32, 64, 96, 160, 256),
            encoder_hidden=48,
            generator_widths=(320, 224, 128, 64, 24),
            generator_hidden=64,
            correspondence_width=128,
            region_pooling=True,
        ),
        "paper": ModelConfig(
            encoder_widths=(64, 128, 256, 512, 512),
            encoder_hidden=128,
            generator_widths=(1024, 512, 256, 128, 64),
            generator_hidden=128,
            correspondence_width=256,
        ),
    }
)
