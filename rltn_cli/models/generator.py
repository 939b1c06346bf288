"""The generator: a SPADE decoder [1] that paints the warped colours into the sketch."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rltn_cli.models.blocks import NEGATIVE_SLOPE, SelfAttention, SPADEResBlock, conv3x3, to_colors
from rltn_cli.sizes import PATCH


class Generator(nn.Module):
    """SPADE residual blocks from stride 16 up, modulated at every level by `concat(warped, sketch)`.

    At strides 4 to 16 the content features, which tell which lines bound which region, join the condition;
    at stride 8 self-attention spreads a colour through its region. The last convolution sees the warped
    colours and the sketch themselves.
    """

    def __init__(self, widths: tuple[int, ...], hidden: int, content: int) -> None:
        """Build the generator.

        Args:
            widths: channels at strides 16, 8, 4, 2 and 1.
            hidden: largest number of channels inside the SPADE modulation; at most twice a level's width.
            content: d, channels of the content features.
        """
        super().__init__()
        condition = 4  # three channels of warped colours and one of the sketch
        self.first = conv3x3(condition + content, widths[0])
        self.blocks = nn.ModuleList(
            SPADEResBlock(before, after, condition + extra, min(hidden, 2 * after))
            for before, after, extra in zip(
                widths[:1] + widths[:-1], widths, (content, content, content, 0, 0), strict=True
            )
        )
        self.attention = SelfAttention(widths[1])
        self.last = conv3x3(widths[-1] + condition, 3)

    def forward(self, warped: Tensor, sketch: Tensor, content: Tensor) -> Tensor:
        """Return the painted picture (B, 3, H, W) in [-1, 1].

        Args:
            warped: reference colours at the sketch's places, (B, 3, H, W) in [-1, 1].
            sketch: (B, 1, H, W) in [-1, 1]; H and W multiples of 16.
            content: content features, (B, d, H / 4, W / 4).
        """
        picture = torch.cat([warped, sketch], dim=1).contiguous(memory_format=torch.channels_last)
        conditions = [
            torch.cat([F.avg_pool2d(picture, PATCH * n), F.avg_pool2d(content, n)], dim=1) for n in (4, 2, 1)
        ]
        conditions += [F.avg_pool2d(picture, 2), picture]
        x = self.first(conditions[0])
        for level, (block, condition) in enumerate(zip(self.blocks, conditions, strict=True)):
            x = block(x, condition)
            if level == 1:
                x = self.attention(x)
        return to_colors(self.last(torch.cat([F.leaky_relu(x, NEGATIVE_SLOPE), picture], dim=1)))
