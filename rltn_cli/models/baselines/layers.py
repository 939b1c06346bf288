"""Layers that the compared networks share: padded convolutions, statistics, residual blocks."""

import itertools
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rltn_cli.models.blocks import NEGATIVE_SLOPE
from rltn_cli.models.normalisation import instance_norm

EPSILON = 1e-5
"""Added to variances."""


def reflected_conv(
    inputs: int, outputs: int, kernel: int, stride: int = 1, *, bias: bool = True
) -> nn.Conv2d:
    """Return a convolution with reflected borders that keeps the size, or divides it by the stride.

    Before an instance norm a bias would have no effect: pass `bias=False`.
    """
    padding = (kernel - stride + 1) // 2
    return nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=bias, padding_mode="reflect")


def channel_statistics(features: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean and the standard deviation of every channel, each (B, C), of features (B, C, H, W).

    Equations (5) and (6) of AdaIN: over the places of each sample, computed in float32.
    """
    values = features.float()
    mean = values.mean(dim=(2, 3))
    variance = (values - mean[..., None, None]).square().mean(dim=(2, 3))
    return mean, (variance + EPSILON).sqrt()


def adaptive_instance_norm(content: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """Return content (B, C, H, W) with the given statistics: equation (8) of AdaIN.

    `AdaIN(x, y) = sigma(y) (x - mu(x)) / sigma(x) + mu(y)`.

    Args:
        content: x.
        mean: mu(y), (B, C).
        std: sigma(y), (B, C).
    """
    normed = instance_norm(content, EPSILON)
    return normed * std[..., None, None].to(normed.dtype) + mean[..., None, None].to(normed.dtype)


class NormConv(nn.Module):
    """Reflected convolution, instance norm, ReLU: the downsampling of MUNIT and DRIT."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = reflected_conv(inputs, outputs, kernel, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        return F.relu(instance_norm(self.conv(x)))


class ResBlock(nn.Module):
    """Residual block: two 3x3 convolutions with instance norm (He et al., 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = NormConv(channels, channels, 3)
        self.second = reflected_conv(channels, channels, 3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to the same shape."""
        return x + instance_norm(self.second(self.first(x)))


class UpBlock(nn.Module):
    """Nearest-neighbour upsampling, 5x5 convolution, layer norm, ReLU: the upsampling of MUNIT."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = reflected_conv(inputs, outputs, 5)
        self.norm = nn.GroupNorm(1, outputs)  # one group: over channels and places of each sample

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, inputs, H, W) to (B, outputs, 2 H, 2 W)."""
        return F.relu(self.norm(self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))))


class CodeEncoder(nn.Module):
    """From a picture to a code of a few numbers: convolutions without norm, and a mean over the places.

    Norms would remove the mean and variance that make up much of a style (MUNIT, section 5.1).
    """

    def __init__(self, channels: int, width: int, outputs: Sequence[int]) -> None:
        """Build an encoder.

        Args:
            channels: of the picture.
            width: of the first convolution.
            outputs: numbers of each code; DRIT has two, a mean and a log-variance.
        """
        super().__init__()
        widths = (width, 2 * width, 4 * width, 4 * width, 4 * width)
        layers: list[nn.Module] = [reflected_conv(channels, widths[0], 7), nn.ReLU()]
        for before, after in itertools.pairwise(widths):
            layers += [reflected_conv(before, after, 4, 2), nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        self.heads = nn.ModuleList(nn.Linear(widths[-1], size) for size in outputs)

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Return the codes, each (B, size), of a picture (B, channels, H, W)."""
        features = self.layers(picture).mean(dim=(2, 3))
        return [head(features) for head in self.heads]


class ScoreNet(nn.Module):
    """Strided convolutions with leaky ReLU, and a 1x1 convolution that scores every place."""

    def __init__(self, channels: int, width: int, *, layers: int, kernel: int) -> None:
        super().__init__()
        convs: list[nn.Module] = []
        before = channels
        for number in range(layers):
            after = width * min(2**number, 8)
            convs += [nn.Conv2d(before, after, kernel, 2, 1), nn.LeakyReLU(NEGATIVE_SLOPE)]
            before = after
        self.layers = nn.Sequential(*convs, nn.Conv2d(before, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return scores (B, 1, h, w) of x (B, channels, H, W)."""
        scores: Tensor = self.layers(x)
        return scores


def mean_code(tokens: Tensor, count: int) -> Tensor:
    """Return the mean over the references, (B, d), of codes (1 or B, M, d) for `count` sketches."""
    return tokens.mean(dim=1).expand(count, -1)


def stack_codes(codes: Sequence[Tensor]) -> Tensor:
    """Return codes, one (B, d) per reference, as tokens (B, M, d)."""
    return torch.stack(list(codes), dim=1)
