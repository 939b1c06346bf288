"""DRIT: translation via disentangled representations, with the paper's notation.

Lee, Tseng, Huang, Singh and Yang, "Diverse image-to-image translation via disentangled representations",
2018, and Lee et al., "DRIT++", 2020: the references [20] and [4] of RLTN. Domain X are line drawings, domain
Y colour pictures. The reference's attribute code paints. DRIT++'s mode seeking term is left out: it varies
the results of one reference.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from rltn_cli.baseline_config import DRITConfig
from rltn_cli.models.baselines.baseline import BaselineNetwork
from rltn_cli.models.baselines.layers import (
    CodeEncoder,
    NormConv,
    ResBlock,
    ScoreNet,
    UpBlock,
    mean_code,
    reflected_conv,
    stack_codes,
)
from rltn_cli.models.blocks import Conv1x1, to_colors
from rltn_cli.models.normalisation import instance_norm
from rltn_cli.models.painted import Painted, ReferenceTokens


class DRIT(BaselineNetwork):
    """Two domains with encoders and generators; the last block of E^c and the first of G are shared."""

    def __init__(self, config: DRITConfig) -> None:
        super().__init__()
        self.config = config
        self.content_width = deep = 4 * config.width
        """Channels of contents."""
        self.line, self.color = Domain(1, config), Domain(3, config)
        self.shared_content, self.shared_generator = ResBlock(deep), CodeResBlock(deep)

    def tokens(self, references: Sequence[Tensor]) -> Tensor:
        """Return attribute codes (B, M, 8) of M references: the means of their distributions."""
        return stack_codes([self.color.encode_attribute(reference)[0] for reference in references])

    def colorize(self, sketch: Tensor, tokens: ReferenceTokens, labels: Tensor | None = None) -> Painted:
        """Return `G_Y(E_X^c(sketch), E_Y^a(reference))`; of several references the mean code counts."""
        code = mean_code(tokens.style, len(sketch))
        return Painted(self.generate(self.color, self.encode_content(self.line, sketch), code))

    def encode_content(self, domain: "Domain", picture: Tensor) -> Tensor:
        """Return E^c of a domain: (B, 4 width, H / 4, W / 4) of (B, channels, H, W)."""
        content: Tensor = self.shared_content(domain.content_encoder(picture))
        return content

    def generate(self, domain: "Domain", content: Tensor, attribute: Tensor) -> Tensor:
        """Return G(content, attribute) of a domain: a picture (B, channels, H, W) in [-1, 1]."""
        first, *others = domain.codes(attribute)
        picture: Tensor = domain.generator(self.shared_generator(content, first), others)
        return picture


class Domain(nn.Module):
    """Content encoder E^c, attribute encoder E^a and generator G of one domain, without the shared blocks."""

    def __init__(self, channels: int, config: DRITConfig) -> None:
        """Build them for pictures of so many channels."""
        super().__init__()
        width, deep = config.width, 4 * config.width
        self.content_encoder = nn.Sequential(
            NormConv(channels, width, 7),
            NormConv(width, 2 * width, 3, 2),
            NormConv(2 * width, deep, 3, 2),
            *(ResBlock(deep) for _ in range(config.blocks)),
        )
        self.attribute_encoder = CodeEncoder(channels, width, [config.attribute, config.attribute])
        self.generator = Generator(channels, deep, config.blocks)
        self.mlp = nn.Sequential(
            nn.Linear(config.attribute, config.hidden), nn.ReLU(),
            nn.Linear(config.hidden, config.hidden), nn.ReLU(),
            nn.Linear(config.hidden, (1 + config.blocks) * deep),
        )  # fmt: skip

    def encode_attribute(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Return E^a: mean and log-variance, each (B, attribute), of (B, channels, H, W)."""
        mean, log_variance = self.attribute_encoder(picture)
        return mean, log_variance

    def codes(self, attribute: Tensor) -> list[Tensor]:
        """Return the codes (B, 4 width) of G's shared block and of the domain's own, for an attribute."""
        return list(self.mlp(attribute).chunk(1 + len(self.generator.blocks), dim=1))


class Generator(nn.Module):
    """A domain's own part of G: blocks with a code each, then upsampling."""

    def __init__(self, channels: int, deep: int, blocks: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(CodeResBlock(deep) for _ in range(blocks))
        self.up = nn.Sequential(UpBlock(deep, deep // 2), UpBlock(deep // 2, deep // 4))
        self.last = reflected_conv(deep // 4, channels, 1)

    def forward(self, x: Tensor, codes: Sequence[Tensor]) -> Tensor:
        """Return a picture (B, channels, H, W) in [-1, 1] of features (B, deep, H / 4, W / 4)."""
        for block, code in zip(self.blocks, codes, strict=True):
            x = block(x, code)
        return to_colors(self.last(self.up(x)))


class CodeResBlock(nn.Module):
    """Residual block in which 1x1 convolutions mix the code into every place, after each instance norm.

    It is mixed in after the norms, since these would remove what is the same at every place.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(reflected_conv(channels, channels, 3, bias=False) for _ in range(2))
        self.mixes = nn.ModuleList(
            nn.Sequential(Conv1x1(2 * channels, channels), nn.ReLU(), Conv1x1(channels, channels), nn.ReLU())
            for _ in range(2)
        )

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """Map (B, C, H, W) to the same shape by a code (B, C)."""
        planes = code[..., None, None].expand(-1, -1, *x.shape[2:])
        y = x
        for conv, mix in zip(self.convs, self.mixes, strict=True):
            y = mix(torch.cat([instance_norm(conv(y)), planes], dim=1))
        return x + y


class ContentDiscriminator(nn.Module):
    """D^c: tells which domain a content (B, channels, h, w) is of.

    The published kernels of 7 need contents of 64x64; these of 3 also take those of pictures of 64x64.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(
                layer
                for _ in range(3)
                for layer in (
                    nn.Conv2d(channels, channels, 3, 2, 1),
                    nn.GroupNorm(1, channels),
                    nn.LeakyReLU(),
                )
            )
        )
        self.score = nn.Linear(channels, 1)

    def forward(self, content: Tensor) -> Tensor:
        """Return a score (B, 1), higher for line drawings."""
        features = self.layers(content).mean(dim=(2, 3))
        score: Tensor = self.score(features)
        return score


class DRITDiscriminator(nn.Module):
    """The domains' discriminators D_X and D_Y, and D^c."""

    def __init__(self, width: int, content: int) -> None:
        """Build them: channels of the first layer of D_X and D_Y, and channels of contents."""
        super().__init__()
        self.line = ScoreNet(1, width, layers=6, kernel=3)
        self.color = ScoreNet(3, width, layers=6, kernel=3)
        self.content = ContentDiscriminator(content)


def sample_attribute(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """Return `mean + exp(log_variance / 2) noise` (Kingma and Welling, 2014); all (B, attribute)."""
    return mean + (log_variance / 2).exp() * noise
