"""What the network says about a drawing's colours, as plain arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rltn_cli.data.tensors import to_array
from rltn_cli.imaging.canvas import Fit
from rltn_cli.imaging.colors.evidence import Clues
from rltn_cli.imaging.colors.palette import Palette
from rltn_cli.imaging.colors.votes import ballot_of
from rltn_cli.imaging.pixels import Bytes, Floats
from rltn_cli.models.painted import Painted
from rltn_cli.models.rltn import RLTNOutput
from rltn_cli.sizes import PATCH

VOTES_TEMPERATURE = 0.01
"""Of the attention that votes; sharper and softer ones gave fewer regions their colour."""


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceColors:
    """A palette, and where its colours lie in reference pictures."""

    palette: Palette
    shares: Floats
    """(M, K), the votes of each of the references' tokens."""
    contacts: Floats
    """(K, K), of `Ballot.contacts`."""


def palette_colors(palette: Palette, pictures: Sequence[Bytes]) -> ReferenceColors:
    """Find the colours of a palette in references (H', W', 3), as the network sees them."""
    ballot = ballot_of(palette)
    shares = np.concatenate([ballot.shares(picture, PATCH) for picture in pictures])
    return ReferenceColors(palette, shares, ballot.contacts(pictures))


def _join_tiles(fit: Fit, pictures: Sequence[Tensor]) -> Floats:
    """Join the pictures of a drawing's tiles, each (1, 3, H, W) in [-1, 1], to (h, w, 3) in [0, 1]."""
    return fit.crop(fit.join([to_array(picture[0]) for picture in pictures]))


def gather_clues(
    fit: Fit, outputs: Sequence[Painted], reference: ReferenceColors, *, attention: bool = True
) -> Clues:
    """Join what the network says of a drawing's tiles.

    Args:
        fit: of the drawing.
        outputs: one per tile, as `fit.tiles` lists them.
        reference: of the references that the network was given.
        attention: whether to gather the attention too, which only finishes that look at regions need.

    Returns:
        The clues. Of a network without correspondence, the picture itself is what it says of the warp.
    """
    colors = _join_tiles(fit, [output.colors for output in outputs])
    matched = [output for output in outputs if isinstance(output, RLTNOutput)]
    if not matched:
        return Clues(colors, colors, reference.palette, None, reference.contacts)
    warped = _join_tiles(fit, [output.warped for output in matched])
    votes = None
    if attention:
        votes = fit.crop(fit.join([_attention(output, reference) for output in matched], PATCH), PATCH)
    return Clues(colors, warped, reference.palette, votes, reference.contacts)


@torch.inference_mode()
def _attention(output: RLTNOutput, reference: ReferenceColors) -> Floats:
    """Return how much of each token's attention lies on each colour, (h / 4, w / 4, K)."""
    votes = output.more
    if votes is None:
        shares = torch.from_numpy(reference.shares)[None].to(output.content.device)
        votes = output.bring(shares, VOTES_TEMPERATURE)
    height, width = (side // PATCH for side in output.colors.shape[2:])
    return np.asarray(votes[0].float().cpu().numpy().reshape(height, width, -1), np.float32)
