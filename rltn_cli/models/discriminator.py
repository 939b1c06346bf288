"""The discriminator: PatchGAN at two scales on `concat(sketch, picture)`, with spectral norm."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from rltn_cli.models.blocks import NEGATIVE_SLOPE


def _conv(inputs: int, outputs: int, stride: int) -> nn.Module:
    return spectral_norm(nn.Conv2d(inputs, outputs, 4, stride, 2))


class PatchDiscriminator(nn.Module):
    """Scores every patch of about 70x70 pixels by four 4x4 convolutions."""

    def __init__(self, channels: int, base: int) -> None:
        super().__init__()
        widths = (base, 2 * base, 4 * base, 8 * base)
        strides = (2, 2, 2, 1)
        self.layers = nn.ModuleList(
            _conv(before, after, stride)
            for before, after, stride in zip((channels, *widths), widths, strides, strict=False)
        )
        self.score = _conv(widths[-1], 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores (B, 1, h, w) of x (B, channels, H, W)."""
        for layer in self.layers:
            x = F.leaky_relu(layer(x), NEGATIVE_SLOPE)
        score: Tensor = self.score(x)
        return score


class MultiscaleDiscriminator(nn.Module):
    """Patch discriminators at full size and at half, with weights of their own."""

    def __init__(self, base: int = 32, scales: int = 2) -> None:
        """Build the discriminator.

        Args:
            base: channels of the first layer.
            scales: number of sizes, each half the one before.
        """
        super().__init__()
        self.scales = nn.ModuleList(PatchDiscriminator(4, base) for _ in range(scales))

    def forward(self, sketch: Tensor, picture: Tensor) -> list[Tensor]:
        """Return one map of scores per scale, higher for pictures taken to be real.

        Args:
            sketch: (B, 1, H, W) in [-1, 1].
            picture: (B, 3, H, W) in [-1, 1].
        """
        x = torch.cat([sketch, picture], dim=1)
        scores = []
        for scale in self.scales:
            scores.append(scale(x))
            x = F.avg_pool2d(x, 2)
        return scores
