"""MUNIT: translation by content and style codes.

Huang, Liu, Belongie and Kautz, "Multimodal unsupervised image-to-image translation", 2018: the reference [3]
of RLTN. Domain 1 are line drawings, domain 2 colour pictures. The reference's style code paints, which the
paper calls example-guided translation.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from rltn_cli.baseline_config import MUNITConfig
from rltn_cli.models.baselines.baseline import BaselineNetwork
from rltn_cli.models.baselines.layers import (
    CodeEncoder,
    NormConv,
    ResBlock,
    ScoreNet,
    UpBlock,
    adaptive_instance_norm,
    mean_code,
    reflected_conv,
    stack_codes,
)
from rltn_cli.models.blocks import to_colors
from rltn_cli.models.painted import Painted, ReferenceTokens


class MUNIT(BaselineNetwork):
    """Two auto-encoders, one per domain: a translation decodes one's content with the other's style."""

    def __init__(self, config: MUNITConfig) -> None:
        super().__init__()
        self.config = config
        self.line, self.color = AutoEncoder(1, config), AutoEncoder(3, config)

    def tokens(self, references: Sequence[Tensor]) -> Tensor:
        """Return style codes (B, M, 8) of M references."""
        return stack_codes([self.color.encode_style(reference) for reference in references])

    def colorize(self, sketch: Tensor, tokens: ReferenceTokens, labels: Tensor | None = None) -> Painted:
        """Return `G_2(E_1^c(sketch), E_2^s(reference))`; of several references the mean code counts."""
        code = mean_code(tokens.style, len(sketch))
        return Painted(self.color.decode(self.line.encode_content(sketch), code))


class AutoEncoder(nn.Module):
    """Encoders and decoder of one domain (figure 3 of the paper)."""

    def __init__(self, channels: int, config: MUNITConfig) -> None:
        super().__init__()
        width, deep = config.width, 4 * config.width
        self.content_encoder = nn.Sequential(
            NormConv(channels, width, 7),
            NormConv(width, 2 * width, 4, 2),
            NormConv(2 * width, deep, 4, 2),
            *(ResBlock(deep) for _ in range(config.blocks)),
        )
        self.style_encoder = CodeEncoder(channels, width, [config.style])
        self.decoder = Decoder(channels, deep, config)

    def encode_content(self, picture: Tensor) -> Tensor:
        """Return E^c: (B, 4 width, H / 4, W / 4) of (B, channels, H, W)."""
        content: Tensor = self.content_encoder(picture)
        return content

    def encode_style(self, picture: Tensor) -> Tensor:
        """Return E^s: (B, style) of (B, channels, H, W)."""
        (style,) = self.style_encoder(picture)
        assert isinstance(style, Tensor)
        return style

    def decode(self, content: Tensor, style: Tensor) -> Tensor:
        """Return G(content, style): a picture (B, channels, H, W) in [-1, 1]."""
        picture: Tensor = self.decoder(content, style)
        return picture


class Decoder(nn.Module):
    """G: residual blocks whose AdaIN parameters an MLP makes of the style code, then upsampling."""

    def __init__(self, channels: int, deep: int, config: MUNITConfig) -> None:
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear(config.style, config.hidden), nn.ReLU(),
            nn.Linear(config.hidden, config.hidden), nn.ReLU(),
            nn.Linear(config.hidden, config.blocks * 4 * deep),
        )  # fmt: skip
        self.blocks = nn.ModuleList(AdaptiveResBlock(deep) for _ in range(config.blocks))
        self.up = nn.Sequential(UpBlock(deep, deep // 2), UpBlock(deep // 2, deep // 4))
        self.last = reflected_conv(deep // 4, channels, 7)

    def forward(self, content: Tensor, style: Tensor) -> Tensor:
        """Return a picture (B, channels, H, W) in [-1, 1]."""
        x = content
        parameters = self.mlp(style).chunk(len(self.blocks), dim=1)
        for block, own in zip(self.blocks, parameters, strict=True):
            x = block(x, own)
        return to_colors(self.last(self.up(x)))


class AdaptiveResBlock(nn.Module):
    """Residual block with AdaIN, section 5.1: `gamma (z - mu(z)) / sigma(z) + beta`."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = reflected_conv(channels, channels, 3, bias=False)
        self.second = reflected_conv(channels, channels, 3, bias=False)

    def forward(self, x: Tensor, parameters: Tensor) -> Tensor:
        """Map (B, C, H, W) to the same shape; parameters (B, 4 C) are two pairs of beta and gamma - 1."""
        beta_1, gamma_1, beta_2, gamma_2 = parameters.chunk(4, dim=1)
        y = F.relu(adaptive_instance_norm(self.first(x), beta_1, 1 + gamma_1))
        return x + adaptive_instance_norm(self.second(y), beta_2, 1 + gamma_2)


class MultiscaleScores(nn.Module):
    """A discriminator of one domain at full size, half and a quarter (Wang et al., 2018)."""

    def __init__(self, channels: int, width: int, scales: int = 3) -> None:
        super().__init__()
        self.scales = nn.ModuleList(ScoreNet(channels, width, layers=4, kernel=4) for _ in range(scales))

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Return one map of scores per scale for a picture (B, channels, H, W)."""
        scores = []
        for scale in self.scales:
            scores.append(scale(picture))
            picture = F.avg_pool2d(picture, 3, 2, 1, count_include_pad=False)
        return scores


class MUNITDiscriminator(nn.Module):
    """D_1 and D_2."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.line, self.color = MultiscaleScores(1, width), MultiscaleScores(3, width)
