"""Context layers and the refined fusion."""

import dataclasses

import pytest
import torch
from torch import nn

from rltn_cli.errors import ConfigError
from rltn_cli.model_config import PRESETS, ModelConfig
from rltn_cli.models.context import ChannelNorm, ContextLayer, FusionRefinement
from rltn_cli.models.encoders import ContentEncoder
from rltn_cli.models.rltn import RLTN


def shaken(module: nn.Module) -> nn.Module:
    """Return a module without zero weights."""
    torch.manual_seed(0)
    for value in module.parameters():
        nn.init.normal_(value, std=0.2)
    return module


@pytest.mark.parametrize(
    "module", [ContextLayer(64), FusionRefinement(64, 8, 64), RLTN(PRESETS["tiny"]).style_encoder.context]
)
def test_the_modules_start_without_an_effect(module):
    x = torch.randn(2, 64, 3, 5)
    added = module(x) - x if not isinstance(module, FusionRefinement) else module(x)
    assert torch.equal(added, torch.zeros_like(x))


def test_the_norm_is_over_the_channels_of_each_place():
    x = torch.randn(2, 16, 3, 5) * 4 + 2
    normed = ChannelNorm(16)(x)
    assert normed.shape == x.shape
    torch.testing.assert_close(normed.mean(dim=1), torch.zeros(2, 3, 5), atol=1e-5, rtol=0)
    torch.testing.assert_close(normed.var(dim=1, unbiased=False), torch.ones(2, 3, 5), atol=1e-3, rtol=0)


def test_every_place_sees_every_other():
    layer = shaken(ContextLayer(32))
    x = torch.randn(1, 32, 4, 6, requires_grad=True)
    layer(x)[0, :, 0, 0].sum().backward()
    assert (x.grad.abs().amax(dim=1) > 0).all()


def test_attention_is_that_of_each_head_by_hand():
    layer = shaken(ContextLayer(64))
    assert layer.heads == 2
    x = torch.randn(1, 64, 2, 3)
    tokens = x[0].flatten(1).T  # (6, 64)
    query, key, value = (tokens @ layer.qkv.weight[:, :, 0, 0].T).chunk(3, dim=1)
    heads = [
        torch.softmax(query[:, part] @ key[:, part].T / 32**0.5, dim=1) @ value[:, part]
        for part in (slice(0, 32), slice(32, 64))
    ]
    expected = torch.cat(heads, dim=1) @ layer.out.weight[:, :, 0, 0].T + layer.out.bias
    torch.testing.assert_close(layer.attend(x)[0].flatten(1).T, expected)


def test_only_the_coarsest_level_has_context():
    torch.manual_seed(0)
    widths = PRESETS["tiny"].encoder_widths
    plain = ContentEncoder(widths, 8)
    rich = ContentEncoder(widths, 8, 1)
    rich.load_state_dict(plain.state_dict(), strict=False)
    shaken(rich.context)
    sketch = torch.rand(1, 1, 64, 64) * 2 - 1
    before, after = plain(sketch), rich(sketch)
    assert [torch.equal(a, b) for a, b in zip(before, after, strict=True)] == [True, True, False]


def test_the_network_takes_all_sizes_with_them():
    model = RLTN(dataclasses.replace(PRESETS["tiny"], context_layers=1, refinement=8)).eval()
    shaken(model)
    with torch.inference_mode():
        output = model(torch.zeros(1, 1, 64, 96), [torch.zeros(1, 3, 112, 64)])
    assert output.colors.shape == (1, 3, 64, 96)


@pytest.mark.parametrize("name", ["context_layers", "refinement"])
def test_sizes_are_checked(name):
    with pytest.raises(ConfigError, match=f"{name} needs architecture 2"):
        ModelConfig(**{name: 1}, architecture=1)
    with pytest.raises(ConfigError, match=f"{name} must be from 0 to 4096, not -1"):
        ModelConfig(**{name: -1})
