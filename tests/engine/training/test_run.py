"""What a run begins with."""

import dataclasses

import torch

from rltn_cli.engine.checkpoints.weights import save_model
from rltn_cli.engine.training.run import start_model
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
