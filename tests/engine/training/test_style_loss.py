import pytest
import torch
from support.rounding import NEARLY

from rltn_cli.engine.training.style_loss import SCL_LAYERS, gram, style_contrastive

pytestmark = pytest.mark.usefixtures("in_float64")


def test_gram_by_hand():
    x = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]])  # C 2, H 1, W 2
    assert torch.allclose(gram(x), torch.tensor([[[5.0, 11.0], [11.0, 25.0]]]) / 4)


def scl_features(scale):
    return {name: torch.full((1, 1, 1, 1), float(scale)) for name in SCL_LAYERS}


def test_style_contrastive_is_equation_4():
    # Gram matrices of 1x1x1 features are their squares: warped 1, reference 1.21, target 1.44
    warped, reference, target = scl_features(1), scl_features(1.1), scl_features(1.2)
    expected = 1 - 4 * 0.44 / (0.01 + 4 * 0.21)
    assert style_contrastive(warped, reference, target, torch.ones(1)).item() == pytest.approx(
        max(0, expected)
    )
    expected = 1 - 4 * 0.21 / (0.01 + 4 * 0.44)
    swapped = style_contrastive(warped, target, reference, torch.ones(1))
    assert swapped.item() == pytest.approx(expected, rel=NEARLY)


def test_style_contrastive_has_a_finite_gradient_at_its_goal():
    base = torch.rand(1, 3, 4, 4)
    warped = {n: base.clone().requires_grad_() for n in SCL_LAYERS}
    same = dict.fromkeys(SCL_LAYERS, base)
    style_contrastive(warped, same, same, torch.ones(1)).backward()
    assert all(torch.isfinite(w.grad).all() for w in warped.values())
