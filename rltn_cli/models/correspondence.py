"""Cross-domain correspondence [7]: cosine similarity, softmax, warp; as fused attention in O(N) memory.

A token is one position of the stride-4 grid. `queries` are (B, N, d), `keys` (B, M, d), both centred and of
unit length (`normalize`); `values` are (B, M, v).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from rltn_cli.sizes import PATCH

_HUE = 2
"""Side in pixels of the squares that share a hue."""
_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114
"""Weights of the luma (ITU-R BT.601)."""


def normalize(features: Tensor) -> Tensor:
    """Centre features over their channels, scale them to unit length, and flatten them to tokens.

    Args:
        features: (B, d, H, W).

    Returns:
        (B, H * W, d) float32, row-major; a position whose features are all equal becomes the zero vector.
    """
    tokens = features.flatten(2).transpose(1, 2).float()
    tokens = tokens - tokens.mean(dim=2, keepdim=True)
    return F.normalize(tokens, dim=2, eps=1e-6)


def to_patches(picture: Tensor) -> Tensor:
    """Return the 4x4 patches of a picture: (B, 3, H, W) RGB to (B, H / 4 * W / 4, 24), row-major.

    A patch consists of its 16 lumas (ITU-R BT.601) and, for every 2x2 pixels, the differences of red and of
    blue from luma. It leaves out finer changes of hue, which would be lost anyway when a warp mixes patches.
    """
    red, green, blue = picture.split(1, dim=1)
    luma = _RED * red + _GREEN * green + _BLUE * blue
    hue = F.avg_pool2d(torch.cat([red, blue], dim=1) - luma, _HUE)
    parts = [F.pixel_unshuffle(luma, PATCH), F.pixel_unshuffle(hue, PATCH // _HUE)]
    return torch.cat(parts, dim=1).flatten(2).transpose(1, 2)


def from_patches(patches: Tensor, height: int, width: int) -> Tensor:
    """Assemble the patches of `to_patches`: (B, H / 4 * W / 4, 24) to (B, 3, H, W)."""
    grid = patches.transpose(1, 2).unflatten(2, (height // PATCH, width // PATCH))
    luma = F.pixel_shuffle(grid[:, : PATCH**2], PATCH)
    hue = F.pixel_shuffle(grid[:, PATCH**2 :], PATCH // _HUE)
    red, blue = F.interpolate(hue, scale_factor=_HUE, mode="nearest").split(1, dim=1)
    green = -(_RED * red + _BLUE * blue) / _GREEN
    return torch.cat([red, green, blue], dim=1) + luma


def warp(
    queries: Tensor, keys: Tensor, values: Tensor, temperature: float, bias: Tensor | None = None
) -> Tensor:
    """Return `softmax(queries @ keys^T / temperature + bias) @ values` (B, N, v) without storing the matrix.

    The fused kernels require queries, keys and values of the same width, a multiple of 8, and a last stride
    of 1: all three are padded with zeros, which change no product.

    Args:
        queries: (B, N, d).
        keys: (B, M, d).
        values: (B, M, v).
        temperature: tau of the softmax; smaller is sharper.
        bias: (B, M), the logarithm of each key's weight; None where all are equal.
    """
    queries, keys = weighted(queries, keys, temperature, bias)
    width = -(-max(queries.shape[2], values.shape[2]) // 8) * 8
    q, k, v = (F.pad(t, (0, width - t.shape[2])).unsqueeze(1).contiguous() for t in (queries, keys, values))
    mixed = F.scaled_dot_product_attention(q, k, v.to(q.dtype), scale=1 / temperature)
    return mixed.squeeze(1)[..., : values.shape[2]]


def weighted(queries: Tensor, keys: Tensor, temperature: float, bias: Tensor | None) -> tuple[Tensor, Tensor]:
    """Let keys carry their bias as one more number, which every query multiplies by 1; see `warp`."""
    if bias is None:
        return queries, keys
    return torch.cat([queries, torch.ones_like(queries[..., :1])], dim=2), torch.cat(
        [keys, (temperature * bias).to(keys.dtype)[..., None]], dim=2
    )


def best_match(
    queries: Tensor, keys: Tensor, temperature: float = 1.0, bias: Tensor | None = None, chunk: int = 1024
) -> Tensor:
    """Return the index of each query's most similar key, (B, N) int64, `chunk` queries at a time.

    Args:
        queries: (B, N, d).
        keys: (B, M, d).
        temperature: of the softmax that `bias` belongs to.
        bias: see `warp`.
        chunk: how many queries are compared at once.
    """
    queries, keys = weighted(queries, keys, temperature, bias)
    return torch.cat(
        [(part @ keys.transpose(1, 2)).argmax(dim=2) for part in queries.split(chunk, dim=1)], dim=1
    )
