"""Region pooling: means by hand, and a start that changes nothing."""

import dataclasses

import pytest
import torch

from rltn_cli.errors import ConfigError
from rltn_cli.model_config import PRESETS, ModelConfig
from rltn_cli.models.regions import RegionPooling, region_means
from rltn_cli.models.rltn import RLTN


def test_means_are_those_of_each_region_and_lines_keep_their_own() -> None:
    features = torch.tensor([[[[1.0, 3.0, 10.0], [5.0, 20.0, 7.0]]], [[[2.0, 4.0, 6.0], [8.0, 10.0, 12.0]]]])
    labels = torch.tensor([[[1, 1, 2], [0, 2, 0]], [[4, 4, 4], [4, 4, 4]]])
    expected = torch.tensor([[[[2.0, 2.0, 15.0], [5.0, 15.0, 7.0]]], [[[7.0] * 3] * 2]])
    torch.testing.assert_close(region_means(features, labels), expected)


def test_every_channel_has_its_own_mean() -> None:
    features = torch.rand(1, 5, 4, 6)
    means = region_means(features, torch.ones(1, 4, 6, dtype=torch.int64))
    torch.testing.assert_close(means, features.mean(dim=(2, 3), keepdim=True).expand_as(means))


def test_pooling_starts_as_the_identity_and_learns() -> None:
    torch.manual_seed(0)
    pooling, features = RegionPooling(8), torch.rand(2, 8, 4, 4)
    labels = torch.randint(0, 3, (2, 4, 4))
    torch.testing.assert_close(pooling(features, labels), features)
    pooling(features, labels).square().mean().backward()
    assert pooling.out.weight.grad is not None
    assert pooling.out.weight.grad.abs().max() > 0


def test_what_one_end_of_a_region_shows_reaches_the_other_end_and_no_other_region() -> None:
    torch.manual_seed(0)
    pooling = RegionPooling(4)
    torch.nn.init.normal_(pooling.out.weight)
    labels = torch.ones(1, 4, 8, dtype=torch.int64)
    labels[..., 4:] = 2
    features = torch.rand(1, 4, 4, 8)
    changed = features.clone()
    changed[:, :, 0, 0] += 1
    difference = (pooling(changed, labels) - pooling(features, labels)).abs().amax(dim=1)[0]
    assert (difference[:, :4] > 1e-4).all()
    assert (difference[:, 4:] == 0).all()


def test_a_network_that_pools_needs_labels() -> None:
    model = RLTN(dataclasses.replace(PRESETS["tiny"], region_pooling=True)).eval()
    sketch, reference = torch.ones(1, 1, 64, 64), torch.ones(1, 3, 64, 64)
    with pytest.raises(ValueError, match="needs the labels"):
        model(sketch, [reference])
    with torch.inference_mode():
        output = model(sketch, [reference], torch.ones(1, 16, 16, dtype=torch.int64))
    assert output.colors.shape == (1, 3, 64, 64)


def test_pooling_came_with_the_second_architecture() -> None:
    with pytest.raises(ConfigError, match="region_pooling needs architecture 2"):
        ModelConfig(region_pooling=True, architecture=1)
