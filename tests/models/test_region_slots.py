"""Regions and colours, described for the region match: numbers by hand."""

import math

import pytest
import torch

from rltn_cli.models.painted import ReferenceTokens
from rltn_cli.models.region_slots import (
    REGIONS,
    VOTERS,
    RegionSlots,
    describe_colors,
    describe_regions,
    grid_places,
)
from rltn_cli.models.windows import Grid

LABELS = torch.tensor([[3, 3, 3, 0], [3, 3, 3, 1], [0, 0, 0, 1], [2, 2, 2, 0]])


def test_the_largest_region_comes_first_and_lines_belong_to_none():
    slots = RegionSlots.of(LABELS)
    assert slots.sizes.tolist() == [6, 3, 2]
    expected = [[0, 0, 0, 3], [0, 0, 0, 2], [3, 3, 3, 2], [1, 1, 1, 3]]
    assert slots.of_tokens.view(4, 4).tolist() == expected


def test_of_equal_regions_the_lower_label_comes_first():
    assert RegionSlots.of(torch.tensor([[2, 2], [1, 1]])).of_tokens.tolist() == [1, 1, 0, 0]


def test_a_page_of_lines_alone_has_one_empty_region():
    slots = RegionSlots.of(torch.zeros(4, 4, dtype=torch.int64))
    assert slots.sizes.tolist() == [0]
    assert slots.of_tokens.unique().tolist() == [1]
    assert len(slots.voters) == 0
    assert slots.means(torch.ones(16, 2)).tolist() == [[0, 0]]


def test_only_the_largest_regions_take_part():
    labels = torch.arange(1, 257).view(16, 16)
    labels[0, :8] = 1
    slots = RegionSlots.of(labels)
    assert len(slots.sizes) == REGIONS
    assert slots.sizes[0] == 8
    assert (slots.of_tokens == REGIONS).sum() == 256 - 8 - (REGIONS - 1)


def test_every_token_of_a_small_region_votes_and_some_of_a_large_one_spread_evenly():
    labels = torch.ones(16, 16, dtype=torch.int64)
    labels[0, :5] = 2
    slots = RegionSlots.of(labels)
    votes = slots.of_tokens[slots.voters]
    assert (votes == 1).sum() == 5
    large = slots.voters[votes == 0]
    assert len(large) == VOTERS
    gaps = large.diff()
    assert gaps.max() - gaps.min() <= 1
    assert large.unique().numel() == VOTERS


def test_means_are_those_of_each_region():
    slots = RegionSlots.of(LABELS)
    values = torch.arange(16.0)[:, None]
    assert slots.means(values)[:, 0].tolist() == [
        (0 + 1 + 2 + 4 + 5 + 6) / 6,
        (12 + 13 + 14) / 3,
        (7 + 11) / 2,
    ]
    assert slots.means(torch.tensor([[4.0], [8.0]]), torch.tensor([0, 1]))[:, 0].tolist() == [6, 0, 0]


def test_borders_are_shared_with_those_that_lie_one_or_two_tokens_away():
    borders = RegionSlots.of(torch.tensor([[1, 1, 0, 2]] * 4)).borders(4, 4)
    assert borders.tolist() == [[0, 1], [1, 0]]
    apart = RegionSlots.of(torch.tensor([[1, 0, 0, 2]] * 4)).borders(4, 4)
    assert apart.tolist() == [[0, 0], [0, 0]]


def test_borders_are_shares():
    # 3 touches 1 at one token, and 2 across a line of one token at three
    borders = RegionSlots.of(LABELS).borders(4, 4)
    assert borders.sum(dim=1).tolist() == pytest.approx([1, 1, 1])
    assert borders[0, 1] > borders[0, 2]


def test_places_are_the_middles_of_tokens():
    assert grid_places(Grid(1, 2), torch.device("cpu")).tolist() == [[-0.5, 0], [0.5, 0]]
    assert grid_places(Grid(2, 1), torch.device("cpu")).tolist() == [[0, -0.5], [0, 0.5]]


def test_a_region_is_described_by_its_means_its_place_and_its_size():
    labels = torch.ones(4, 4, dtype=torch.int64)
    labels[:, 2:] = 2
    slots, grid = RegionSlots.of(labels), Grid(4, 4)
    queries = torch.zeros(16, 8)
    queries[labels.flatten() == 2, 3] = 1.0
    context = torch.full((16, 5), 2.0)
    votes = torch.where(
        (labels.flatten() == 1)[slots.voters, None], torch.tensor([3.0, 1.0]), torch.tensor([0.0, 2.0])
    )
    regions = describe_regions(slots, queries, context, votes, grid)
    assert regions.features.shape == (1, 2, 8 + 5 + 5)
    left, right = regions.features[0]
    assert left[:8].tolist() == [0] * 8
    assert right[:8].tolist() == [0, 0, 0, 6, 0, 0, 0, 0]
    assert left[8:13].tolist() == [2] * 5
    # x is on average -0.5 and varies by 0.25, y is 0 and varies by the root of (0.75^2 + 0.25^2) / 2
    vertical = 2 * math.sqrt((0.75**2 + 0.25**2) / 2)
    assert left[13:17].tolist() == pytest.approx([-1, 0, 0.5, vertical])
    assert right[13:17].tolist() == pytest.approx([1, 0, 0.5, vertical])
    assert left[17] == pytest.approx((math.log2(8 * 4096 / 16) - 5) / 2)  # as if the page had 4,096 tokens
    logarithms, arithmetic = regions.votes[0]
    assert logarithms[0].tolist() == pytest.approx([math.log(0.751), math.log(0.251)])
    assert logarithms[1].tolist() == pytest.approx([math.log(0.001), math.log(1.001)], abs=1e-6)
    torch.testing.assert_close(arithmetic, logarithms)
    assert regions.known.tolist() == [[True, True]]


def test_the_geometric_mean_is_low_where_one_token_rules_a_colour_out():
    labels = torch.ones(1, 2, dtype=torch.int64)
    votes = torch.tensor([[1.0, 0.0], [0.5, 0.5]])
    slots = RegionSlots.of(labels)
    logarithms, arithmetic = describe_regions(
        slots, torch.zeros(2, 8), torch.zeros(2, 1), votes, Grid(1, 2)
    ).votes[0]
    assert logarithms[0, 1].item() == pytest.approx((math.log(0.001) + math.log(0.501)) / 2)
    assert arithmetic[0, 1].item() == pytest.approx(math.log(0.251))


def test_a_colour_is_described_by_the_tokens_that_have_it():
    grids = (Grid(1, 2), Grid(1, 2))
    style = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]]])
    tokens = ReferenceTokens(style, torch.zeros(1, 4, 24), grids=grids)
    context = torch.tensor([[[1.0], [2.0], [3.0], [5.0]]])
    shares = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]]])
    lab = torch.tensor([[40.0, 0.0, -20.0], [80.0, 20.0, 0.0]])
    first, second = describe_colors(tokens, context, shares, lab)[0]
    assert first[:3].tolist() == [6, 0, 3]
    assert second[:3].tolist() == [0, 6, 2.5]
    # both lie left in one reference and right in the other
    assert first[3:7].tolist() == pytest.approx([0, 0, 1, 0])
    assert first[7] == pytest.approx((math.log2(0.5001) + 6) / 2)
    assert first[8:].tolist() == pytest.approx([1, 0, -0.5])
    assert second[8:].tolist() == pytest.approx([2, 0.5, 0])
