"""What networks that paint take and give, whatever their architecture."""

from dataclasses import dataclass

from torch import Tensor

from rltn_cli.models.windows import Grid


@dataclass(frozen=True, slots=True)
class ReferenceTokens:
    """Encoded references; several are one longer list."""

    style: Tensor
    """(B, M, d) style features; RLTN's are centred and of unit length, float32."""
    patches: Tensor
    """(B, M, 24) the 4x4 patch of each token, see `to_patches`; (B, M, 0) without correspondence."""
    bias: Tensor | None = None
    """(B, M) the logarithm of each token's weight in the match; None where all are equal."""
    more: Tensor | None = None
    """(B, M, K) further values of each token, which are brought to the sketch with its patch."""
    grids: tuple[Grid, ...] = ()
    """The tokens of each reference; needed to match large sketches from coarse to fine."""


@dataclass(frozen=True, slots=True)
class Painted:
    """What one forward pass gives."""

    colors: Tensor
    """(B, 3, H, W) in [-1, 1], the painted picture."""
