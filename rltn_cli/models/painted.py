"""What networks that paint take and give, whatever their architecture."""

from collections.abc import Callable
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
    context: Tensor | None = None
    """(B, M, C) the style encoder's features at stride 16, at each token; only where regions are matched."""
    colors: Tensor | None = None
    """(B, K, c) the colours that `more` holds shares of, as `RegionMatch` sees them."""

    def select(self, sample: int) -> "ReferenceTokens":
        """Return the tokens that one sample of a batch is matched with, as a batch of one."""
        return self._map(lambda values: values[sample : sample + 1])

    def expand(self, count: int) -> "ReferenceTokens":
        """Return the tokens for a batch of so many samples; those of a batch of one serve all of them."""
        return self._map(lambda values: values.expand(count, *values.shape[1:]))

    def _map(self, change: Callable[[Tensor], Tensor]) -> "ReferenceTokens":
        def changed(values: Tensor | None) -> Tensor | None:
            return None if values is None else change(values)

        return ReferenceTokens(
            style=change(self.style),
            patches=change(self.patches),
            bias=changed(self.bias),
            more=changed(self.more),
            grids=self.grids,
            context=changed(self.context),
            colors=changed(self.colors),
        )


@dataclass(frozen=True, slots=True)
class Painted:
    """What one forward pass gives."""

    colors: Tensor
    """(B, 3, H, W) in [-1, 1], the painted picture."""
