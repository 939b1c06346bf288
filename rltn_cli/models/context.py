"""Context: Transformer layers at the coarsest level of an encoder, and a fusion of levels that sees them.

They are ours, not the paper's. Criss-cross attention and convolutions tell a place what is near it and what
looks like it; which part of which figure it belongs to takes several layers that see the whole picture
(Vaswani et al., 2017), which cost little at stride 16.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from rltn_cli.models.blocks import Conv1x1, attention_tokens, conv3x3

HEAD_WIDTH = 32
"""Channels of an attention head; narrower inputs have one head."""
EXPANSION = 2
"""Channels inside the feed-forward part, relative to the input's."""


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of each place."""

    def forward(self, x: Tensor) -> Tensor:
        """Return x (B, C, H, W) with mean 0 and variance 1 at each place, scaled and shifted."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ContextLayer(nn.Module):
    """Transformer layer: attention of every place to every other, then a feed-forward part.

    The feed-forward part has a depthwise 3x3 convolution, which tells places where their neighbours lie
    (Chu et al., 2021), so that pictures of all sizes need no table of positions. Both parts start at zero, so
    that trained weights that get the layer paint as before.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.heads = max(channels // HEAD_WIDTH, 1)
        inner = EXPANSION * channels
        self.norm_0 = ChannelNorm(channels)
        self.qkv = Conv1x1(channels, 3 * channels, bias=False)
        self.out = Conv1x1(channels, channels)
        self.norm_1 = ChannelNorm(channels)
        self.expand = Conv1x1(channels, inner)
        self.neighbours = nn.Conv2d(inner, inner, 3, padding=1, groups=inner)
        self.reduce = Conv1x1(inner, channels)
        for last in (self.out, self.reduce):
            start_at_zero(last)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to the same shape."""
        x = x + self.attend(self.norm_0(x))
        hidden = F.gelu(self.expand(self.norm_1(x)))
        added: Tensor = self.reduce(hidden + self.neighbours(hidden))
        return x + added

    def attend(self, x: Tensor) -> Tensor:
        """Return what attention to all places finds, (B, C, H, W)."""
        batch, channels, height, width = x.shape
        query, key, value = attention_tokens(self.qkv, x, self.heads)
        mixed = F.scaled_dot_product_attention(query, key, value)
        found: Tensor = self.out(mixed.permute(0, 1, 3, 2).reshape(batch, channels, height, width))
        return found


class FusionRefinement(nn.Module):
    """What a nonlinear fusion of an encoder's levels adds to the linear one; starts at zero."""

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.mix = Conv1x1(inputs, hidden)
        self.out = conv3x3(hidden, outputs)
        start_at_zero(self.out)

    def forward(self, levels: Tensor) -> Tensor:
        """Map the concatenated levels (B, inputs, H, W) to (B, outputs, H, W)."""
        added: Tensor = self.out(F.gelu(self.mix(levels)))
        return added


def start_at_zero(layer: nn.Conv2d | nn.Linear) -> None:
    """Set weights and bias to zero."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
