import numpy as np
import pytest
import torch

from rltn_cli.engine.inference.line_network import LineNetwork
from rltn_cli.errors import UsageError
from rltn_cli.models.hed import HED, HEDConfig


@pytest.fixture(scope="module")
def network():
    """A network of random weights whose side outputs and edges go from black to white."""
    torch.manual_seed(0)
    network = HED(HEDConfig(widths=(3, 4, 4, 6, 6), depths=(1, 1, 1, 1, 1), merge=3)).eval()
    color = torch.from_numpy(noisy(256, 256)).permute(2, 0, 1)[None].float() / 127.5 - 1
    with torch.no_grad():
        network.fuse.weight.normal_()
        for index, name in enumerate(("dsn1", "dsn2", "dsn3", "dsn4", "dsn5", "fuse")):
            part = network.get_submodule(name)
            part.bias.zero_()
            values = network(color)[index]
            part.weight.div_(values.std())
            part.bias.sub_(network(color)[index].mean())
    return network


def noisy(height, width, seed=0):
    values = np.random.default_rng(seed).integers(0, 256, (height // 8 + 2, width // 8 + 2, 3))
    return np.repeat(np.repeat(values, 8, 0), 8, 1)[:height, :width].astype(np.uint8)


@pytest.mark.parametrize("size", [(417, 530), (1000, 90), (48, 2001)], ids=str)
def test_tiles_equal_the_whole(network, size):
    color = noisy(*size)
    whole = LineNetwork(network, "cpu")(color)
    assert whole.std() > 20
    limit = 256 * 256 if min(size) > 256 else 300 * min(size)
    tiled = LineNetwork(network, "cpu", limit=limit)
    assert abs(tiled(color).astype(int) - whole).max() <= 1


def test_tiles_with_too_small_a_margin_would_show(network, monkeypatch):
    color = noisy(417, 530)
    whole = LineNetwork(network, "cpu")(color)
    monkeypatch.setattr(HED, "reach", 16)
    tiled = LineNetwork(network, "cpu", limit=256 * 256)(color)
    assert abs(tiled.astype(int) - whole).max() > 1


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3), (17, 33), (64, 64)], ids=str)
def test_lines_have_the_size_of_the_picture(network, size):
    lines = LineNetwork(network, "cpu")(noisy(*size))
    assert lines.shape == size
    assert lines.dtype == np.uint8


def test_a_plain_picture_has_no_frame(network):
    lines = LineNetwork(network, "cpu")(np.full((120, 90, 3), 80, np.uint8)).astype(int)
    assert abs(lines - lines[60, 45]).max() <= 8


def test_a_device_that_is_not_there(network):
    with pytest.raises(UsageError, match="cuda:99"):
        LineNetwork(network, "cuda:99")
