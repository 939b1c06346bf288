import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from rltn_cli.engine.evaluation import feature_networks
from rltn_cli.errors import ModelError

needs_trunk = pytest.mark.skipif(
    "RLTN_FROZEN" not in os.environ, reason="RLTN_FROZEN names no folder of trunks"
)


def pictures(count: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 96, 96, 3), np.uint8)


def test_a_file_of_other_weights_is_not_loaded(tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    file.write_bytes(b"something else")
    with pytest.raises(ModelError, match=r"not the Inception weights.*github\.com/toshas"):
        feature_networks.load_inception(file)
    with pytest.raises(ModelError, match="cannot be read"):
        feature_networks.load_inception(tmp_path / "missing.pth")


def test_offline_does_not_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(ModelError, match="--inception"):
        feature_networks.load_inception(offline=True)


def test_a_missing_vgg_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"vgg16_features\.safetensors: no such file.*RLTN_FROZEN"):
        feature_networks.load_vgg16(tmp_path)


@pytest.mark.slow
def test_inception_sees_what_torch_fidelity_sees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    monkeypatch.setattr(FeatureExtractorInceptionV3, "load_state_dict", lambda self, state: None)
    monkeypatch.setattr(
        "torch_fidelity.feature_extractor_inceptionv3.load_state_dict_from_url", lambda *_, **__: {}
    )
    torch.manual_seed(0)
    network = FeatureExtractorInceptionV3("inception", ["2048"])
    monkeypatch.undo()
    file = tmp_path / "inception.pth"
    torch.save(network.state_dict(), file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    monkeypatch.setattr(feature_networks, "INCEPTION_SHA256", digest)
    found = feature_networks.load_inception(file)(pictures())
    (expected,) = network(torch.from_numpy(pictures()).permute(0, 3, 1, 2))
    assert found.shape == (3, 2048)
    np.testing.assert_array_equal(found, expected.numpy())


@pytest.mark.slow
@needs_trunk
def test_vgg_gives_a_row_a_picture_whatever_the_batch() -> None:
    network = feature_networks.load_vgg16()
    rows = network(pictures())
    assert rows.shape == (3, 512)
    assert (rows >= 0).all()
    np.testing.assert_allclose(network(pictures()[1:2])[0], rows[1], rtol=1e-3, atol=1e-4)
    assert np.abs(rows[0] - network(255 - pictures())[0]).max() > 0.01
