"""The term `match`: what counts as right, and the likelihood of finding it."""

import dataclasses
import math

import pytest
import torch

from rltn_cli.data.matching import MatchTargets
from rltn_cli.engine.training.match_loss import coords_log_kernel, deformation_log_kernel, match


def drawn_targets(**values):
    """Return the targets of one sample of two tokens, its reference having three, with what is named."""
    plain = {
        "tokens": torch.tensor([[0, 1]]),
        "target_lab": torch.tensor([[[50.0, 0, 0], [50.0, 90, 0]]]),
        "reference_lab": torch.tensor([[[50.0, 0, 0], [50.0, 6, 0], [50.0, 0, 60]]]),
        "places": torch.zeros(1, 2, 2),
        "reference_places": torch.full((1, 3, 2), 9.0),
        "inside": torch.ones(1, 3, dtype=torch.bool),
        "coords": torch.zeros(1, 2, 4),
        "reference_coords": torch.zeros(1, 3, 4),
    }
    return MatchTargets(**(plain | values))


def unit(*angles):
    return torch.tensor([[[math.cos(a), math.sin(a)] for a in angles]])


def test_match_by_color_is_the_likelihood_of_the_right_colors():
    # the first token's colour is the reference's first, one standard deviation from its second, and far from
    # its third; the second token's colour is not there, so that it does not count
    content, style = unit(0.0, 1.0), unit(0.0, 0.5, 2.0)
    logits = [math.cos(a) / 0.5 for a in (0.0, 0.5, 2.0)]
    everything = sum(math.exp(value) for value in logits)
    right = math.exp(logits[0]) + math.exp(logits[1] - 0.5) + math.exp(logits[2] - 13.8)
    found = match(content, style, drawn_targets(), torch.zeros(1), 0.5, place=0.0)
    assert found.item() == pytest.approx(math.log(everything / right), rel=1e-5)


def test_match_is_near_zero_where_only_the_right_token_is_chosen_and_large_where_a_wrong_one_is():
    right = match(unit(0.0, 1.0), unit(0.0, 2.0, 2.0), drawn_targets(), torch.zeros(1), 0.01, place=0.0)
    wrong = match(unit(0.0, 1.0), unit(2.0, 2.0, 0.0), drawn_targets(), torch.zeros(1), 0.01, place=0.0)
    assert right.item() == pytest.approx(0, abs=1e-4)
    assert wrong.item() == pytest.approx(13.8, abs=0.01)  # the floor keeps a gradient there


def test_match_has_a_gradient_where_the_softmax_is_sure_and_wrong():
    content = unit(0.0, 1.0).requires_grad_()
    match(content, unit(0.4, 1.0, 0.05), drawn_targets(), torch.zeros(1), 0.01, place=0.0).backward()
    assert content.grad[0, 0].norm() > 10


def test_match_by_the_place_of_a_deformed_picture():
    # a grid of 2 tokens a side: tokens lie 1 apart in [-1, 1]; the second reference token is half a token off
    found = drawn_targets(
        places=torch.tensor([[[-0.5, -0.5], [5.0, 5.0]]]),
        reference_places=torch.tensor([[[0.5, -0.5], [0.0, -0.5], [-0.5, -0.5]]]),
    )
    expected = [-(1.0**2) / (2 * 0.8**2), -(0.5**2) / (2 * 0.8**2), 0.0]
    torch.testing.assert_close(deformation_log_kernel(found, 2)[0, 0], torch.tensor(expected))
    assert (deformation_log_kernel(found, 2)[0, 1] == -18).all()
    outside = dataclasses.replace(found, inside=torch.tensor([[True, True, False]]))
    assert deformation_log_kernel(outside, 2)[0, 0, 2] == -18


def test_match_by_places_on_figures_asks_for_the_same_part():
    found = drawn_targets(
        coords=torch.tensor([[[10.0, 20, 30, 130], [10.0, 20, 30, 0]]]),
        reference_coords=torch.tensor([[[10.0, 20, 37, 130], [10.0, 20, 30, 131], [10.0, 20, 30, 0]]]),
    )
    rightness = coords_log_kernel(found)[0]
    torch.testing.assert_close(rightness[0], torch.tensor([-0.5, -18.0, -18.0]))
    assert (rightness[1] == -18).all()  # paper is nowhere on a figure


def test_match_takes_the_place_from_the_deformation_of_pseudo_pairs_and_from_coords_otherwise():
    found = drawn_targets(
        places=torch.zeros(1, 2, 2),
        reference_places=torch.tensor([[[0.0, 0.0], [9.0, 9.0], [9.0, 9.0]]]),
        coords=torch.tensor([[[1.0, 1, 1, 130]] * 2]),
        reference_coords=torch.tensor([[[9.0, 99, 1, 130], [1.0, 1, 1, 130], [9.0, 99, 1, 130]]]),
    )
    content, style = unit(0.0, 0.0, 0.0, 0.0), unit(1.0, 0.0, 2.0)
    color = match(content, style, found, torch.ones(1), 0.1, place=0.0)
    deformed = match(content, style, found, torch.ones(1), 0.1, place=1.0) - color
    posed = match(content, style, found, torch.zeros(1), 0.1, place=1.0) - color
    assert posed.item() < 0.02  # the second token, which the features choose
    assert deformed.item() > 4
