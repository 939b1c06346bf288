"""Building blocks of RLTN (section 2.2) and the SPADE residual block [1].

Every block keeps the height and width of its input. Tensors are (B, C, H, W) floating point.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rltn_cli.models.normalisation import instance_norm, modulate

NEGATIVE_SLOPE = 0.2
"""Slope of every leaky ReLU for negative inputs."""
LONGEST = 64
"""Attention to all places sees squares as one place where the shorter side has more places than this."""
_CRISS_CROSS_WEIGHTS = 1 << 22
"""Weights of criss-cross attention that are held at once, about."""


def conv3x3(inputs: int, outputs: int, stride: int = 1, *, bias: bool = True) -> nn.Conv2d:
    """Return a 3x3 convolution that keeps the size, or divides it by the stride.

    Before an instance norm a bias would have no effect: pass `bias=False`.
    """
    return nn.Conv2d(inputs, outputs, 3, stride, 1, bias=bias)


class Conv1x1(nn.Conv2d):
    """1x1 convolution, as a matrix product over the channels.

    On a CPU PyTorch's own convolution rounds differently with one thread than with several. A batch, which
    paints each picture on one thread, would give other pictures than `rltn colorize`.
    """

    def __init__(self, inputs: int, outputs: int, *, bias: bool = True) -> None:
        super().__init__(inputs, outputs, 1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, inputs, H, W) to (B, outputs, H, W)."""
        return F.linear(x.permute(0, 2, 3, 1), self.weight[:, :, 0, 0], self.bias).permute(0, 3, 1, 2)


class ConvNorm(nn.Module):
    """3x3 convolution, instance norm, leaky ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = conv3x3(inputs, outputs, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        out: Tensor = F.leaky_relu(instance_norm(self.conv(x)), NEGATIVE_SLOPE, inplace=True)
        return out


def upsample(x: Tensor, like: Tensor) -> Tensor:
    """Return x (B, C, H, W), upsampled to twice its size if another tensor is twice as high."""
    return x if x.shape[2] == like.shape[2] else F.interpolate(x, scale_factor=2, mode="nearest")


class SPADE(nn.Module):
    """Spatially-adaptive normalisation [1]: instance norm, with scale and shift computed from a condition."""

    def __init__(self, channels: int, condition: int, hidden: int) -> None:
        super().__init__()
        self.shared = conv3x3(condition, hidden)
        self.scale_shift = conv3x3(hidden, 2 * channels)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Modulate x (B, channels, H, W), or at half the size, by condition (B, condition, H, W)."""
        scale_shift = self.scale_shift(F.relu(self.shared(condition), inplace=True))
        return modulate(upsample(instance_norm(x), condition), scale_shift)


class SPADEResBlock(nn.Module):
    """SPADE residual block [1]: two modulated 3x3 convolutions, a 1x1 shortcut where the width changes.

    An input of half the condition's size is upsampled after the first norm and after the shortcut, which give
    the same result before and after nearest-neighbour upsampling but cost less before.
    """

    def __init__(self, inputs: int, outputs: int, condition: int, hidden: int) -> None:
        super().__init__()
        middle = min(inputs, outputs)
        self.norm_0 = SPADE(inputs, condition, hidden)
        self.conv_0 = conv3x3(inputs, middle, bias=False)
        self.norm_1 = SPADE(middle, condition, hidden)
        self.conv_1 = conv3x3(middle, outputs)
        self.shortcut = Conv1x1(inputs, outputs, bias=False) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Map x (B, inputs, H, W), or at half the size, to (B, outputs, H, W).

        Args:
            x: features.
            condition: (B, condition, H, W).
        """
        y: Tensor = self.conv_0(F.leaky_relu(self.norm_0(x, condition), NEGATIVE_SLOPE, inplace=True))
        y = self.conv_1(F.leaky_relu(self.norm_1(y, condition), NEGATIVE_SLOPE, inplace=True))
        return y.add_(upsample(self.shortcut(x), y))


def to_colors(x: Tensor) -> Tensor:
    """Return tanh of x, of any shape, in fp32: colours in [-1, 1].

    In bf16 its gradient is exactly 0 from about 3.5 on: colours that are saturated, as white paper is, would
    never change again.
    """
    return torch.tanh(x.float())


class MHFB(nn.Module):
    """Multi-stream High Frequency Block, equation (1).

    `F_h = Conv(F_p - Conv(sum of F_i)) + F_p`, where F_i is the input averaged over windows of 2, 4 and 8
    pixels and upsampled again by nearest neighbours. Windows that extend over the border average only what is
    inside, so that any size works.
    """

    windows = (2, 4, 8)

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.low = conv3x3(channels, channels)
        self.high = conv3x3(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return F_h (B, C, H, W) of F_p (B, C, H, W)."""
        height, width = x.shape[2:]
        streams = [
            F.interpolate(F.avg_pool2d(x, n, n, ceil_mode=True), scale_factor=n, mode="nearest")[
                :, :, :height, :width
            ]
            for n in self.windows
        ]
        low_frequency = streams[0] + streams[1] + streams[2]
        high: Tensor = self.high(x - self.low(low_frequency))
        return high.add_(x)


class PCB(nn.Module):
    """Pixel-wise Correlation Block: criss-cross attention [8], two recurrent passes with shared weights.

    In one pass a position attends to its row and its column, and once to itself; after two passes it has seen
    the whole picture. The residual weight `gamma` starts at 0.1 rather than at 0 as in [8], so that every
    parameter learns from the first step.
    """

    passes = 2

    def __init__(self, channels: int, reduction: int = 8) -> None:
        super().__init__()
        inner = max(channels // reduction, 4)
        self.query = Conv1x1(channels, inner)
        self.key = Conv1x1(channels, inner, bias=False)  # the softmax would cancel a bias
        self.value = Conv1x1(channels, channels)
        self.gamma = nn.Parameter(torch.full((1,), 0.1))

    def forward(self, x: Tensor) -> Tensor:
        """Return x (B, C, H, W) plus what attention to rows and columns adds."""
        for _ in range(self.passes):
            x = self.gamma * self.criss_cross(x) + x
        return x

    def criss_cross(self, x: Tensor) -> Tensor:
        """Return one pass of attention over row and column (B, C, H, W), without the residual."""
        query, key, value = (layer(x).permute(0, 2, 3, 1) for layer in (self.query, self.key, self.value))
        height, width = x.shape[2:]
        itself = torch.eye(height, dtype=torch.bool, device=x.device)
        at_once = _rows_at_once(height, width)
        found = [
            _criss_cross(query[:, rows], key[:, rows], value[:, rows], key, value, itself[rows])
            for rows in (slice(start, start + at_once) for start in range(0, height, at_once))
        ]
        return (found[0] if len(found) == 1 else torch.cat(found, dim=1)).permute(0, 3, 1, 2)


def _rows_at_once(height: int, width: int) -> int:
    """Return how many rows of queries see their rows and columns at once."""
    if torch.compiler.is_compiling():
        return height
    return max(1, _CRISS_CROSS_WEIGHTS // (width * (height + width)))


def _criss_cross(
    query: Tensor, row_key: Tensor, row_value: Tensor, key: Tensor, value: Tensor, itself: Tensor
) -> Tensor:
    """Return what some rows (B, h, W, c) find in themselves and in their columns, (B, h, W, C).

    Args:
        query: of the rows, (B, h, W, c).
        row_key: the same.
        row_value: the same, (B, h, W, C).
        key: of the whole picture, (B, H, W, c).
        value: (B, H, W, C).
        itself: (h, H), where a column's place is the query's own.
    """
    width = query.shape[2]
    by_row = query @ row_key.transpose(2, 3)  # (B, h, W, W)
    by_column = query.transpose(1, 2) @ key.transpose(1, 2).transpose(2, 3)  # (B, W, h, H)
    by_column = by_column.masked_fill(itself, float("-inf")).transpose(1, 2)  # (B, h, W, H)
    weights = torch.softmax(torch.cat([by_row, by_column], dim=3).float(), dim=3).to(value.dtype)
    from_row: Tensor = weights[..., :width] @ row_value
    from_column: Tensor = (weights[..., width:].transpose(1, 2) @ value.transpose(1, 2)).transpose(1, 2)
    return from_row + from_column


class CAB(nn.Module):
    """Channel-level Attention Block: squeeze-and-excitation [9]."""

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        inner = max(channels // reduction, 1)
        self.squeeze = nn.Linear(channels, inner)
        self.excite = nn.Linear(inner, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return the weight of every channel, W_c (B, C, 1, 1) in (0, 1)."""
        weights = torch.sigmoid(self.excite(F.relu(self.squeeze(x.mean(dim=(2, 3))))))
        return weights[:, :, None, None]


class SAB(nn.Module):
    """Spatial-level Attention Block, equation (2): two successive 3x3 convolutions and a sigmoid."""

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        self.reduce = conv3x3(channels, max(channels // reduction, 1))
        self.weigh = conv3x3(max(channels // reduction, 1), 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the weight of every position, W_s (B, 1, H, W) in (0, 1); broadcasting expands it."""
        return torch.sigmoid(self.weigh(self.reduce(x)))


def attention_tokens(qkv: nn.Module, x: Tensor, heads: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return queries, keys and values for attention of every place to every other, each (B, heads, N, c).

    In large pictures keys and values are those of squares, so that time and memory grow with the pixels and
    not with their square.

    Args:
        qkv: maps (B, C, H, W) to (B, 3 * heads * c, H, W).
        x: (B, C, H, W).
        heads: of the attention.
    """
    query, key, value = _heads_of(qkv(x), heads)
    side = 1 if torch.compiler.is_compiling() else -(-min(x.shape[2], x.shape[3]) // LONGEST)
    if side > 1:
        _, key, value = _heads_of(qkv(F.avg_pool2d(x, side, ceil_mode=True)), heads)
    return query, key, value


def _heads_of(tokens: Tensor, heads: int) -> tuple[Tensor, Tensor, Tensor]:
    """Split (B, 3 * heads * c, H, W) into three of (B, heads, H * W, c)."""
    split = tokens.permute(0, 2, 3, 1).reshape(len(tokens), -1, 3, heads, tokens.shape[1] // heads // 3)
    query, key, value = split.permute(2, 0, 3, 1, 4).contiguous()
    return query, key, value


class SelfAttention(nn.Module):
    """Attention of every position to every other, added to the input; spreads a colour through its region."""

    def __init__(self, channels: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.width = max(channels // heads // 8 * 8, 8)
        self.qkv = Conv1x1(channels, 3 * heads * self.width, bias=False)
        self.out = Conv1x1(heads * self.width, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return x (B, C, H, W) plus what attention to the other positions adds."""
        batch, _, height, width = x.shape
        query, key, value = attention_tokens(self.qkv, instance_norm(x), self.heads)
        mixed = F.scaled_dot_product_attention(query, key, value)
        mixed = mixed.permute(0, 1, 3, 2).reshape(batch, self.heads * self.width, height, width)
        out: Tensor = self.out(mixed)
        return x + out
