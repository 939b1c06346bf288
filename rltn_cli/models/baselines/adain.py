"""AdaIN: style transfer by adaptive instance normalisation.

Huang and Belongie, "Arbitrary style transfer in real-time with adaptive instance normalization", 2017: the
reference [19] of RLTN. The equations' numbers are that paper's. The paper encodes by VGG19; here it is
VGG16, whose layers up to relu4_1 differ from VGG19's by one convolution less before relu4_1.
"""

import itertools
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rltn_cli.baseline_config import AdaINConfig
from rltn_cli.models.baselines.baseline import BaselineNetwork
from rltn_cli.models.baselines.layers import (
    adaptive_instance_norm,
    channel_statistics,
    mean_code,
    reflected_conv,
    stack_codes,
)
from rltn_cli.models.frozen import VGG
from rltn_cli.models.painted import Painted, ReferenceTokens

CONTENT_LAYER = "relu4_1"
"""Where features are normalised, and compared in the content loss."""
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
"""Layers whose statistics the style loss compares, equation (13)."""
_DEEPEST = 512
"""Channels of relu4_1."""


class AdaIN(BaselineNetwork):
    """Frozen VGG16 up to relu4_1, adaptive instance normalisation, and a decoder that mirrors the encoder."""

    def __init__(self, config: AdaINConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = VGG("vgg16", last=CONTENT_LAYER)
        """Frozen; part of the model's weights, so that the model works alone."""
        self.decoder = Decoder(config.widths)

    def tokens(self, references: Sequence[Tensor]) -> Tensor:
        """Return mean and standard deviation of relu4_1's channels, (B, M, 1024), of M references."""
        return stack_codes([torch.cat(channel_statistics(self.features(r)), dim=1) for r in references])

    def features(self, picture: Tensor) -> Tensor:
        """Return f(picture), relu4_1 (B, 512, H / 8, W / 8), of (B, 3, H, W) in [-1, 1]."""
        found: Tensor = self.encoder(picture, [CONTENT_LAYER])[CONTENT_LAYER]
        return found

    def colorize(self, sketch: Tensor, tokens: ReferenceTokens, labels: Tensor | None = None) -> Painted:
        """Return g(t), equation (10); of several references their mean statistics count."""
        return Painted(self.decoder(self.target_features(sketch, tokens)))

    def target_features(self, sketch: Tensor, tokens: ReferenceTokens) -> Tensor:
        """Return t = AdaIN(f(c), f(s)), equation (9): (B, 512, H / 8, W / 8)."""
        content = self.features(sketch.expand(-1, 3, -1, -1))
        mean, std = mean_code(tokens.style, len(sketch)).chunk(2, dim=1)
        return adaptive_instance_norm(content, mean, std)


class Decoder(nn.Module):
    """g: VGG16's convolutions in reverse, with upsampling for pooling, reflected borders and no norms."""

    def __init__(self, widths: Sequence[int]) -> None:
        """Build it with channels at strides 4, 2 and 1; the published ones are 256, 128 and 64."""
        super().__init__()
        first, second, third = widths
        self.at_8 = reflected_conv(_DEEPEST, first, 3)
        self.at_4 = _convs(first, first, first, second)
        self.at_2 = _convs(second, second, third)
        self.at_1 = _convs(third, third)
        self.last = reflected_conv(third, 3, 3)

    def forward(self, features: Tensor) -> Tensor:
        """Return a picture (B, 3, H, W), about in [-1, 1], of features (B, 512, H / 8, W / 8)."""
        x = F.relu(self.at_8(features))
        for stage in (self.at_4, self.at_2, self.at_1):
            x = stage(F.interpolate(x, scale_factor=2, mode="nearest"))
        picture: Tensor = self.last(x)
        return picture


def _convs(*widths: int) -> nn.Sequential:
    """Return 3x3 convolutions from each width to the next, each with a ReLU."""
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(widths):
        layers += [reflected_conv(before, after, 3), nn.ReLU()]
    return nn.Sequential(*layers)
