import math

import pytest
import torch
import torch.nn.functional as F
from support.rounding import NEARLY

from rltn_cli.engine.training import losses
from rltn_cli.models.correspondence import normalize
from rltn_cli.models.frozen import VGG


@pytest.fixture(autouse=True)
def _seed(in_float64):
    torch.manual_seed(0)


def filled(*values, size=8):
    """Return constant pictures, one a value."""
    return torch.stack([torch.full((3, size, size), float(v)) for v in values])


def test_adversarial_by_hand():
    real, fake = (
        [torch.tensor([[2.0, 0.5]]), torch.tensor([[-1.0]])],
        [torch.tensor([[-3.0, 0.0]]), torch.tensor([[1.0]])],
    )
    # scale 1: mean(0, 0.5) + mean(0, 1) = 0.75; scale 2: 2 + 2 = 4
    assert losses.adversarial_discriminator(real, fake).item() == pytest.approx((0.75 + 4) / 2)
    # scale 1: 1.5; scale 2: -1
    assert losses.adversarial_generator(fake).item() == pytest.approx((1.5 - 1) / 2)


def test_reconstruction_counts_each_sample_by_its_weight():
    value = losses.reconstruction(filled(0, 0, 0), filled(0.5, -1, 1), torch.tensor([1.0, 0.5, 0.0]))
    assert value.item() == pytest.approx((0.5 + 0.5 * 1 + 0) / 3)


def test_warping_compares_patch_means():
    warped = filled(0)
    warped[:, :, ::2] = 1  # every 4x4 patch has mean 0.5
    assert losses.warping(warped, filled(0.5), torch.ones(1)).item() == pytest.approx(0, abs=NEARLY)
    assert losses.warping(warped, filled(0.75), torch.ones(1)).item() == pytest.approx(0.25)


def features(names, fill):
    return {name: torch.full((1, 2, 4, 4), float(fill)) for name in names}


def test_feature_matching_by_hand():
    output, target = features(losses.FM_WEIGHTS, 1), features(losses.FM_WEIGHTS, 3)
    expected = 2 * (1 / 32 + 1 / 16 + 1 / 8 + 1 / 4 + 1)
    assert losses.feature_matching(output, target, torch.ones(1)).item() == pytest.approx(expected)


def test_perceptual_by_hand():
    output, target = features(["relu4_2"], 1), features(["relu4_2"], 4)
    assert losses.perceptual(output, target, torch.ones(1)).item() == pytest.approx(9)


def test_lpips_is_a_mean_over_the_batch():
    distances, weights = torch.tensor([0.25, 0.5, 0.75]), torch.tensor([1.0, 0.0, 1.0])
    assert losses.lpips(distances, weights).item() == pytest.approx(1 / 3)


def naive_contextual(x, y, bandwidth):
    """Follow Mechrez et al., equations 1 to 4, one pair of positions at a time; x and y are (C, N)."""
    center = y.mean(1, keepdim=True)
    x, y = x - center, y - center
    distance = [[1 - F.cosine_similarity(a, b, dim=0).item() for b in y.T] for a in x.T]
    best = []
    for row in distance:
        weights = [math.exp((1 - d / (min(row) + 1e-3)) / bandwidth) for d in row]
        best.append(max(w / sum(weights) for w in weights))
    return -math.log(sum(best) / len(best))


def test_contextual_equals_the_naive_loops():
    x, y = torch.rand(1, 5, 6), torch.rand(1, 5, 7)
    value = losses.contextual_distance(x, y, 0.5)
    assert value.item() == pytest.approx(naive_contextual(x[0], y[0], 0.5), rel=NEARLY)


def test_contextual_is_smallest_for_the_picture_itself():
    names = losses.CTX_WEIGHTS
    one, other = ({n: torch.rand(1, 8, 6, 6) for n in names} for _ in range(2))
    same = losses.contextual(one, one, torch.ones(1))
    assert 0 <= same.item() < losses.contextual(one, other, torch.ones(1)).item()


def test_contextual_pools_large_layers():
    large = {n: torch.rand(1, 4, 64, 64) for n in losses.CTX_WEIGHTS}
    pooled = {n: F.avg_pool2d(f, 2) for n, f in large.items()}
    everyone = torch.ones(1)
    assert losses.contextual(large, large, everyone).item() == pytest.approx(
        losses.contextual(pooled, pooled, everyone).item(), abs=NEARLY
    )


def test_alignment_is_one_minus_cosine():
    a, b = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]]), torch.tensor([[[1.0, 0.0], [0.6, 0.8]]])
    assert losses.alignment(a, b).item() == pytest.approx((0 + 0.2) / 2)


def test_cycle_of_a_perfect_match_is_zero_and_of_a_wrong_one_is_not():
    picture = torch.rand(1, 3, 32, 32) * 2 - 1
    tokens = normalize(torch.randn(1, 64, 8, 8))
    assert losses.cycle(picture, tokens, tokens, picture, 0.01).item() < 1e-3
    shuffled = tokens[:, torch.randperm(64)]
    assert losses.cycle(picture, shuffled, tokens, picture, 0.01).item() > 0.2


def test_cycle_is_about_every_second_patch():
    tokens = normalize(torch.randn(1, 64, 4, 6))
    picture = torch.zeros(1, 3, 16, 24)
    reference = picture.clone()
    reference[:, :, 4:8] = 1  # the second row of patches
    assert losses.cycle(picture, tokens, tokens, reference, 0.01).item() < 1e-6
    reference[:, :, :4, :4] = 1  # one of the six patches that count
    assert losses.cycle(picture, tokens, tokens, reference, 0.01).item() == pytest.approx(1 / 6)


def test_vgg_gives_named_activations_at_their_strides():
    found = VGG("vgg16")(torch.rand(1, 3, 64, 32), ["relu1_2", "relu3_2", "relu5_2"])
    assert {n: tuple(f.shape[1:]) for n, f in found.items()} == {
        "relu1_2": (64, 64, 32),
        "relu3_2": (256, 16, 8),
        "relu5_2": (512, 4, 2),
    }
    assert all(f.min() >= 0 for f in found.values())


def test_vgg19_has_the_fourth_convolutions():
    with torch.device("meta"):
        assert "relu4_4" in VGG("vgg19").names.values()
        assert "relu4_4" not in VGG("vgg16").names.values()
        # 16 and 13 convolutions, as torchvision numbers them
        assert "features.34.weight" in VGG("vgg19").state_dict()
        assert "features.28.weight" in VGG("vgg16").state_dict()


def test_places_that_are_not_seen_count_as_equal():
    output, target = torch.zeros(2, 3, 8, 8), torch.ones(2, 3, 8, 8)
    seen = torch.ones(2, 1, 8, 8)
    seen[0, :, :, 4:] = 0
    weights = torch.tensor([1.0, 0.5])
    assert losses.reconstruction(output, target, weights, seen).item() == pytest.approx((0.5 + 0.5) / 2)
    assert losses.warping(output, target, weights, seen).item() == pytest.approx((0.5 + 0.5) / 2)
    assert losses.reconstruction(output, target, weights).item() == pytest.approx(0.75)
