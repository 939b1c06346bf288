"""HED: any size, no frame, the original's weights and what they see."""

import os
from pathlib import Path

import pytest
import torch
from support.rounding import assert_nearly
from torch import Tensor

from rltn_cli.engine.checkpoints.line_models import load_line_model
from rltn_cli.errors import ConfigError
from rltn_cli.models.frozen import VGG
from rltn_cli.models.hed import HED, HED_ORIGINAL, MARGIN, STRIDE, HEDConfig, reflect

TINY = HEDConfig(widths=(2, 3, 4, 4, 4), merge=3)


@pytest.fixture
def network(in_float64: None) -> HED:
    torch.manual_seed(0)
    return HED(TINY).eval()


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (17, 2), (33, 64)])
def test_six_outputs_of_the_pictures_own_size(network: HED, size: tuple[int, int]) -> None:
    outputs = network(torch.rand(2, 3, *size) * 2 - 1)
    assert [tuple(output.shape) for output in outputs] == [(2, 1, *size)] * 6
    assert all(output.isfinite().all() for output in outputs)


def test_the_fused_output_is_a_weighted_sum_of_the_side_outputs(network: HED) -> None:
    *sides, fused = network(torch.rand(1, 3, 20, 30) * 2 - 1)
    weights, bias = network.fuse.weight.flatten(), network.fuse.bias
    expected = sum((weight * side for weight, side in zip(weights, sides, strict=True)), bias)
    assert_nearly(fused, expected)


def test_a_plain_picture_has_no_frame() -> None:
    torch.manual_seed(0)
    network = HED(TINY).eval()
    plain = torch.full((1, 3, 96, 96), 0.5)
    framed, padded = network.forward_unpadded(plain)[-1], network(plain)[-1]
    corner = (padded[..., :16, :16] - padded[..., 40:56, 40:56]).abs().max()
    assert corner < 0.02 * (framed[..., :16, :16] - framed[..., 40:56, 40:56]).abs().max()


def test_a_change_beyond_the_reach_changes_nothing(network: HED) -> None:
    reach = network.reach
    assert reach < 200
    picture = torch.rand(1, 3, 16, 2 * reach + 64)
    changed = picture.clone()
    changed[..., :32] = -1
    before, after = network(picture)[-1], network(changed)[-1]
    assert not torch.equal(before, after)
    assert torch.equal(before[..., 32 + reach :], after[..., 32 + reach :])


def test_a_picture_moved_by_the_stride_gives_moved_edges(network: HED) -> None:
    picture = torch.rand(1, 3, 16, 2 * network.reach + 64)
    moved = torch.cat([torch.rand(1, 3, 16, STRIDE), picture], 3)
    here, there = network(picture)[-1], network(moved)[-1][..., STRIDE:]
    inner = slice(network.reach, -network.reach)
    assert_nearly(here[..., inner], there[..., inner])


@pytest.mark.parametrize(("length", "margin"), [(1, 3), (2, 3), (3, 5), (9, 4)])
def test_reflection_of_any_size(length: int, margin: int) -> None:
    row = torch.arange(float(length))
    period = [*range(length), *range(length - 2, 0, -1)] or [0]
    expected = torch.tensor([float(period[i % len(period)]) for i in range(-margin, length + margin)])
    assert torch.equal(reflect(row[None, None, None], margin)[0, 0, margin], expected)


@pytest.mark.usefixtures("in_float64")
def test_red_and_blue_are_swapped_and_the_mean_is_taken_off() -> None:
    network = HED(HEDConfig(widths=(1,) * 5, depths=(1,) * 5, merge=0, input_scale=1.0))
    seen: list[Tensor] = []
    network.features[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    red = torch.tensor([1.0, -1.0, 0.0]).view(1, 3, 1, 1)
    network(red)
    values = seen[0][0, :, MARGIN, MARGIN]
    expected = torch.tensor([127.5 - 104.00699, 0 - 116.66877, 255 - 122.67892])
    assert_nearly(values, expected)


def test_the_originals_trunk_is_named_as_vgg16() -> None:
    with torch.device("meta"):
        keys = {name: value.shape for name, value in HED(HED_ORIGINAL).state_dict().items()}
        trunk = {name: value.shape for name, value in VGG("vgg16").state_dict().items()}
    heads = {
        f"{name}.{kind}"
        for name in ("dsn1", "dsn2", "dsn3", "dsn4", "dsn5", "fuse")
        for kind in ("weight", "bias")
    }
    assert keys.keys() == trunk.keys() | heads
    assert all(keys[name] == shape for name, shape in trunk.items())


def test_the_twin_is_narrow() -> None:
    with torch.device("meta"):
        assert sum(value.numel() for value in HED().parameters()) <= 1_200_000


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"widths": (8, 8)}, r"widths must be five whole numbers from 1 to 1024, not \(8, 8\)"),
        ({"depths": (1, 1, 1, 1, 0)}, "depths must be five whole numbers from 1 to 8"),
        ({"merge": -1}, "merge must be a whole number from 0 to 1024, not -1"),
        ({"input_scale": 0.0}, "input_scale must be from 0.0001 to 1"),
        ({"architecture": 9}, "architecture 9, this rltn knows up to 1: update rltn"),
    ],
)
def test_sizes_out_of_bounds(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        HEDConfig(**values)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.skipif("RLTN_FROZEN" not in os.environ, reason="RLTN_FROZEN names no folder of trunks")
def test_the_original_sees_the_outline_of_a_disk() -> None:
    network = load_line_model(Path(os.environ["RLTN_FROZEN"]) / "hed_bsds500.safetensors")
    y, x = torch.meshgrid(torch.arange(160.0), torch.arange(200.0), indexing="ij")
    away = (torch.hypot(y - 80, x - 100) - 50).abs()
    disk = torch.hypot(y - 80, x - 100) < 50
    picture = torch.where(disk, torch.tensor([0.6, -0.2, -0.6])[:, None, None], 0.3)[None]
    with torch.inference_mode():
        edges = network(picture)[-1].sigmoid()[0, 0]
    assert edges[away < 1].mean() > 0.8
    assert edges[away > 20].max() < 0.1
    rim = torch.cat([edges[0], edges[-1], edges[:, 0], edges[:, -1]])
    assert rim.max() < 0.1, "a frame"
