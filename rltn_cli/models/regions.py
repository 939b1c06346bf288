"""Region pooling: the features of a region between lines are shared by all of its tokens."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rltn_cli.models.blocks import Conv1x1
from rltn_cli.models.context import start_at_zero


class RegionPooling(nn.Module):
    """Adds to every content feature f a function of it and of its region's mean: `f + W2(GELU(W1([f, m])))`.

    m is the mean of f over the tokens with the same label; for tokens of label 0, which are all line, it is
    their own feature. W2 starts at zero, so that trained weights that get the module paint as before.
    """

    def __init__(self, channels: int) -> None:
        """Build the module.

        Args:
            channels: d, of the content features.
        """
        super().__init__()
        self.mix = Conv1x1(2 * channels, 2 * channels)
        self.out = Conv1x1(2 * channels, channels)
        start_at_zero(self.out)

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Return the features (B, d, h, w) plus what their regions add.

        Args:
            features: (B, d, h, w).
            labels: (B, h, w) int64, the region of each token, 0 for line; see `region_means`.
        """
        means = region_means(features, labels)
        added: Tensor = self.out(F.gelu(self.mix(torch.cat([features, means.to(features.dtype)], dim=1))))
        return features + added


def region_means(features: Tensor, labels: Tensor) -> Tensor:
    """Return the mean feature of each token's region, (B, d, h, w) float32; its own feature on label 0.

    Args:
        features: (B, d, h, w).
        labels: (B, h, w) int64, 0 to h * w.
    """
    tokens = features.flatten(2).transpose(1, 2).float()  # (B, N, d)
    token_labels = labels.flatten(1)
    batch, count, width = tokens.shape
    index = token_labels[..., None].expand(-1, -1, width)
    sums = tokens.new_zeros(batch, count + 1, width).scatter_add(1, index, tokens)
    ones = torch.ones_like(token_labels, dtype=tokens.dtype)
    sizes = tokens.new_zeros(batch, count + 1).scatter_add(1, token_labels, ones)
    means = sums / sizes.clamp(min=1)[..., None]  # labels that do not occur have no tokens
    pooled = torch.where(token_labels[..., None] > 0, means.gather(1, index), tokens)
    result: Tensor = pooled.transpose(1, 2).unflatten(2, tuple(features.shape[2:]))
    return result
