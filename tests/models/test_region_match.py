"""Matching regions with colours: a start without effect, symmetries, and what favour does to a match."""

import dataclasses

import pytest
import torch
from support.rounding import assert_nearly

from rltn_cli.errors import ConfigError
from rltn_cli.model_config import PRESETS, ModelConfig
from rltn_cli.models import region_match
from rltn_cli.models.correspondence import warp
from rltn_cli.models.painted import ReferenceTokens
from rltn_cli.models.region_match import MOST, SHARPNESS, RegionMatch, favoured
from rltn_cli.models.region_slots import Regions, RegionSlots
from rltn_cli.models.rltn import RLTN

LABELS = torch.tensor([[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 0, 0], [3, 3, 0, 0]])


def trained(layers=2):
    """A match with random weights instead of those that it starts with."""
    torch.manual_seed(0)
    match = RegionMatch(8, 4, layers)
    for value in match.parameters():
        torch.nn.init.normal_(value, std=0.3)
    return match.eval()


def described(regions=3, colors=5, seed=1):
    generator = torch.Generator().manual_seed(seed)
    votes = torch.rand(1, 2, regions, colors, generator=generator).log_softmax(dim=3)
    features = torch.randn(1, regions, 8 + 4 + 5, generator=generator)
    borders = torch.rand(1, regions, regions, generator=generator)
    known = torch.ones(1, regions, dtype=torch.bool)
    return Regions(features, votes, borders, known), torch.randn(1, colors, 8 + 4 + 8, generator=generator)


def test_it_starts_with_the_votes_and_favours_what_most_vote_for(monkeypatch):
    monkeypatch.setattr(region_match, "MOST", 99.0)
    regions, colors = described()
    match = RegionMatch(8, 4, 2)
    votes = regions.votes[:, 0]
    torch.testing.assert_close(match(regions, colors), votes)
    favour = match.favour(RegionSlots.of(LABELS), regions, colors)
    assert favour.shape == (16, 5)
    wanted = (votes[0, 0] + favour[0]).softmax(dim=0)  # of the first region, whose first token is the first
    torch.testing.assert_close(
        wanted, votes[0, 0].exp() ** SHARPNESS / (votes[0, 0].exp() ** SHARPNESS).sum()
    )


def test_it_learns():
    regions, colors = described()
    match = RegionMatch(8, 4, 2)
    optimizer = torch.optim.Adam(match.parameters(), 1e-2)
    right = torch.tensor([4, 0, 2])
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(match(regions, colors)[0], right)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert match(regions, colors)[0].argmax(dim=1).tolist() == right.tolist()


def test_the_order_of_regions_and_colors_does_not_matter():
    regions, colors = described()
    match, some, others = trained(), torch.tensor([2, 0, 1]), torch.tensor([3, 1, 4, 0, 2])
    turned = Regions(
        regions.features[:, some],
        regions.votes[:, :, some][..., others],
        regions.borders[:, some][:, :, some],
        regions.known[:, some],
    )
    expected = match(regions, colors)[:, some][..., others]
    torch.testing.assert_close(match(turned, colors[:, others]), expected, rtol=1e-4, atol=1e-4)


def test_what_fills_a_batch_up_does_not_matter():
    regions, colors = described()
    match = trained()
    filled = Regions(
        torch.nn.functional.pad(regions.features, (0, 0, 0, 2), value=3.0),
        torch.nn.functional.pad(regions.votes, (0, 1, 0, 2), value=-1.0),
        torch.nn.functional.pad(regions.borders, (0, 2, 0, 2), value=0.5),
        torch.tensor([[True] * 3 + [False] * 2]),
    )
    more = torch.nn.functional.pad(colors, (0, 0, 0, 1), value=2.0)
    shown = torch.tensor([[True] * 5 + [False]])
    logits = match(filled, more, shown)
    torch.testing.assert_close(logits[:, :3, :5], match(regions, colors), rtol=1e-4, atol=1e-4)
    assert logits[:, :3].softmax(dim=2)[..., 5].max() == 0


def test_lines_are_not_favoured_and_changes_are_limited():
    regions, colors = described()
    match = trained()
    with torch.no_grad():
        match.query.weight.mul_(100)
    favour = match.favour(RegionSlots.of(LABELS), regions, colors).view(4, 4, 5)
    assert (favour[2:, 2:] == 0).all()
    assert favour.abs().max() == MOST
    for rows, columns in ((slice(0, 2), slice(0, 2)), (slice(0, 2), slice(2, 4)), (slice(2, 4), slice(0, 2))):
        inside = favour[rows, columns].flatten(0, 1)
        assert (inside == inside[0]).all()


def test_favour_multiplies_the_attention_to_a_colour():
    torch.manual_seed(0)
    queries, style = torch.rand(1, 3, 8), torch.rand(1, 6, 8)
    shares = torch.eye(2).repeat(3, 1)[None]  # tokens of two colours, in turn
    tokens = ReferenceTokens(style, torch.zeros(1, 6, 24), more=shares)
    before = warp(queries, style, torch.eye(6)[None], 0.1)
    favour = torch.zeros(1, 3, 2)
    favour[0, 1, 0] = 1.5
    changed, keys = favoured(queries, tokens, favour, 0.1)
    after = warp(changed, keys.style, torch.eye(6)[None], 0.1)
    torch.testing.assert_close(after[0, [0, 2]], before[0, [0, 2]])
    wanted = before[0, 1] * torch.tensor([1.5, 0.0]).repeat(3).exp()
    torch.testing.assert_close(after[0, 1], wanted / wanted.sum())


def test_nothing_is_added_where_nothing_is_favoured():
    queries = torch.rand(1, 3, 8)
    tokens = ReferenceTokens(torch.rand(1, 6, 8), torch.zeros(1, 6, 24))
    assert favoured(queries, tokens, None, 0.1) == (queries, tokens)


@pytest.fixture
def model(in_float64):
    """A tiny network whose regions are matched by random weights."""
    torch.manual_seed(0)
    config = dataclasses.replace(PRESETS["tiny"], region_pooling=True, region_match=1)
    network = RLTN(config).eval()
    for value in network.region_match.parameters():
        torch.nn.init.normal_(value, std=0.1)
    return network


def painted(model, sketch, labels, references, shares):
    tokens = model.with_colors(
        model.encode_references(references), shares, torch.tensor([[50.0, 0, 0], [90, 0, 0]])
    )
    return model.colorize(sketch, tokens, labels)


def test_a_sketch_is_painted_alike_alone_and_in_a_batch(model):
    sketches = torch.rand(2, 1, 64, 64) * 2 - 1
    labels = torch.randint(0, 5, (2, 16, 16))
    reference = torch.rand(1, 3, 64, 64) * 2 - 1
    shares = torch.rand(1, 256, 2)
    with torch.inference_mode():
        both = painted(model, sketches, labels, [reference], shares)
        for i in range(2):
            alone = painted(model, sketches[i : i + 1], labels[i : i + 1], [reference], shares)
            assert_nearly(both.colors[i : i + 1], alone.colors)
            assert_nearly(both.more[i : i + 1], alone.more)


def test_favour_holds_for_all_that_is_brought(model):
    sketch, reference = torch.rand(1, 1, 64, 64) * 2 - 1, torch.rand(1, 3, 64, 64) * 2 - 1
    labels, shares = torch.randint(0, 4, (1, 16, 16)), torch.rand(1, 256, 2)
    with torch.inference_mode():
        output = painted(model, sketch, labels, [reference], shares)
        assert output.favour.abs().max() > 0
        assert_nearly(output.bring(shares, model.config.temperature), output.more)
        assert model.matches(output).shape == (1, 256)
        assert model.confidence(output).abs().max() <= 1 + 1e-9


def test_without_colors_or_labels_the_network_matches_as_before(model):
    sketch, reference = torch.rand(1, 1, 64, 64), torch.rand(1, 3, 64, 64)
    labels = torch.ones(1, 16, 16, dtype=torch.int64)
    plain = RLTN(dataclasses.replace(model.config, region_match=0)).eval()
    plain.load_state_dict({k: v for k, v in model.state_dict().items() if "region_match" not in k})
    with torch.inference_mode():
        one, other = model(sketch, [reference], labels), plain(sketch, [reference], labels)
    assert one.favour is None
    assert torch.equal(one.colors, other.colors)


def test_matching_of_regions_came_with_the_third_architecture_and_needs_pooling():
    with pytest.raises(ConfigError, match="region_match needs architecture 3"):
        ModelConfig(region_pooling=True, region_match=3, architecture=2)
    with pytest.raises(ConfigError, match="region_match needs region_pooling"):
        ModelConfig(region_match=3)
    with pytest.raises(ConfigError, match="region_match must be from 0 to 4096"):
        ModelConfig(region_pooling=True, region_match=-1)
