import dataclasses

import pytest

from rltn_cli.engine.training.frozen_networks import make_lpips, make_trunk
from rltn_cli.errors import ModelError
from rltn_cli.training_config import FINE_TUNING


def test_without_a_weight_no_frozen_network_is_loaded():
    assert make_lpips(FINE_TUNING) is None
    assert make_trunk(FINE_TUNING) is None


@pytest.mark.parametrize(
    ("term", "make", "name"), [("lpips", make_lpips, "alexnet"), ("fm", make_trunk, "vgg16")]
)
def test_a_frozen_network_that_is_not_there_says_how_to_get_it(tmp_path, term, make, name):
    losses = dataclasses.replace(FINE_TUNING.losses, **{term: 1.0})
    config = dataclasses.replace(FINE_TUNING, losses=losses, frozen=str(tmp_path))
    with pytest.raises(ModelError, match=f"{name}_features.safetensors: no such file.*RLTN_FROZEN"):
        make(config)
