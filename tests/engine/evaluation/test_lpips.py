"""LPIPS; needs AlexNet's convolutions in the folder that RLTN_FROZEN names."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from rltn_cli.engine.checkpoints.trunks import read_trunk
from rltn_cli.engine.evaluation.lpips import Lpips, load_lpips
from rltn_cli.errors import ModelError

needs_trunk = pytest.mark.skipif(
    "RLTN_FROZEN" not in os.environ, reason="RLTN_FROZEN names no folder of trunks"
)


def two_pictures() -> np.ndarray:
    """A disc on a slope of colours, and the same disc elsewhere on another slope; (2, 128, 128, 3) uint8."""
    y, x = np.mgrid[:128, :128]
    pictures = np.stack(
        [np.stack([2 * x, 2 * y, 255 - x - y], -1), np.stack([255 - 2 * x, x + y, 2 * y], -1)]
    )
    pictures[0][(x - 50) ** 2 + (y - 60) ** 2 < 900] = (220, 40, 60)
    pictures[1][(x - 80) ** 2 + (y - 60) ** 2 < 900] = (40, 60, 220)
    return pictures.clip(0, 255).astype(np.uint8)


def random_trunk() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = {
        0: (64, 3, 11, 11),
        3: (192, 64, 5, 5),
        6: (384, 192, 3, 3),
        8: (256, 384, 3, 3),
        10: (256, 256, 3, 3),
    }
    weights = {
        f"features.{i}.weight": torch.randn(shape, generator=generator) / 30 for i, shape in shapes.items()
    }
    return weights | {f"features.{i}.bias": torch.zeros(shape[0]) for i, shape in shapes.items()}


@pytest.mark.usefixtures("in_float64")
def test_the_trunk_goes_where_it_belongs() -> None:
    trunk = random_trunk()
    lpips = Lpips(trunk)
    first, second = two_pictures()[:1], two_pictures()[1:]
    assert lpips(first, first) == [0]
    assert lpips(first, second)[0] > 0
    assert lpips(first, second) == pytest.approx(lpips(second, first))
    assert Lpips(trunk)(first, second) == lpips(first, second)
    trunk["features.10.weight"] = trunk["features.10.weight"] * 2
    trunk["features.10.bias"] = trunk["features.10.bias"] + 0.1
    assert Lpips(trunk)(first, second) != lpips(first, second)


@pytest.mark.usefixtures("in_float64")
def test_distances_of_tensors_are_those_of_pictures_and_have_a_gradient() -> None:
    lpips = Lpips(random_trunk())
    first, second = (
        torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1 for picture in two_pictures()
    )
    first.requires_grad_()
    distances = lpips.distances(first, second)
    assert distances.shape == (1,)
    assert distances.tolist() == pytest.approx(lpips(two_pictures()[:1], two_pictures()[1:]))
    distances.sum().backward()
    assert first.grad is not None
    step = first.detach() - 1e-3 * first.grad / first.grad.norm()
    assert lpips.distances(step, second).item() < distances.item()
    assert not any(value.requires_grad for value in lpips.network.parameters())


def test_another_network_is_refused() -> None:
    trunk = random_trunk()
    trunk["features.3.weight"] = trunk.pop("features.10.weight")
    with pytest.raises(ModelError, match="AlexNet"):
        Lpips(trunk)


def test_a_missing_trunk_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no such file.*torchvision\.models\.alexnet.*RLTN_FROZEN"):
        load_lpips(tmp_path)


@pytest.mark.slow
@needs_trunk
def test_the_trunks_first_features() -> None:
    trunk = read_trunk("alexnet")
    picture = torch.from_numpy(two_pictures()[:1]).permute(0, 3, 1, 2).float() / 255
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    scaled = (picture - mean[:, None, None]) / std[:, None, None]
    features = torch.nn.functional.conv2d(
        scaled, trunk["features.0.weight"], trunk["features.0.bias"], stride=4, padding=2
    ).relu()
    assert features.shape == (1, 64, 31, 31)
    pinned = [0.5250, 0.2457, 2.2149, 0.0305]
    assert features.mean(dim=(0, 2, 3))[:4].tolist() == pytest.approx(pinned, rel=2e-3)


@pytest.mark.slow
def test_the_packages_heads() -> None:
    lpips = pytest.importorskip("lpips")
    path = Path(lpips.__file__).parent / "weights" / "v0.1" / "alex.pth"
    heads = Lpips(random_trunk()).network.state_dict()
    stored = torch.load(path, weights_only=True, map_location="cpu")
    assert sorted(stored) == [f"lin{i}.model.1.weight" for i in range(5)]
    for name, value in stored.items():
        assert torch.equal(heads[name], value)
        assert (value >= 0).all()
    assert [float(value.sum()) for value in stored.values()] == pytest.approx(
        [2.34953, 16.14303, 39.26844, 27.19718, 20.31718], rel=1e-4
    )


@pytest.mark.slow
@needs_trunk
def test_lpips_of_two_pictures_of_ours() -> None:
    first, second = two_pictures()[:1], two_pictures()[1:]
    lpips = load_lpips()
    assert lpips(first, second)[0] == pytest.approx(0.69241, abs=2e-4)
    assert lpips(first, first)[0] == 0
