import dataclasses

import pytest

from rltn_cli.engine.training.frozen_networks import FrozenNetworks, load_frozen_networks
from rltn_cli.errors import ModelError, TrainingError
from rltn_cli.models.frozen import VGG
from rltn_cli.training_config import FINE_TUNING, LossConfig


def test_without_a_weight_no_frozen_network_is_loaded():
    assert load_frozen_networks(FINE_TUNING) == FrozenNetworks()
    assert FrozenNetworks().modules == []


@pytest.mark.parametrize(("term", "name"), [("lpips", "alexnet"), ("fm", "vgg16")])
def test_a_frozen_network_that_is_not_there_says_how_to_get_it(tmp_path, term, name):
    losses = dataclasses.replace(FINE_TUNING.losses, **{term: 1.0})
    config = dataclasses.replace(FINE_TUNING, losses=losses, frozen=str(tmp_path))
    with pytest.raises(ModelError, match=f"{name}_features.safetensors: no such file.*RLTN_FROZEN"):
        load_frozen_networks(config)


def test_terms_and_their_networks_go_together():
    vgg = FrozenNetworks(vgg=VGG("vgg16"))
    vgg.check(LossConfig())
    with pytest.raises(TrainingError, match="lpips needs its frozen network"):
        vgg.check(LossConfig(lpips=1))
    with pytest.raises(TrainingError, match="need the frozen network VGG"):
        FrozenNetworks().check(LossConfig())
