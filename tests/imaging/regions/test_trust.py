import numpy as np
import pytest

from rltn_cli.imaging.regions.trust import color_weight


def test_weights_of_the_networks_colours():
    dark = np.zeros((9, 9), np.float32)
    dark[4, 4] = 1
    weight = color_weight(dark)
    assert weight[4, 4] < 0.001 and weight[4, 5] < 0.02 and weight[0, 0] == pytest.approx(1)
    np.testing.assert_allclose(weight, weight.T)
