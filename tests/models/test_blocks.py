import math

import pytest
import torch
import torch.nn.functional as F
from support.rounding import assert_nearly

from rltn_cli.models import blocks
from rltn_cli.models.alignment import FAM, MFAM
from rltn_cli.models.blocks import (
    CAB,
    MHFB,
    PCB,
    SAB,
    SPADE,
    Conv1x1,
    SelfAttention,
    SPADEResBlock,
    to_colors,
)
from rltn_cli.models.normalisation import instance_norm


@pytest.fixture(autouse=True)
def _seed(in_float64):
    torch.manual_seed(0)


def passthrough(conv):
    """Make a 3x3 convolution of equal widths the identity."""
    with torch.no_grad():
        conv.weight.zero_()
        conv.bias.zero_()
        for channel in range(conv.weight.shape[0]):
            conv.weight[channel, channel, 1, 1] = 1


def test_saturated_colors_keep_a_gradient_in_bf16():
    x = torch.tensor([0.0, 4.0, -6.0], dtype=torch.bfloat16, requires_grad=True)
    colors = to_colors(x)
    torch.testing.assert_close(colors, torch.tensor([0, math.tanh(4), math.tanh(-6)]))
    colors.sum().backward()
    expected = torch.tensor([1.0, 1 - math.tanh(4) ** 2, 1 - math.tanh(6) ** 2], dtype=torch.bfloat16)
    torch.testing.assert_close(x.grad, expected)


def test_1x1_convolution_equals_torchs():
    layer = Conv1x1(48, 6)
    x = torch.randn(2, 48, 5, 7)
    assert_nearly(layer(x), F.conv2d(x, layer.weight, layer.bias))


@pytest.mark.parametrize(("inputs", "outputs"), [(48, 6), (272, 64), (24, 8), (96, 12)])
def test_1x1_convolution_has_the_same_bits_with_one_thread_and_with_two(inputs, outputs):
    layer = Conv1x1(inputs, outputs).to(torch.float32)  # what users have
    x = torch.randn(1, inputs, 64, 64, dtype=torch.float32).contiguous(memory_format=torch.channels_last)
    before, results = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            results.append(layer(x).detach())
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(result, results[0]) for result in results)


def test_spade_block_takes_half_the_size_as_if_enlarged():
    block = SPADEResBlock(6, 4, condition=2, hidden=5)
    x, condition = torch.randn(2, 6, 8, 12), torch.randn(2, 2, 16, 24)
    whole = block(F.interpolate(x, scale_factor=2, mode="nearest"), condition)
    assert_nearly(block(x, condition), whole)


def test_mhfb_equation_1_by_hand():
    # identity convolutions: F_h = F_p - (F_1 + F_2 + F_3) + F_p
    block = MHFB(1)
    passthrough(block.low)
    passthrough(block.high)
    x = torch.arange(64.0).reshape(1, 1, 8, 8)
    mean_8 = 31.5  # of 0..63
    mean_4_first = sum(8 * r + c for r in range(4) for c in range(4)) / 16  # 13.5
    mean_2_first = (0 + 1 + 8 + 9) / 4  # 4.5
    assert block(x)[0, 0, 0, 0].item() == pytest.approx(0 - (mean_2_first + mean_4_first + mean_8) + 0)
    mean_2_last = (54 + 55 + 62 + 63) / 4
    mean_4_last = sum(8 * r + c for r in range(4, 8) for c in range(4, 8)) / 16
    assert block(x)[0, 0, 7, 7].item() == pytest.approx(2 * 63 - (mean_2_last + mean_4_last + mean_8))


def test_mhfb_sees_only_what_is_inside_at_the_border():
    block = MHFB(1)
    passthrough(block.low)
    passthrough(block.high)
    ones = torch.ones(1, 1, 5, 11)  # no multiple of 2, 4 or 8: partial windows must average to 1 as well
    assert_nearly(block(ones)[..., 1:-1, 1:-1], torch.full((1, 1, 3, 9), -1.0))


def naive_criss_cross(block, x):
    query, key, value = block.query(x), block.key(x), block.value(x)
    _, _, height, width = x.shape
    out = torch.zeros_like(value)
    for i in range(height):
        for j in range(width):
            places = [(i, b) for b in range(width)] + [(a, j) for a in range(height) if a != i]
            energy = torch.stack([(query[0, :, i, j] * key[0, :, a, b]).sum() for a, b in places])
            weights = torch.softmax(energy, 0)
            out[0, :, i, j] = sum(w * value[0, :, a, b] for w, (a, b) in zip(weights, places, strict=True))
    return out


def test_pcb_equals_the_naive_loop_twice():
    block = PCB(6, reduction=2)
    x = torch.randn(1, 6, 5, 4)
    assert_nearly(block.criss_cross(x), naive_criss_cross(block, x))
    once = block.gamma * naive_criss_cross(block, x) + x
    twice = block.gamma * naive_criss_cross(block, once) + once
    assert_nearly(block(x), twice)


def test_criss_cross_does_not_depend_on_the_rows_at_once(monkeypatch):
    block = PCB(6, reduction=2)
    x = torch.randn(1, 6, 7, 4)
    together = block.criss_cross(x)
    for rows in (1, 3):
        monkeypatch.setattr(blocks, "_CRISS_CROSS_WEIGHTS", rows * 4 * (7 + 4))
        assert_nearly(block.criss_cross(x), together)


def test_pcb_reaches_the_whole_picture_in_two_passes():
    block = PCB(4)
    x = torch.randn(1, 4, 6, 6, requires_grad=True)
    block(x)[0, :, 0, 0].sum().backward()
    assert (x.grad.abs().sum(dim=1) > 0).all()


def test_cab_is_squeeze_and_excitation():
    block = CAB(4, reduction=2)
    x = torch.randn(2, 4, 3, 5)
    hidden = torch.relu(block.squeeze.weight @ x.mean((2, 3)).T + block.squeeze.bias[:, None])
    expected = torch.sigmoid(block.excite.weight @ hidden + block.excite.bias[:, None]).T
    assert block(x).shape == (2, 4, 1, 1)
    assert_nearly(block(x)[:, :, 0, 0], expected)


def test_sab_equation_2_by_hand():
    block = SAB(4, reduction=2)
    with torch.no_grad():
        for conv, value in ((block.reduce, 0.5), (block.weigh, 2.0)):
            conv.weight.zero_()
            conv.bias.zero_()
            conv.weight[:, :, 1, 1] = value
    x = torch.zeros(1, 4, 3, 3)
    x[0, :, 1, 1] = torch.tensor([1.0, 2.0, -1.0, 0.5])
    # each of the two reduced channels is 0.5 * 2.5 = 1.25; their sum times 2 is 5
    assert block(x).shape == (1, 1, 3, 3)
    assert block(x)[0, 0, 1, 1].item() == pytest.approx(1 / (1 + math.exp(-5)))
    assert block(x)[0, 0, 0, 0].item() == pytest.approx(0.5)


def test_fam_equation_3():
    block = FAM(4, reduction=2)
    x = torch.randn(1, 4, 6, 5)
    features = torch.cat([block.mhfb(x), block.pcb(x)], dim=1)
    weighted = features * block.sab(features).expand_as(features) * block.cab(features).expand_as(features)
    assert_nearly(block(x), block.out(block.fuse(weighted) + x))


def test_mfam_resizes_to_the_first_level():
    module = MFAM((4, 6), 8, reduction=2)
    levels = [torch.randn(2, 4, 8, 12), torch.randn(2, 6, 4, 6)]
    assert module(levels).shape == (2, 8, 8, 12)


def test_spade_by_hand():
    block = SPADE(2, 1, 3)
    x, condition = torch.randn(1, 2, 4, 4), torch.randn(1, 1, 4, 4)
    scale, shift = block.scale_shift(torch.relu(block.shared(condition))).chunk(2, dim=1)
    assert_nearly(block(x, condition), F.instance_norm(x) * (1 + scale) + shift)


@pytest.mark.parametrize(("inputs", "outputs"), [(4, 4), (6, 3)])
def test_spade_residual_block_keeps_the_size(inputs, outputs):
    block = SPADEResBlock(inputs, outputs, 2, 4)
    assert block(torch.randn(1, inputs, 5, 7), torch.randn(1, 2, 5, 7)).shape == (1, outputs, 5, 7)


def test_self_attention_equals_a_plain_softmax():
    block = SelfAttention(8, heads=1)
    x = torch.randn(1, 8, 3, 4)
    query, key, value = block.qkv(instance_norm(x)).flatten(2)[0].split(block.width)
    weights = torch.softmax(query.T @ key / math.sqrt(block.width), dim=1)
    mixed = (weights @ value.T).T.reshape(1, block.width, 3, 4)
    assert_nearly(block(x), x + block.out(mixed))


def test_self_attention_in_large_pictures_is_to_the_means_of_squares(monkeypatch):
    monkeypatch.setattr(blocks, "LONGEST", 3)
    block = SelfAttention(8, heads=1)
    x = torch.randn(1, 8, 5, 7)  # squares of 2, those at the edge in part
    query = block.qkv(instance_norm(x)).flatten(2)[0][: block.width]
    squares = block.qkv(torch.nn.functional.avg_pool2d(instance_norm(x), 2, ceil_mode=True)).flatten(2)[0]
    _, key, value = squares.split(block.width)
    assert key.shape[1] == 3 * 4
    weights = torch.softmax(query.T @ key / math.sqrt(block.width), dim=1)
    mixed = (weights @ value.T).T.reshape(1, block.width, 5, 7)
    assert_nearly(block(x), x + block.out(mixed))


def test_a_residual_block_that_enlarges_can_be_traced_with_free_sizes():
    block = SPADEResBlock(4, 6, 3, 8).eval()
    height, width = (4 * torch.export.Dim(name, min=2, max=64) for name in ("h", "w"))
    program = torch.export.export(
        block,
        (torch.zeros(1, 4, 8, 12), torch.zeros(1, 3, 16, 24)),
        dynamic_shapes=({2: height, 3: width}, {2: 2 * height, 3: 2 * width}),
    )
    x, condition = torch.rand(1, 4, 12, 20), torch.rand(1, 3, 24, 40)
    assert_nearly(program.module()(x, condition), block(x, condition))
