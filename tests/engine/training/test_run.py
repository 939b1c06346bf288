"""What a run begins with."""

import dataclasses

import pytest
import torch

from rltn_cli.engine.checkpoints.weights import save_model
from rltn_cli.engine.training.run import resolve_config, start_model
from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN
from rltn_cli.training_config import TrainConfig


def test_layers_that_the_given_weights_lack_follow_from_the_seed(tmp_path):
    save_model(RLTN(dataclasses.replace(PRESETS["tiny"], region_pooling=False)), tmp_path)
    first, again, other = (
        start_model(TrainConfig(init=str(tmp_path), seed=seed, context=False), offline=True).state_dict()
        for seed in (1, 1, 2)
    )
    assert first.keys() == again.keys()
    assert all(torch.equal(value, again[name]) for name, value in first.items())
    assert {name for name, value in first.items() if not torch.equal(value, other[name])} == {
        "region_pooling.mix.weight", "region_pooling.mix.bias"
    }  # fmt: skip


@pytest.mark.parametrize(("native", "precision"), [(True, "bf16"), (False, "fp32")])
def test_auto_becomes_the_precision_of_the_device(native, precision, monkeypatch):
    monkeypatch.setattr("rltn_cli.engine.runtime.precision.is_bf16_native", lambda device: native)
    config = TrainConfig(precision="auto", device="cpu", epochs=2, batch=4)
    resolved = resolve_config(config, 10)
    assert (resolved.precision, resolved.steps) == (precision, 5)
    assert resolve_config(resolved, 10) == resolved
    assert resolve_config(TrainConfig(), 10).precision == "fp32"
