"""What the networks that RLTN is compared with have in common: how they are called."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn

from rltn_cli.baseline_config import Baseline
from rltn_cli.models.painted import Painted, ReferenceTokens


class BaselineNetwork(nn.Module, ABC):
    """A network that paints sketches by references, with RLTN's calls but without its correspondence.

    Its reference tokens are what its paper makes of a reference: statistics, a code, or features, without
    patches.
    """

    config: Baseline

    def forward(self, sketch: Tensor, references: Sequence[Tensor], labels: Tensor | None = None) -> Painted:
        """Paint sketches in the colours of references; arguments as in `RLTN.forward`, labels are ignored."""
        return self.colorize(sketch, self.encode_references(references), labels)

    def encode_references(self, references: Sequence[Tensor]) -> ReferenceTokens:
        """Encode references once, for any number of sketches.

        Args:
            references: one or several per sketch, each (B, 3, H', W') in [-1, 1].

        Raises:
            ValueError: no reference.
        """
        if not references:
            raise ValueError("at least one reference is needed")
        tokens = self.tokens(references)
        return ReferenceTokens(style=tokens, patches=tokens[..., :0])

    @abstractmethod
    def tokens(self, references: Sequence[Tensor]) -> Tensor:
        """Return what is known of references, (B, M, d)."""

    @abstractmethod
    def colorize(self, sketch: Tensor, tokens: ReferenceTokens, labels: Tensor | None = None) -> Painted:
        """Paint sketches (B, 1, H, W) by encoded references; those of a batch of one are used for all."""
