"""SCFT: spatially corresponding feature transfer, "Lee et al." in RLTN's tables.

Lee, Kim, Lee, Kim, Chang and Choo, "Reference-based sketch image colorization using augmented-self reference
and dense semantic correspondence", 2020: the reference [5] of RLTN. Its attention is between features at
stride 16, so that it does not tell which 4x4 pixels of the reference a place was painted from.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rltn_cli.baseline_config import SCFTConfig
from rltn_cli.models.baselines.baseline import BaselineNetwork
from rltn_cli.models.baselines.layers import ResBlock
from rltn_cli.models.blocks import ConvNorm, conv3x3, to_colors
from rltn_cli.models.painted import Painted, ReferenceTokens

STRIDE = 16
"""Of the features that are matched."""


class SCFT(BaselineNetwork):
    """Encoders of sketch and reference, attention, residual blocks, and a U-Net decoder."""

    def __init__(self, config: SCFTConfig) -> None:
        super().__init__()
        self.config = config
        features = 2 * sum(config.widths)
        self.sketch_encoder, self.reference_encoder = Encoder(1, config.widths), Encoder(3, config.widths)
        self.transfer = FeatureTransfer(features)
        self.blocks = nn.Sequential(*(ResBlock(features) for _ in range(config.blocks)))
        self.decoder = Decoder(features, config.widths)

    def tokens(self, references: Sequence[Tensor]) -> Tensor:
        """Return the features V_r, (B, M, d), of all references, one after another."""
        return torch.cat([to_tokens(gather(self.reference_encoder(r))) for r in references], dim=1)

    def colorize(self, sketch: Tensor, tokens: ReferenceTokens, labels: Tensor | None = None) -> Painted:
        """Return G(I_s, I_r)."""
        levels = self.sketch_encoder(sketch)
        own = gather(levels)
        reference = tokens.style.expand(len(sketch), -1, -1)
        mixed = self.transfer(to_tokens(own), reference)
        features = mixed.transpose(1, 2).unflatten(2, own.shape[2:])
        return Painted(self.decoder(self.blocks(features), levels))


class Encoder(nn.Module):
    """Ten convolutions, two per stride."""

    def __init__(self, channels: int, widths: Sequence[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = channels
        for number, width in enumerate(widths):
            layers += [ConvNorm(before, width, stride=1 if number == 0 else 2), ConvNorm(width, width)]
            before = width
        self.layers = nn.ModuleList(layers)

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Return f^1 to f^10, at strides 1 to 16, of a picture (B, channels, H, W)."""
        levels = []
        for layer in self.layers:
            picture = layer(picture)
            levels.append(picture)
        return levels


def gather(levels: Sequence[Tensor]) -> Tensor:
    """Return V = [phi(f^1); ...; f^L], equation (1): all levels at the last one's size, (B, d, h, w)."""
    height, width = levels[-1].shape[2:]
    return torch.cat([F.adaptive_avg_pool2d(level, (height, width)) for level in levels], dim=1)


def to_tokens(features: Tensor) -> Tensor:
    """Return features (B, d, h, w) as (B, h w, d), row by row."""
    return features.flatten(2).transpose(1, 2)


class FeatureTransfer(nn.Module):
    """The spatially corresponding feature transfer module: attention from the sketch to the reference."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query = nn.Linear(channels, channels, bias=False)
        self.key = nn.Linear(channels, channels, bias=False)
        self.value = nn.Linear(channels, channels, bias=False)

    def forward(self, sketch: Tensor, reference: Tensor) -> Tensor:
        """Return `c_i = v_i^s + sum_j softmax_j(W_q v_i^s . W_k v_j^r / sqrt(d)) W_v v_j^r`.

        Equations (2) to (4).

        Args:
            sketch: V_s, (B, N, d).
            reference: V_r, (B, M, d).

        Returns:
            (B, N, d).
        """
        logits = similarity(self.query(sketch), self.key(reference))
        found: Tensor = torch.softmax(logits.float(), dim=2).to(sketch.dtype) @ self.value(reference)
        return sketch + found


def similarity(queries: Tensor, keys: Tensor) -> Tensor:
    """Return the scaled dot products S of queries (B, N, d) and keys (B, M, d): (B, N, M)."""
    return queries @ keys.transpose(1, 2) / math.sqrt(queries.shape[2])


class Decoder(nn.Module):
    """U-Net decoder (Ronneberger et al., 2015): at every stride the sketch's features of that size join."""

    def __init__(self, features: int, widths: Sequence[int]) -> None:
        super().__init__()
        before = features
        layers: list[nn.Module] = []
        for width in reversed(widths):
            layers.append(ConvNorm(before + width, width))
            before = width
        self.layers = nn.ModuleList(layers)
        self.last = conv3x3(before, 3)

    def forward(self, features: Tensor, levels: Sequence[Tensor]) -> Tensor:
        """Return a picture (B, 3, H, W) in [-1, 1].

        Args:
            features: (B, d, H / 16, W / 16).
            levels: of the sketch's encoder.
        """
        x = features
        for layer, level in zip(self.layers, reversed(levels[1::2]), strict=True):
            if x.shape[2] != level.shape[2]:
                x = F.interpolate(x, scale_factor=2, mode="nearest")
            x = layer(torch.cat([x, level], dim=1))
        return to_colors(self.last(x))
