"""The networks that RLTN is compared with: shapes, what their results depend on, and their costs."""

import pytest
import torch

from rltn_cli.baseline_config import BASELINE_PRESETS, AdaINConfig, baseline_preset
from rltn_cli.errors import ConfigError
from rltn_cli.model_config import PRESETS
from rltn_cli.models.architectures import build_network
from rltn_cli.models.baselines.adain import AdaIN
from rltn_cli.models.baselines.drit import DRIT
from rltn_cli.models.baselines.scft import SCFT, FeatureTransfer, similarity
from rltn_cli.models.cost import measure_cost
from rltn_cli.models.painted import ReferenceTokens

NAMES = ("adain", "munit", "drit", "scft")


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("name", NAMES)
def test_a_network_paints_any_size_by_one_or_several_references(name: str) -> None:
    model = build_network(BASELINE_PRESETS["tiny"][name]).eval()
    sketch = torch.rand(2, 1, 64, 96) * 2 - 1
    references = [torch.rand(1, 3, 80, 64) * 2 - 1, torch.rand(1, 3, 64, 128) * 2 - 1]
    with torch.inference_mode():
        tokens = model.encode_references(references)
        painted = model.colorize(sketch, tokens).colors
        alone = model(sketch[1:], references).colors
    assert tokens.patches.shape == (*tokens.style.shape[:2], 0)
    assert painted.shape == (2, 3, 64, 96)
    torch.testing.assert_close(painted[1:], alone, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_a_result_depends_on_sketch_and_reference(name: str) -> None:
    model = build_network(BASELINE_PRESETS["tiny"][name]).eval()
    sketch, other = torch.rand(2, 1, 1, 64, 64).unbind()
    reference, foreign = torch.rand(2, 1, 3, 64, 64).unbind()
    with torch.inference_mode():
        first = model(sketch, [reference]).colors
        assert not torch.equal(model(other, [reference]).colors, first)
        assert not torch.equal(model(sketch, [foreign]).colors, first)


@pytest.mark.parametrize("name", NAMES)
def test_no_reference_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="at least one reference"):
        build_network(BASELINE_PRESETS["tiny"][name]).encode_references([])


@pytest.mark.parametrize(("name", "gflop"), [("adain", 65), ("munit", 20), ("drit", 20), ("scft", 20)])
def test_small_costs_about_what_rltn_small_costs(name: str, gflop: float) -> None:
    """AdaIN's frozen VGG16 alone costs 54 GFLOP for two pictures."""
    counted = measure_cost(BASELINE_PRESETS["small"][name])
    assert measure_cost(PRESETS["small"]).flop / 1.5 < counted.flop <= gflop * 1e9


def test_a_preset_that_is_rltns_alone_is_refused() -> None:
    with pytest.raises(ConfigError, match="munit has the presets tiny, small, paper; base is RLTN's alone"):
        baseline_preset("munit", "base")


def test_sizes_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="widths must be from 1 to 4096, not 0"):
        AdaINConfig(widths=(8, 0, 8))


def test_only_the_decoder_of_adain_is_trained() -> None:
    model = build_network(BASELINE_PRESETS["tiny"]["adain"])
    trained = {name.partition(".")[0] for name, value in model.named_parameters() if value.requires_grad}
    assert trained == {"decoder"}
    assert "encoder.features.19.weight" not in model.state_dict()  # conv4_2


def test_adain_decodes_the_normalised_features() -> None:
    model = build_network(BASELINE_PRESETS["tiny"]["adain"]).eval()
    assert isinstance(model, AdaIN)
    sketch, reference = torch.rand(1, 1, 64, 64), torch.rand(1, 3, 64, 64)
    tokens = model.encode_references([reference])
    target = model.target_features(sketch, tokens)
    torch.testing.assert_close(
        torch.cat([target.mean(dim=(2, 3)), target.std(dim=(2, 3), correction=0)], dim=1),
        tokens.style[:, 0],
        rtol=0.05,
        atol=5e-3,
    )


def test_drits_domains_share_a_block_of_content_and_one_of_the_generator() -> None:
    model = build_network(BASELINE_PRESETS["tiny"]["drit"])
    assert isinstance(model, DRIT)
    picture, attribute = torch.rand(1, 1, 64, 64), torch.rand(1, 8)
    before = model.generate(model.line, model.encode_content(model.line, picture), attribute)
    names = [name for name, _ in model.named_parameters() if name.startswith("shared")]
    assert {name.split(".")[0] for name in names} == {"shared_content", "shared_generator"}
    with torch.no_grad():
        model.shared_generator.mixes[1][2].weight.add_(1)
    assert not torch.equal(
        model.generate(model.line, model.encode_content(model.line, picture), attribute), before
    )


def test_scaled_dot_products_by_hand() -> None:
    queries = torch.tensor([[[1.0, 2.0, 0.0, 0.0]]])
    keys = torch.tensor([[[3.0, 4.0, 9.0, 9.0], [0.0, -1.0, 0.0, 0.0]]])
    assert similarity(queries, keys).tolist() == [[[5.5, -1.0]]]


def test_feature_transfer_adds_the_value_of_the_key_that_matches() -> None:
    transfer = FeatureTransfer(2)
    with torch.no_grad():
        for layer, scale in ((transfer.query, 1000.0), (transfer.key, 1.0), (transfer.value, 10.0)):
            layer.weight.copy_(scale * torch.eye(2))
    sketch = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    reference = torch.tensor([[[0.0, 1.0], [1.0, 0.0]]])
    assert transfer(sketch, reference).tolist() == [[[11.0, 0.0], [0.0, 11.0]]]


def test_scft_does_not_care_about_the_order_of_the_references_features() -> None:
    model = build_network(BASELINE_PRESETS["tiny"]["scft"]).eval()
    assert isinstance(model, SCFT)
    sketch = torch.rand(1, 1, 64, 64)
    with torch.inference_mode():
        tokens = model.encode_references([torch.rand(1, 3, 64, 64)])
        turned = ReferenceTokens(tokens.style.flip(1), tokens.patches.flip(1))
        torch.testing.assert_close(
            model.colorize(sketch, tokens).colors, model.colorize(sketch, turned).colors, rtol=1e-4, atol=1e-5
        )
