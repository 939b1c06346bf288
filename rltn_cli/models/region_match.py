"""Region match: which colours of the references each region of a sketch takes, decided for all together.

It is ours, not the paper's. The correspondence compares one place with another; whether a region is hair or
cloak, and which colours are then left for its neighbours, can be told only from all regions and all colours.
A small Transformer (Vaswani et al., 2017) with a token for every region and every colour of the palette
therefore looks at the votes, the features and the places of both, and says how much more each region should
look at each colour than it would.
"""

import math
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rltn_cli.models.context import start_at_zero
from rltn_cli.models.painted import ReferenceTokens
from rltn_cli.models.region_slots import LAB, PLACES, Regions, RegionSlots

HIDDEN, HEADS, EXPANSION = 96, 4, 2
"""Channels of a token, heads of an attention, and how much wider a feed-forward part is inside."""
SHARPNESS = 4.0
"""By what the logits of colours are multiplied before regions are favoured by them: most regions have one
colour, and should not take some of a second one."""
MOST = 2.0
"""Largest change of a logit: places that are sure of another colour than their region's keep it. Both were
chosen on validation drawings; see docs/training-log.md."""


class RegionMatch(nn.Module):
    """A Transformer over the regions of a sketch and the colours of its references."""

    def __init__(self, features: int, context: int, layers: int) -> None:
        """Build the module.

        Args:
            features: d, of the correspondence.
            context: channels of the encoders at stride 16.
            layers: in each of which regions look at regions and colours, and colours at colours and regions.
        """
        super().__init__()
        self.embed_regions = nn.Linear(features + context + PLACES, HIDDEN)
        self.embed_colors = nn.Linear(features + context + PLACES + LAB, HIDDEN)
        self.layers = nn.ModuleList(RegionMatchLayer() for _ in range(layers))
        self.norm_regions, self.norm_colors = nn.LayerNorm(HIDDEN), nn.LayerNorm(HIDDEN)
        self.query, self.key = nn.Linear(HIDDEN, HIDDEN), nn.Linear(HIDDEN, HIDDEN)
        self.own = nn.Linear(HIDDEN, 2)
        start_at_zero(self.query)
        start_at_zero(self.own)
        with torch.no_grad():
            self.own.bias[0] = 1  # a region's own votes, to begin with

    def forward(self, regions: Regions, colors: Tensor, shown: Tensor | None = None) -> Tensor:
        """Return the logits of each region's colours, (B, R, K).

        Args:
            regions: of `describe_regions`.
            colors: (B, K, d + C + 8) of `describe_colors`.
            shown: (B, K) bool, False for colours that only fill a batch up; None if there are none.
        """
        x, y = self.embed_regions(regions.features), self.embed_colors(colors)
        closed = _closed(regions.known)
        hidden = torch.zeros_like(closed[..., :1]) if shown is None else _closed(shown)
        for layer in self.layers:
            x, y = layer(x, y, regions, closed, hidden)
        x = self.norm_regions(x)
        own = (regions.votes * self.own(x).transpose(1, 2)[..., None]).sum(dim=1)
        found: Tensor = own + self.query(x) @ self.key(self.norm_colors(y)).transpose(1, 2) / math.sqrt(
            HIDDEN
        )
        return found + hidden[:, 0]

    def favour(self, slots: RegionSlots, regions: Regions, colors: Tensor) -> Tensor:
        """Return by how much each token's logits for each colour change, (N, K) in [-MOST, MOST].

        Attention that is changed so gives a region, on average, the colours that the match decides on, the
        likely ones emphasised by SHARPNESS.

        Args:
            slots: the regions of a sketch.
            regions: the same, of `describe_regions`.
            colors: (1, K, c) of `describe_colors`.
        """
        wanted = F.log_softmax(SHARPNESS * self(regions, colors), dim=2)
        change = wanted - F.log_softmax(regions.votes[:, 0], dim=2)
        change = change[0].clamp(-MOST, MOST) * regions.known[0, :, None]
        return F.pad(change, (0, 0, 0, 1))[slots.of_tokens]  # tokens of no region stay as they are


class RegionMatchLayer(nn.Module):
    """Regions look at regions and colours, colours at colours and regions."""

    def __init__(self) -> None:
        super().__init__()
        self.regions_to_regions, self.regions_to_colors = CrossAttention(), CrossAttention()
        self.colors_to_colors, self.colors_to_regions = CrossAttention(), CrossAttention()
        self.regions_forward, self.colors_forward = FeedForward(), FeedForward()
        self.border = nn.Parameter(torch.zeros(HEADS))
        self.votes = nn.Parameter(torch.full((2, 2, HEADS), 0.3))

    def forward(
        self, x: Tensor, y: Tensor, regions: Regions, closed: Tensor, hidden: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the tokens of regions (B, R, c) and of colours (B, K, c) after this layer.

        Args:
            x: tokens of regions.
            y: tokens of colours.
            regions: what they describe.
            closed: (B, 1, 1, R), very negative where there is no region.
            hidden: (B, 1, 1, K or 1), very negative where there is no colour.
        """
        x = self.regions_to_regions(x, x, 4 * regions.borders[:, None] * self.border[:, None, None] + closed)
        seen = torch.einsum("bprk,ph->bhrk", regions.votes, self.votes[0])
        x = self.regions_forward(self.regions_to_colors(x, y, seen + hidden))
        y = self.colors_to_colors(y, y, hidden)
        seen = torch.einsum("bprk,ph->bhkr", regions.votes, self.votes[1])
        y = self.colors_forward(self.colors_to_regions(y, x, seen + closed))
        return x, y


class CrossAttention(nn.Module):
    """Adds what tokens find in other tokens; starts at zero."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.other_norm = nn.LayerNorm(HIDDEN), nn.LayerNorm(HIDDEN)
        self.query, self.key_value = nn.Linear(HIDDEN, HIDDEN), nn.Linear(HIDDEN, 2 * HIDDEN)
        self.out = nn.Linear(HIDDEN, HIDDEN)
        start_at_zero(self.out)

    def forward(self, x: Tensor, other: Tensor, bias: Tensor) -> Tensor:
        """Return x (B, N, c) after it has looked at others (B, M, c); the bias is added to their logits."""
        key, value = self.key_value(self.other_norm(other)).chunk(2, dim=2)
        query, key, value = (
            t.unflatten(2, (HEADS, -1)).transpose(1, 2) for t in (self.query(self.norm(x)), key, value)
        )
        bias = bias.to(query.dtype).expand(len(x), HEADS, x.shape[1], other.shape[1])
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        added: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return x + added


class FeedForward(nn.Module):
    """Adds a function of each token; starts at zero."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(HIDDEN)
        self.expand, self.reduce = (
            nn.Linear(HIDDEN, EXPANSION * HIDDEN),
            nn.Linear(EXPANSION * HIDDEN, HIDDEN),
        )
        start_at_zero(self.reduce)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, N, c) to the same shape."""
        added: Tensor = self.reduce(F.gelu(self.expand(self.norm(x))))
        return x + added


def _closed(known: Tensor) -> Tensor:
    """Return what keeps attention away from where nothing is, (B, 1, 1, N), of known (B, N) bool."""
    return torch.zeros_like(known, dtype=torch.float32).masked_fill(~known, -1e4)[:, None, None]


def favoured(
    queries: Tensor, tokens: ReferenceTokens, favour: Tensor | None, temperature: float
) -> tuple[Tensor, ReferenceTokens]:
    """Let queries and keys carry which colours are favoured as further numbers, whose products are added.

    Args:
        queries: (B, N, d).
        tokens: with the shares (B, M, K) of colours.
        favour: (B, N, K) of `RegionMatch.favour`; None where nothing is.
        temperature: of the softmax.
    """
    if favour is None:
        return queries, tokens
    assert tokens.more is not None
    keys = torch.cat([tokens.style, tokens.more.to(tokens.style.dtype)], dim=2)
    return torch.cat([queries, temperature * favour.to(queries.dtype)], dim=2), replace(tokens, style=keys)
