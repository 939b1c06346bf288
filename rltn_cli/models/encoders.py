"""The content and the style encoder: one shape, separate weights (RLTN, section 2.1)."""

import itertools

import torch.nn.functional as F
from torch import Tensor, nn

from rltn_cli.models.blocks import ConvNorm, SPADEResBlock
from rltn_cli.models.context import ContextLayer

STRIDES = (4, 8, 16)
"""Strides of the levels that an encoder returns."""


class Encoder(nn.Module):
    """Convolutions with instance norm down to stride 16, and SPADE residual blocks [1] at three levels.

    The residual blocks are modulated by the picture itself, as the adapters of CoCosNet [6] are.
    """

    def __init__(self, channels: int, widths: tuple[int, ...], hidden: int, context_layers: int) -> None:
        """Build an encoder.

        Args:
            channels: of the picture, 1 for a sketch, 3 for a reference.
            widths: channels at strides 1, 2, 4, 8 and 16.
            hidden: channels inside the SPADE modulation.
            context_layers: number of Transformer layers at stride 16.
        """
        super().__init__()
        self.stem = nn.Sequential(
            ConvNorm(channels, widths[0]),
            ConvNorm(widths[0], widths[1], stride=2),
        )
        self.downs = nn.ModuleList(
            ConvNorm(before, after, stride=2) for before, after in itertools.pairwise(widths[1:])
        )
        self.blocks = nn.ModuleList(SPADEResBlock(w, w, channels, hidden) for w in widths[2:])
        self.context = nn.Sequential(*(ContextLayer(widths[-1]) for _ in range(context_layers)))

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Return the features of a picture at strides 4, 8 and 16.

        Args:
            picture: (B, channels, H, W) in [-1, 1]; H and W multiples of 16.
        """
        x = self.stem(picture)
        levels = []
        for stride, down, block in zip(STRIDES, self.downs, self.blocks, strict=True):
            x = block(down(x), F.avg_pool2d(picture, stride))
            levels.append(x)
        levels[-1] = self.context(levels[-1])
        return levels


class ContentEncoder(Encoder):
    """Reads the sketch, (B, 1, H, W)."""

    def __init__(self, widths: tuple[int, ...], hidden: int, context_layers: int = 0) -> None:
        super().__init__(1, widths, hidden, context_layers)


class StyleEncoder(Encoder):
    """Reads the reference, (B, 3, H, W)."""

    def __init__(self, widths: tuple[int, ...], hidden: int, context_layers: int = 0) -> None:
        super().__init__(3, widths, hidden, context_layers)
