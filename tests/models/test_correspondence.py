import pytest
import torch
from support.rounding import NEARLY, assert_nearly
from torch.nn.attention import SDPBackend, sdpa_kernel

from rltn_cli.models.correspondence import best_match, from_patches, normalize, to_patches, warp


@pytest.fixture(autouse=True)
def _seed(in_float64):
    torch.manual_seed(0)


def tokens(count, width=16, batch=2):
    return normalize(torch.randn(batch, width, 1, count))


def materialised(queries, keys, values, temperature):
    return torch.softmax(queries @ keys.transpose(1, 2) / temperature, dim=2) @ values


def test_normalize_centres_and_scales():
    features = torch.randn(2, 8, 3, 5) + 3
    result = normalize(features)
    assert result.shape == (2, 15, 8)
    assert_nearly(result.mean(dim=2), torch.zeros(2, 15))
    assert_nearly(result.norm(dim=2), torch.ones(2, 15))
    one = features[1, :, 2, 3]  # row-major: position 2 * 5 + 3
    one = one - one.mean()
    assert_nearly(result[1, 13], one / one.norm())


def test_normalize_of_equal_features_is_zero():
    assert torch.equal(normalize(torch.ones(1, 4, 2, 2)), torch.zeros(1, 4, 4))


def with_coarse_hues(batch, height, width):
    """Return pictures in [-1, 1] whose lumas are any and whose hues are shared by 2x2 pixels."""
    hues = torch.rand(batch, 3, height // 2, width // 2).repeat_interleave(2, 2).repeat_interleave(2, 3)
    return hues + torch.rand(batch, 1, height, width) - 1


def test_patches_keep_lumas_and_coarse_hues():
    picture = with_coarse_hues(2, 16, 24)
    patches = to_patches(picture)
    assert patches.shape == (2, 24, 24)
    assert_nearly(from_patches(patches, 16, 24), picture)


def test_patches_are_in_order():
    picture = torch.randn(2, 3, 16, 24)
    second_row_first = to_patches(picture)[0, 6]
    red, green, blue = picture[0, :, 4:8, 0:4]
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    assert_nearly(second_row_first[:16], luma.flatten())
    assert second_row_first[16] == pytest.approx(float((red - luma)[:2, :2].mean()), abs=NEARLY)
    assert second_row_first[23] == pytest.approx(float((blue - luma)[2:, 2:].mean()), abs=NEARLY)


def test_patches_of_any_picture_keep_the_mean_of_2x2_pixels():
    picture = torch.randn(1, 3, 16, 16)
    kept = from_patches(to_patches(picture), 16, 16)
    pool = torch.nn.functional.avg_pool2d
    assert_nearly(pool(kept, 2), pool(picture, 2))


@pytest.mark.parametrize("width", [16, 20, 64])
def test_fused_equals_materialised(width):
    queries, keys, values = tokens(40, width), tokens(56, width), torch.randn(2, 56, 48)
    fused = warp(queries, keys, values, 0.05)
    assert_nearly(fused, materialised(queries, keys, values, 0.05))


def test_fused_gradients_equal_materialised():
    gradients = []
    for function in (warp, materialised):
        torch.manual_seed(1)
        features = torch.randn(1, 16, 4, 8, requires_grad=True)
        keys, values = tokens(20, batch=1), torch.randn(1, 20, 48)
        function(normalize(features), keys, values, 0.1).square().sum().backward()
        gradients.append(features.grad)
    assert_nearly(gradients[0], gradients[1])


def test_the_flash_kernel_runs():
    # with every other kernel forbidden, a fall-back would raise
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
        result = warp(tokens(32, 20), tokens(24, 20), torch.randn(2, 24, 48), 0.05)
    assert result.shape == (2, 32, 48)


@pytest.mark.gpu
def test_the_flash_kernel_runs_on_cuda():
    parts = [t.cuda().bfloat16() for t in (tokens(4096, 64), tokens(4096, 64), torch.randn(2, 4096, 48))]
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
        result = warp(*parts, 0.01)
    assert result.shape == (2, 4096, 48)


def test_two_references_equal_one_longer_list():
    queries, first, second = tokens(12), tokens(20), tokens(16)
    values = torch.randn(2, 36, 48)
    together = warp(queries, torch.cat([first, second], 1), values, 0.1)
    assert_nearly(together, materialised(queries, torch.cat([first, second], 1), values, 0.1))


def test_a_picture_whose_features_agree_is_its_own_warp():
    picture = with_coarse_hues(1, 32, 32)
    features = normalize(torch.randn(1, 64, 8, 8))
    warped = from_patches(warp(features, features, to_patches(picture), 0.01), 32, 32)
    assert_nearly(warped, picture)


def test_best_match_does_not_depend_on_the_chunk():
    queries, keys = tokens(50), tokens(70)
    expected = (queries @ keys.transpose(1, 2)).argmax(2)
    assert torch.equal(best_match(queries, keys, chunk=7), expected)
    assert torch.equal(best_match(queries, keys), expected)


def test_a_bias_weighs_keys_and_leaves_the_rest_as_it_was():
    generator = torch.Generator().manual_seed(0)
    queries, keys = (
        torch.nn.functional.normalize(torch.randn(1, n, 8, generator=generator), dim=2) for n in (5, 7)
    )
    values = torch.randn(1, 7, 3, generator=generator)
    bias = torch.tensor([[0.0, 1.0, -2.0, 0.5, 3.0, 0.0, -1.0]])
    wanted = torch.softmax(queries @ keys.transpose(1, 2) / 0.1 + bias[:, None], dim=2) @ values
    torch.testing.assert_close(warp(queries, keys, values, 0.1, bias), wanted, rtol=1e-4, atol=1e-5)
    even = warp(queries, keys, values, 0.1, torch.zeros(1, 7))
    torch.testing.assert_close(even, warp(queries, keys, values, 0.1), rtol=1e-4, atol=1e-5)
    expected = (queries @ keys.transpose(1, 2) / 0.1 + bias[:, None]).argmax(dim=2)
    assert torch.equal(best_match(queries, keys, 0.1, bias), expected)
