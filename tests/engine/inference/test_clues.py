import numpy as np
import pytest
import torch

from rltn_cli.engine.inference.clues import gather_clues, palette_colors
from rltn_cli.imaging.canvas import plan_fit
from rltn_cli.imaging.colors.palette import Palette
from rltn_cli.models.rltn import ReferenceTokens, RLTNOutput

PALETTE = Palette(np.array([(255, 255, 255), (220, 30, 40), (20, 60, 200)], np.uint8))


def test_attention_brings_the_colours_of_the_matched_places():
    picture = np.full((64, 64, 3), 255, np.uint8)
    picture[:, :32], picture[:, 32:] = PALETTE.colors[1], PALETTE.colors[2]
    reference = palette_colors(PALETTE, [picture])
    style = torch.zeros(1, 256, 8)
    style[0, :, 0] = torch.tensor([1.0, -1.0]).repeat_interleave(8).repeat(16)
    content = style.flip(1)  # what is left in the drawing looks like what is right in the reference
    blank = torch.zeros(1, 3, 64, 64)
    output = RLTNOutput(blank, blank, content, ReferenceTokens(style, torch.zeros(1, 256, 24)))
    clues = gather_clues(plan_fit((64, 64), 64), [output], reference)
    assert clues.attention is not None and clues.attention.shape == (16, 16, 3)
    assert (clues.attention[:, :8].argmax(axis=2) == 2).all()
    assert (clues.attention[:, 8:].argmax(axis=2) == 1).all()
    np.testing.assert_allclose(clues.colors, 0.5, atol=0.01)
    plain = gather_clues(plan_fit((64, 64), 64), [output], reference, attention=False)
    assert plain.attention is None
    np.testing.assert_array_equal(plain.colors, clues.colors)


@pytest.mark.parametrize("count", [1, 3])
def test_references_are_counted_together(count):
    picture = np.full((64, 96, 3), 255, np.uint8)
    reference = palette_colors(PALETTE, [picture] * count)
    assert reference.shares.shape == (count * 16 * 24, 3)
    assert np.isclose(reference.contacts.sum(), 1)
