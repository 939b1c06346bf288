import pytest
import torch
import torch.nn.functional as F
from support.rounding import assert_nearly
from torch.autograd import gradcheck

from rltn_cli.models.normalisation import instance_norm, modulate


@pytest.fixture(autouse=True)
def _seed(in_float64):
    torch.manual_seed(0)


def test_instance_norm_equals_torch():
    x = torch.randn(2, 3, 5, 7) * 4 + 2
    assert_nearly(instance_norm(x), F.instance_norm(x))


def test_modulation_scales_and_shifts():
    x, scale_shift = torch.tensor([2.0, 3.0]), torch.tensor([10.0, 20.0, 0.5, -1.0])
    modulated = modulate(x.reshape(1, 2, 1, 1), scale_shift.reshape(1, 4, 1, 1))
    assert modulated.flatten().tolist() == [2 + 20 + 0.5, 3 + 60 - 1]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_what_is_computed_does_not_depend_on_whether_a_gradient_is_asked_for(layout):
    x = torch.randn(2, 4, 6, 6).contiguous(memory_format=layout)
    both = torch.randn(2, 8, 6, 6).contiguous(memory_format=layout)
    with_gradient = modulate(instance_norm(x.requires_grad_()), both)
    with torch.no_grad():
        assert torch.equal(modulate(instance_norm(x), both), with_gradient)


def test_gradients_are_those_of_the_differences():
    x = torch.randn(2, 3, 4, 4, requires_grad=True)
    assert gradcheck(instance_norm, (x,))
    assert gradcheck(modulate, (x, torch.randn(2, 6, 4, 4, requires_grad=True)))


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_the_gradient_of_instance_norm_is_pytorchs(layout):
    x = (torch.randn(2, 3, 5, 7) * 3 + 1).contiguous(memory_format=layout).requires_grad_()
    weight = torch.randn(2, 3, 5, 7)
    (own,) = torch.autograd.grad((instance_norm(x) * weight).sum(), x)
    (expected,) = torch.autograd.grad((F.instance_norm(x) * weight).sum(), x)
    assert_nearly(own, expected)


def test_half_precision_stays_what_it_is():
    x = torch.randn(1, 2, 4, 4, dtype=torch.bfloat16, requires_grad=True)
    normed = instance_norm(x)
    normed.sum().backward()
    assert normed.dtype == x.grad.dtype == torch.bfloat16
