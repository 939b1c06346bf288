"""The generator side: RLTN's forward pass of a training step, and what it produces."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from rltn_cli.models.painted import ReferenceTokens
from rltn_cli.models.rltn import RLTN


class GeneratorOutput(NamedTuple):
    """What the generator side makes of a batch; shapes as in RLTNOutput.

    It is a named tuple, since Accelerate turns the tensors of tuples, not those of dataclasses, back into
    float32 after a forward pass in mixed precision.
    """

    colors: Tensor
    warped: Tensor
    content: Tensor
    """Content features of the sketch, of unit length."""
    style: Tensor
    """Style features of the reference, of unit length."""
    target_style: Tensor | None
    """Style features of the target, if they were asked for."""


class GeneratorSide(nn.Module):
    """RLTN's forward pass of a training step, with the target's style features if a term needs them."""

    def __init__(self, model: RLTN, *, align: bool = True) -> None:
        """Wrap the network; `align` asks for the target's style features."""
        super().__init__()
        self.model = model
        self.align = align

    def forward(self, sketch: Tensor, reference: Tensor, target: Tensor, labels: Tensor) -> GeneratorOutput:
        """Run the network on a batch; arguments as in Batch."""
        # references and targets pass the style encoder together
        both = self.model.encode_references([torch.cat([reference, target]) if self.align else reference])
        count = len(sketch)
        tokens = ReferenceTokens(style=both.style[:count], patches=both.patches[:count])
        output = self.model.colorize(sketch, tokens, labels)
        return GeneratorOutput(
            colors=output.colors,
            warped=output.warped,
            content=output.content,
            style=tokens.style,
            target_style=both.style[count:] if self.align else None,
        )
