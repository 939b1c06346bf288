import dataclasses

import pytest
import torch
from support.rounding import assert_nearly
from torch.utils.flop_counter import FlopCounterMode

from rltn_cli.model_config import PRESETS
from rltn_cli.models.correspondence import from_patches, to_patches
from rltn_cli.models.discriminator import MultiscaleDiscriminator
from rltn_cli.models.encoders import ContentEncoder, StyleEncoder
from rltn_cli.models.rltn import RLTN


@pytest.fixture
def model(in_float64):
    torch.manual_seed(0)
    return RLTN(PRESETS["tiny"]).eval()


def pictures(batch, height, width, channels=3, seed=1):
    return torch.rand(batch, channels, height, width, generator=torch.Generator().manual_seed(seed)) * 2 - 1


class Constant(torch.nn.Module):
    def __init__(self, value):
        super().__init__()
        self.value = value

    def forward(self, _):
        return self.value


@pytest.mark.parametrize("size", [(64, 64), (80, 128), (112, 64)])
@pytest.mark.parametrize("reference_size", [(64, 96), (128, 80)])
def test_any_size_that_is_a_multiple_of_16(model, size, reference_size):
    with torch.inference_mode():
        output = model(pictures(1, *size, channels=1), [pictures(1, *reference_size)])
    assert output.colors.shape == output.warped.shape == (1, 3, *size)
    assert output.colors.abs().max() <= 1
    assert model.confidence(output).shape == (1, 1, size[0] // 4, size[1] // 4)
    assert model.matches(output).shape == (1, size[0] * size[1] // 16)
    assert model.matches(output).max() < reference_size[0] * reference_size[1] // 16


@pytest.mark.parametrize("size", [(48, 64), (64, 70)])
def test_other_sizes_are_refused(model, size):
    with pytest.raises(ValueError, match=f"{size[0]} x {size[1]}"):
        model(pictures(1, *size, channels=1), [pictures(1, 64, 64)])
    with pytest.raises(ValueError, match="reference"):
        model(pictures(1, 64, 64, channels=1), [pictures(1, *size)])


def test_no_reference_is_refused(model):
    with pytest.raises(ValueError, match="at least one reference"):
        model(pictures(1, 64, 64, channels=1), [])


def test_a_batch_of_one_equals_its_row(model):
    sketch, reference = pictures(3, 64, 80, channels=1), pictures(3, 64, 64)
    with torch.inference_mode():
        together = model(sketch, [reference])
        alone = model(sketch[1:2], [reference[1:2]])
    assert_nearly(together.colors[1:2], alone.colors)


def test_encoded_references_serve_several_sketches(model):
    sketch, reference = pictures(2, 64, 64, channels=1), pictures(1, 64, 64)
    with torch.inference_mode():
        once = model.colorize(sketch, model.encode_references([reference]))
        each = model(sketch, [reference.expand(2, -1, -1, -1)])
    assert_nearly(once.colors, each.colors)


def test_a_doubled_reference_changes_nothing(model):
    sketch, reference = pictures(1, 64, 64, channels=1), pictures(1, 64, 64)
    with torch.inference_mode():
        one, two = model(sketch, [reference]), model(sketch, [reference, reference])
    assert two.tokens.style.shape[1] == 2 * one.tokens.style.shape[1]
    assert_nearly(one.warped, two.warped)


def test_confidence_is_the_cosine_of_the_warped_style(model):
    with torch.inference_mode():
        output = model(pictures(1, 64, 64, channels=1), [pictures(1, 64, 64)])
        confidence = model.confidence(output)
    style = output.tokens.style
    weights = torch.softmax(output.content @ style.transpose(1, 2) / model.config.temperature, dim=2)
    expected = torch.cosine_similarity(output.content, weights @ style, dim=2)
    assert_nearly(confidence.flatten(1), expected)


def test_a_picture_is_its_own_warp_when_the_features_agree(model):
    # the sketch's content features are replaced by the reference's style features: a sharp softmax then finds
    # every patch at its own place
    reference = pictures(1, 64, 64)
    sharp = RLTN(dataclasses.replace(model.config, temperature=1e-4))
    sharp.load_state_dict(model.state_dict())
    with torch.inference_mode():
        tokens = sharp.encode_references([reference])
        sharp.content_encoder = torch.nn.Identity()
        sharp.content_mfam = Constant(tokens.style.transpose(1, 2).unflatten(2, (16, 16)))
        output = sharp.colorize(pictures(1, 64, 64, channels=1), tokens)
    kept = from_patches(to_patches(reference), 64, 64)
    assert (output.warped - kept).abs().mean() < 0.02


def test_every_parameter_gets_a_gradient():
    torch.manual_seed(0)
    model = RLTN(PRESETS["tiny"])
    output = model(pictures(2, 64, 64, channels=1), [pictures(2, 64, 64)])
    (output.colors.square().mean() + output.warped.square().mean()).backward()
    silent = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert silent == []


def test_discriminator_scores_two_scales_and_every_parameter_learns():
    torch.manual_seed(0)
    discriminator = MultiscaleDiscriminator(8)
    scores = discriminator(pictures(2, 64, 64, channels=1), pictures(2, 64, 64))
    assert [tuple(s.shape) for s in scores] == [(2, 1, 11, 11), (2, 1, 7, 7)]
    sum(s.square().mean() for s in scores).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in discriminator.parameters())


def test_encoders_have_one_shape_and_weights_of_their_own(model):
    content, style = model.content_encoder, model.style_encoder
    assert isinstance(content, ContentEncoder)
    assert isinstance(style, StyleEncoder)
    sizes = [tuple(level.shape[1:]) for level in content(pictures(1, 64, 96, channels=1))]
    assert sizes == [(8, 16, 24), (12, 8, 12), (16, 4, 6)]
    assert not {p.data_ptr() for p in content.parameters()} & {p.data_ptr() for p in style.parameters()}


@pytest.mark.parametrize(
    ("preset", "millions", "gflop"),
    [("tiny", 0.2, None), ("small", 8, 20), ("base", 25, None), ("paper", None, None)],
)
def test_budgets(preset, millions, gflop):
    with torch.device("meta"):
        model = RLTN(PRESETS[preset])
        sketch, reference = torch.empty(1, 1, 256, 256), torch.empty(1, 3, 256, 256)
    assert millions is None or sum(p.numel() for p in model.parameters()) < millions * 1e6
    if gflop is not None:
        with FlopCounterMode(display=False) as counter:
            model(sketch, [reference], torch.empty(1, 64, 64, dtype=torch.int64, device="meta"))
        # the correspondence alone is 4096 x 4096 x 64 multiply-adds, twice: it must have been counted
        assert 2 * 2 * 4096**2 * 64 < counter.get_total_flops() <= gflop * 1e9
