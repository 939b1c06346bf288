import json

import cv2
import numpy as np
import pytest
import torch

from rltn_cli.engine.checkpoints.line_models import save_line_model
from rltn_cli.engine.inference.line_extractor import LineExtractor, enlarge_lines, working_size
from rltn_cli.errors import ModelError, UsageError
from rltn_cli.imaging.line_art.xdog import xdog
from rltn_cli.models.hed import HED, HEDConfig


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    network = HED(HEDConfig(widths=(2, 2, 2, 2, 2), depths=(1, 1, 1, 1, 1), merge=2))
    return str(save_line_model(network, tmp_path_factory.mktemp("lines") / "tiny"))


def picture(height=96, width=128):
    """A box and a disc on a light ground, with a little noise, so that it is no label map."""
    color = np.full((height, width, 3), 200, np.uint8)
    cv2.rectangle(color, (width // 8, height // 8), (width // 2, height // 2), (180, 40, 30), -1)
    cv2.circle(color, (3 * width // 4, 5 * height // 8), height // 5, (20, 60, 160), -1)
    noise = np.random.default_rng(0).integers(-2, 3, color.shape)
    return np.clip(color + noise, 0, 255).astype(np.uint8)


def extractor(method, weights, **settings):
    given = weights if method.startswith("hed") else None
    return LineExtractor.of(method, weights=given, device="cpu", **settings)


METHODS = ("hed-small", "hed", "contour", "xdog")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [(1, 1), (3, 500), (61, 47)], ids=str)
def test_lines_have_the_size_of_the_picture(method, weights, size):
    lines = extractor(method, weights)(picture(*size))
    assert lines.shape == size
    assert lines.dtype == np.uint8


@pytest.mark.parametrize("method", METHODS)
def test_the_working_size_does_not_change_the_size_of_the_result(method, weights):
    for size in (32, 200):
        assert extractor(method, weights, size=size)(picture()).shape == (96, 128)


@pytest.mark.parametrize("method", ["contour", "xdog"])
def test_the_box_and_the_disc_are_outlined(method, weights):
    lines = extractor(method, weights)(picture())
    assert lines[30, 60:70].min() < 100 and lines[30, 70:].min() > 200
    assert lines[60, 70:84].min() < 100
    assert lines[20:40, 24:56].min() > 200
    frame = np.concatenate([lines[0], lines[-1], lines[:, 0], lines[:, -1]])
    assert frame.min() > 200


def test_enlarged_lines_are_crisp_and_even_greys_stay():
    lines = np.full((60, 60), 255, np.uint8)
    lines[10:12] = 0
    lines[30:60] = 180
    large = enlarge_lines(lines, (240, 240))
    assert large.shape == (240, 240)
    assert large[42:45].max() < 30 and large[:34].min() > 250
    column = large[:80, 120].astype(int)
    cubic = cv2.resize(lines, (240, 240), interpolation=cv2.INTER_CUBIC)[:80, 120].astype(int)
    assert abs(np.diff(column)).max() >= abs(np.diff(cubic)).max()
    assert abs((255 - column).sum() / 255 - 8) < 2
    assert abs(large[140:220].astype(int) - 180).max() <= 2


def test_xdog_in_tiles_equals_the_whole(monkeypatch):
    color = np.random.default_rng(0).integers(0, 256, (150, 220, 3), np.uint8)
    monkeypatch.setattr("rltn_cli.engine.inference.line_methods._XDOG_PIXELS", 70 * 70)
    tiled = LineExtractor.of("xdog")(color)
    assert abs(tiled.astype(int) - xdog(color)).max() <= 1


def test_a_threshold_leaves_black_and_white():
    grey, hard = LineExtractor.of("xdog")(picture()), LineExtractor.of("xdog", threshold=0.5)(picture())
    assert len(np.unique(grey)) > 2
    assert ((hard == 0) == (grey <= 127)).all()
    assert set(np.unique(hard)) == {0, 255}


def test_thinned_lines_are_one_pixel_at_the_working_size():
    color = np.full((240, 240, 3), 220, np.uint8)
    color[:, 120:] = (40, 60, 90)
    ink = (255 - LineExtractor.of("xdog", thin=True)(color).astype(float))[100:140].sum(axis=1) / 255
    assert (ink == 1).all()
    ink = (255 - LineExtractor.of("xdog", thin=True, size=60)(color).astype(float))[100:140].sum(axis=1) / 255
    assert abs(ink - 4).max() < 0.1


def test_contours_have_the_width_that_was_asked_for():
    color = np.zeros((60, 80, 3), np.uint8)
    color[:, 40:] = 255
    for width in (1, 4):
        ink = (255 - LineExtractor.of("contour", line_width=width)(color)[30].astype(float)).sum() / 255
        assert abs(ink - width) <= 0.3


def test_a_label_map_of_sixteen_bits_keeps_its_labels():
    labels = np.repeat(np.arange(4, dtype=np.uint16), 20)
    color = np.repeat(np.tile(labels, (50, 1))[..., None], 3, axis=2)
    lines = LineExtractor.of("contour", line_width=1)(color)
    assert (lines[25, [20, 40, 60]] == 0).all()
    assert (lines[25, [10, 30, 50, 70]] == 255).all()


def test_settings_say_all_that_decides_the_result(weights, tmp_path):
    first = extractor("hed-small", weights)
    assert first.settings == extractor("hed-small", weights).settings
    assert json.loads(first.settings)["method"] == "hed-small"
    others = [
        extractor("hed-small", weights, size=64),
        extractor("hed-small", weights, thin=True),
        extractor("hed-small", weights, threshold=0.5),
        extractor("contour", weights),
        extractor("contour", weights, line_width=3),
        extractor("xdog", weights),
    ]
    torch.manual_seed(1)
    config = HEDConfig(widths=(2, 2, 2, 2, 2), depths=(1, 1, 1, 1, 1), merge=2)
    others.append(extractor("hed-small", str(save_line_model(HED(config), tmp_path / "other"))))
    texts = [first.settings, *(other.settings for other in others)]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "pencil"}, "method must be one of hed-small, hed, contour, xdog, not pencil"),
        ({"method": "hed"}, "name a .safetensors file or org/repo"),
        ({"method": "xdog", "weights": "x"}, "method xdog has no weights"),
        ({"method": "xdog", "size": 8}, "size must be from 16 to 16384 pixels, not 8"),
        ({"method": "xdog", "threshold": 0.0}, "threshold must be above 0 and at most 1, not 0.0"),
        ({"method": "contour", "line_width": 0.5}, "line width must be from 1 to 64 pixels, not 0.5"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, message):
    with pytest.raises(UsageError, match=message):
        LineExtractor.of(**arguments)


def test_weights_that_are_not_there():
    with pytest.raises(ModelError, match="no-such-thing: no such model"):
        LineExtractor.of("hed", weights="no-such-thing")


@pytest.mark.parametrize(
    ("native", "size", "working"),
    [
        ((300, 400), None, (300, 400)),
        ((2048, 4096), None, (1024, 2048)),
        ((300, 400), 600, (600, 800)),
        ((3, 2000), 512, (12, 8000)),
        ((10_000, 400), 64, (1600, 64)),
        ((1, 1), 1024, (4, 4)),
        ((10_000, 12_000), 16_384, (10_000, 12_000)),
    ],
)
def test_the_working_size(native, size, working):
    assert working_size(native, size) == working
