import numpy as np
import pytest
from support.compositing import laid_over, levels_apart
from support.painted import BOX, painting

from rltn_cli.painting.finish import FinishOptions, finish_painting
from rltn_cli.painting.fixes import Fix
from rltn_cli.painting.layer_files import LAYERS
from rltn_cli.painting.layers import layers_of


def rendered(finished):
    return [(layer.blend, layer.visible, layer.render()) for layer in layers_of(finished)]


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("finish", ["flat", "cel", "paint", "raw"])
@pytest.mark.parametrize("lines", ["keep", "network", "none"])
def test_laid_over_each_other_they_are_the_picture(finish, lines, alpha, depth):
    finished = finish_painting(painting(alpha=alpha, depth=depth), FinishOptions(finish, lines))
    layers = rendered(finished)
    assert levels_apart(laid_over(layers), finished.image) <= 1
    for _, _, pixels in layers:
        assert pixels.dtype == finished.image.dtype and pixels.shape[:2] == finished.image.shape[:2]
        assert pixels.shape[2] == finished.image.shape[2]


def test_they_have_their_names_and_modes():
    cel = layers_of(finish_painting(painting(), FinishOptions("cel")))
    assert [(layer.name, layer.blend, layer.visible) for layer in cel] == [
        ("reference", "normal", False),
        ("flats", "normal", True),
        ("shading", "multiply", True),
        ("light", "add", True),
        ("paint", "normal", False),
        ("lines", "multiply", True),
    ]
    shown = {
        finish: [
            layer.name
            for layer in layers_of(finish_painting(painting(), FinishOptions(finish)))
            if layer.visible
        ]
        for finish in ("flat", "paint", "raw")
    }
    assert shown == {"flat": ["flats", "lines"], "paint": ["paint", "lines"], "raw": ["paint", "lines"]}
    assert tuple(layer.name for layer in cel) == LAYERS


def test_fixes_are_in_the_flats_and_the_lines_are_the_artists():
    made = painting()
    finished = finish_painting(made, FinishOptions("paint", fixes=(Fix(*BOX, (0, 200, 0)),)))
    layers = {layer.name: layer.render() for layer in layers_of(finished)}
    assert layers["flats"][BOX[1], BOX[0]].tolist() == [0, 200, 0]
    assert layers["paint"][BOX[1], BOX[0]].tolist() == [0, 200, 0]
    np.testing.assert_array_equal(layers["lines"], made.ink)
    assert len(np.unique(layers["flats"].reshape(-1, 3), axis=0)) == 4
