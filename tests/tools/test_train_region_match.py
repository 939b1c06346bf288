"""Training the region match at tiny size: samples of a network, the loss by hand, and what is saved."""

import dataclasses
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from support.scripts import script

from rltn_cli.engine.checkpoints.weights import load_model, save_model
from rltn_cli.model_config import PRESETS
from rltn_cli.models.region_match import RegionMatch
from rltn_cli.models.rltn import RLTN


@pytest.fixture(scope="module")
def tool():
    with script("tools/train_region_match.py") as module:
        yield module


@pytest.fixture(scope="module")
def packs(tmp_path_factory):
    """Four drawings of a disc in four colours, of one figure; the last two are held out."""
    folder = tmp_path_factory.mktemp("packs")
    for part in ("color", "line"):
        (folder / "data" / part).mkdir(parents=True)
    for i, color in enumerate([(40, 90, 200), (200, 60, 30), (40, 90, 200), (30, 160, 60)]):
        picture = np.full((256, 256, 3), 255, np.uint8)
        lines = picture[..., 0].copy()
        cv2.circle(picture, (100 + 10 * i, 128), 70, color, -1)
        cv2.circle(lines, (100 + 10 * i, 128), 70, 0, 3)
        cv2.imwrite(str(folder / "data" / "color" / f"{i}.png"), picture)
        cv2.imwrite(str(folder / "data" / "line" / f"{i}.png"), lines)
    (folder / "data" / "index.csv").write_text("id,split\n0,train\n1,train\n2,val\n3,val\n")
    paths = [str(folder / "color.safetensors"), str(folder / "line.safetensors")]
    with script("tools/train_slices.py") as slices:
        assert slices.main(["pack", str(folder / "data"), *paths]) == 0
    return paths


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    torch.manual_seed(0)
    network = RLTN(dataclasses.replace(PRESETS["tiny"], region_pooling=True, context_layers=1))
    return str(save_model(network.eval(), tmp_path_factory.mktemp("model") / "tiny"))


@pytest.fixture
def cache(tool, packs, model, tmp_path, monkeypatch):
    monkeypatch.setattr(tool, "CHUNK", 2)
    for split, count in (("train", "4"), ("val", "2")):
        arguments = ["cache", *packs, "-m", model, "-o", str(tmp_path / "cache"), "--split", split]
        assert tool.main([*arguments, "--count", count]) == 0
    return tmp_path / "cache"


def test_a_cache_goes_on_where_it_stopped_and_holds_what_one_go_gives(tool, packs, model, cache, capsys):
    names = sorted(path.name for path in cache.iterdir())
    assert names == ["train-000000.safetensors", "train-000002.safetensors", "val-000000.safetensors"]
    whole = (cache / names[1]).read_bytes()
    (cache / names[1]).unlink()
    capsys.readouterr()
    assert tool.main(["cache", *packs, "-m", model, "-o", str(cache), "--count", "4"]) == 0
    assert capsys.readouterr().out == f"{names[1]}\n"
    assert (cache / names[1]).read_bytes() == whole


def test_a_sample_says_which_colour_a_region_has(tool, cache):
    """The disc of the drawing has the colour of the reference's disc: the palette of both is paper and it."""
    for sample in tool.read_samples(cache, "train"):
        assert sample.features.shape[1] == 16 + 16 + 5
        assert sample.pixels.sum() <= 256 * 256
        assert sample.difference.shape == (len(sample.pixels), len(sample.colors))
        assert sample.difference[sample.pixels >= 64].amin(dim=1).max() < 5


def test_training_adds_the_match_and_leaves_all_else_as_it_is(tool, cache, model, tmp_path, capsys):
    out = tmp_path / "trained"
    arguments = [
        "train",
        str(cache),
        "-m",
        model,
        "-o",
        str(out),
        "--epochs",
        "4",
        "--batch",
        "2",
        "--layers",
        "1",
    ]
    assert tool.main(arguments) == 0
    assert '"region_accuracy": {"mean": ' in capsys.readouterr().out
    before, after = load_model(Path(model)), load_model(out)
    assert after.config.region_match == 1
    own = {name: value for name, value in after.state_dict().items() if not name.startswith("region_match.")}
    assert own.keys() == before.state_dict().keys()
    assert all(torch.equal(value, own[name]) for name, value in before.state_dict().items())
    assert after.region_match.query.weight.abs().max() > 0


def sample(tool, pixels, difference, from_white=50.0):
    votes = torch.tensor([[[0.7, 0.3]], [[0.7, 0.3]]]).log()
    return tool.Sample(
        features=torch.zeros(1, 16 + 16 + 5),
        votes=votes,
        borders=torch.zeros(1, 1),
        colors=torch.zeros(2, 16 + 16 + 8),
        difference=torch.tensor([difference]),
        from_white=torch.tensor([from_white]),
        pixels=torch.tensor([float(pixels)]),
        source="drawn",
    )


def test_the_loss_is_the_cross_entropy_of_the_right_colours(tool):
    match = RegionMatch(16, 16, 1).eval()  # at the start, a region takes the colours that it votes for
    right, left = sample(tool, 256, [0.0, 99.0]), sample(tool, 256, [99.0, 0.0])
    assert tool.match_loss(match, [right], 0).item() == pytest.approx(-math.log(0.7), rel=1e-5)
    assert tool.match_loss(match, [right, left], 0).item() == pytest.approx(
        -math.log(0.7 * 0.3) / 2, rel=1e-5
    )
    both = sample(tool, 256, [5.0, 5.0])
    assert tool.match_loss(match, [both], 0).item() == pytest.approx(-math.log(0.7 * 0.3) / 2, rel=1e-5)


def test_large_regions_count_more_and_unknown_colours_not_at_all(tool):
    match = RegionMatch(16, 16, 1).eval()
    right, left = sample(tool, 256, [0.0, 99.0]), sample(tool, 16 * 256, [99.0, 0.0])
    expected = -(math.log(0.7) + 2 * math.log(0.3)) / 3
    assert tool.match_loss(match, [right, left], 0).item() == pytest.approx(expected, rel=1e-5)
    unknown, small = sample(tool, 9999, [30.0, 40.0]), sample(tool, 15, [99.0, 0.0])
    assert tool.match_loss(match, [right, unknown, small], 0).item() == pytest.approx(
        -math.log(0.7), rel=1e-5
    )
    white = sample(tool, 256, [99.0, 0.0], from_white=1.0)
    expected = -(math.log(0.7) + 0.3 * math.log(0.3)) / 1.3
    assert tool.match_loss(match, [right, white], 0).item() == pytest.approx(expected, rel=1e-5)


def test_a_missing_model_is_a_line(tool, packs, tmp_path, capsys):
    assert tool.main(["cache", *packs, "-m", str(tmp_path / "none"), "-o", str(tmp_path / "cache")]) == 1
    assert "none" in capsys.readouterr().err
