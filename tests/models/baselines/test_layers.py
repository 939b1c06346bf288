"""Statistics, adaptive instance normalisation and codes, by hand."""

import pytest
import torch

from rltn_cli.models.baselines.layers import (
    EPSILON,
    CodeEncoder,
    adaptive_instance_norm,
    channel_statistics,
    mean_code,
    reflected_conv,
    stack_codes,
)


def test_statistics_are_those_of_each_channel_over_its_places() -> None:
    features = torch.tensor([[[[1.0, 3.0], [5.0, 7.0]], [[2.0, 2.0], [2.0, 2.0]]]])
    mean, std = channel_statistics(features)
    assert mean.tolist() == [[4.0, 2.0]]
    # the mean of the squared deviations 9, 1, 1 and 9 is 5
    assert std[0].tolist() == pytest.approx([(5 + EPSILON) ** 0.5, EPSILON**0.5])


def test_adain_gives_content_the_statistics_of_the_style() -> None:
    content, style = torch.randn(2, 3, 8, 8), 4 * torch.randn(2, 3, 5, 6) - 1
    wanted_mean, wanted_std = channel_statistics(style)
    mean, std = channel_statistics(adaptive_instance_norm(content, wanted_mean, wanted_std))
    torch.testing.assert_close(mean, wanted_mean, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(std, wanted_std, rtol=1e-3, atol=1e-4)


def test_adain_by_its_own_statistics_changes_nothing() -> None:
    content = torch.randn(1, 2, 8, 8)
    torch.testing.assert_close(
        adaptive_instance_norm(content, *channel_statistics(content)), content, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (3, 1), (5, 1), (7, 1), (3, 2), (4, 2)])
def test_reflected_convolutions_keep_the_size_or_divide_it(kernel: int, stride: int) -> None:
    assert reflected_conv(2, 3, kernel, stride)(torch.zeros(1, 2, 16, 8)).shape == (
        1,
        3,
        16 // stride,
        8 // stride,
    )


def test_a_code_encoder_gives_one_code_a_head() -> None:
    codes = CodeEncoder(3, 4, [8, 5])(torch.rand(2, 3, 64, 64))
    assert [tuple(code.shape) for code in codes] == [(2, 8), (2, 5)]


def test_codes_of_several_references_are_averaged() -> None:
    tokens = stack_codes([torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 6.0]])])
    assert tokens.shape == (1, 2, 2)
    assert mean_code(tokens, 3).tolist() == [[2.0, 4.0]] * 3
