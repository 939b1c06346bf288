"""The loss terms of the compared methods, against values computed by hand."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from rltn_cli.data.augmentation import deform, make_sampling_grid
from rltn_cli.engine.training.baselines import adain, drit, munit, scft
from rltn_cli.models.baselines.adain import STYLE_LAYERS
from rltn_cli.models.baselines.drit import sample_attribute


def value(tensor: Tensor) -> float:
    return float(tensor)


def test_adains_content_loss_is_a_mean_square() -> None:
    painted, target = torch.tensor([1.0, 2.0, 3.0, 4.0]), torch.tensor([1.0, 0.0, 3.0, 1.0])
    assert value(adain.content_loss(painted, target)) == (4 + 9) / 4


def test_adains_style_loss_compares_means_and_deviations_of_every_layer() -> None:
    same = torch.tensor([[[[0.0, 2.0]]]])  # mean 1, deviation 1
    other = torch.tensor([[[[0.0, 8.0]]]])  # mean 4, deviation 4
    flat = dict.fromkeys(STYLE_LAYERS, same)
    assert value(adain.style_loss(flat, flat)) == 0
    differing = flat | {"relu3_1": other}
    assert value(adain.style_loss(flat, differing)) == pytest.approx(9 + 9, rel=1e-4)
    assert value(adain.style_loss(flat, dict.fromkeys(STYLE_LAYERS, other))) == pytest.approx(72, rel=1e-4)


def test_munits_least_squares_losses_sum_over_scales() -> None:
    real, fake = (
        [torch.tensor([1.0, 3.0]), torch.tensor([0.0])],
        [torch.tensor([2.0, 0.0]), torch.tensor([1.0])],
    )
    # scale 1: (0 + 4) / 2 + (4 + 0) / 2; scale 2: 1 + 1
    assert value(munit.discriminator_loss(real, fake)) == 2 + 2 + 1 + 1
    # scale 1: (1 + 1) / 2; scale 2: 0
    assert value(munit.generator_loss(fake)) == 1


def test_drits_divergence_from_the_normal_distribution() -> None:
    assert value(drit.kl_divergence(torch.zeros(3, 8), torch.zeros(3, 8))) == 0
    mean, log_variance = (
        torch.tensor([[2.0, 0.0], [0.0, 0.0]]),
        torch.tensor([[0.0, math.log(3)], [0.0, 0.0]]),
    )
    # first sample: 1/2 (4) + 1/2 (3 - 1 - log 3); second: 0
    expected = (2 + (2 - math.log(3)) / 2) / 2
    assert value(drit.kl_divergence(mean, log_variance)) == pytest.approx(expected)


def test_an_attribute_is_its_mean_plus_its_deviation_times_the_noise() -> None:
    drawn = sample_attribute(torch.tensor([1.0]), torch.tensor([math.log(4)]), torch.tensor([-3.0]))
    assert value(drawn) == pytest.approx(1 - 2 * 3)


def test_drits_content_losses_are_cross_entropies() -> None:
    sure, unsure = torch.tensor([[math.log(3)]]), torch.zeros(1, 1)  # probabilities 3/4 and 1/2
    assert value(drit.content_discrimination(sure, unsure)) == pytest.approx(-math.log(3 / 4) + math.log(2))
    assert value(drit.content_confusion(unsure, unsure)) == pytest.approx(2 * math.log(2))
    expected = -math.log(3 / 4) / 2 - math.log(1 / 4) / 2 + math.log(2)
    assert value(drit.content_confusion(sure, unsure)) == pytest.approx(expected)


def test_drits_discriminators_weigh_fakes_as_much_as_real_pictures() -> None:
    scores = [torch.zeros(1)] * 2
    assert value(drit.domain_discrimination(scores, scores * 2)) == pytest.approx(4 * math.log(2))


def test_scfts_adversarial_losses() -> None:
    score = [torch.tensor([math.log(3)])]
    assert value(scft.generator_loss(score)) == pytest.approx(-math.log(3 / 4))
    assert value(scft.discriminator_loss(score, score)) == pytest.approx(-math.log(3 / 4) - math.log(1 / 4))


def test_scfts_triplet_loss_by_hand() -> None:
    """d is 4, so that products are halved; one query matches by far, one does not, one is outside."""
    queries = torch.tensor([[[8.0, 0, 0, 0], [1.0, 0, 0, 0], [9.0, 0, 0, 0]]])
    positive = torch.tensor([[[8.0, 0, 0, 0], [1.0, 0, 0, 0], [-9.0, 0, 0, 0]]])
    negative = torch.tensor([[[-1.0, 0, 0, 0], [3.0, 0, 0, 0], [9.0, 0, 0, 0]]])
    inside = torch.tensor([[True, True, False]])
    # -32 - 4 + 12 < 0; -0.5 + 1.5 + 12 = 13
    assert value(scft.triplet_loss(queries, positive, negative, inside)) == 13 / 2
    assert value(scft.triplet_loss(queries, positive, negative, ~inside & False)) == 0


def test_a_spline_without_bend_is_the_identity() -> None:
    still = scft.spline(np.random.default_rng(0), 0.0)
    picture = torch.rand(1, 3, 32, 32)
    torch.testing.assert_close(deform(picture, [still]), picture, rtol=0, atol=1e-6)
    bent = scft.spline(np.random.default_rng(0), scft.BEND)
    assert not torch.allclose(deform(picture, [bent]), picture, atol=0.1)


def test_an_augmented_self_reference_is_the_target_moved() -> None:
    picture = torch.full((2, 3, 32, 32), 0.1)
    made = scft.augment_self(picture, torch.Generator().manual_seed(0))
    # one shift for each sample and channel, of at most 50 levels
    shifts = (made.target - picture).flatten(2)
    assert shifts.std(dim=2).max() == 0
    assert 0 < shifts.abs().max() <= scft.NOISE
    assert len(torch.unique(shifts[..., 0])) == 6
    # a flat picture stays flat where it is bent
    torch.testing.assert_close(made.reference, made.target, rtol=0, atol=1e-5)
    grids = make_sampling_grid(made.deformations, 4, 4)
    assert not torch.equal(grids[0], grids[1])


def test_scfts_feature_losses_are_zero_for_the_target_itself() -> None:
    features = {name: torch.rand(1, 4, 8, 8) for name in scft.LAYERS}
    moved = {name: values + 0.5 for name, values in features.items()}
    assert value(scft.perceptual_loss(features, features)) == value(scft.style_loss(features, features)) == 0
    assert value(scft.perceptual_loss(moved, features)) == pytest.approx(0.5 * len(scft.LAYERS))
    assert value(scft.style_loss(moved, features)) > 0
