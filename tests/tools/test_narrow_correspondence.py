import dataclasses

import pytest
import torch
from support.rounding import assert_nearly
from support.scripts import script

from rltn_cli.engine.checkpoints.weights import load_model, save_model
from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN


@pytest.fixture(scope="module")
def tool():
    with script("tools/narrow_correspondence.py") as module:
        yield module


@pytest.fixture
def flat_model():
    """A model of 16 features of which seven axes and the mean are used, so that eight features hold all."""
    torch.manual_seed(0)
    model = RLTN(PRESETS["tiny"])
    axes, _ = torch.linalg.qr(torch.cat([torch.ones(16, 1), torch.randn(16, 7)], dim=1))
    with torch.no_grad():
        for mfam in (model.content_mfam, model.style_mfam):
            mfam.fuse.weight.copy_(torch.einsum("de,ecyx->dcyx", axes @ axes.T, mfam.fuse.weight))
            mfam.fuse.bias.copy_(axes @ axes.T @ mfam.fuse.bias)
    return model.eval()


@pytest.fixture
def training_pairs(pairs_folder):
    """Pairs with mates in the split that the tool looks at."""
    index = pairs_folder / "index.csv"
    index.write_text(index.read_text(encoding="utf-8").replace(",val,", ",train,"), encoding="utf-8")
    return pairs_folder


@pytest.mark.usefixtures("in_float64")
def test_nothing_is_lost_where_the_features_use_fewer_axes(tool, flat_model, training_pairs):
    moments = tool.measure(flat_model, training_pairs, 4)
    narrow = tool.narrowed(flat_model, moments, tool.narrower(flat_model.config, 8))
    sketch, reference = torch.rand(1, 1, 64, 80) * 2 - 1, torch.rand(1, 3, 64, 64) * 2 - 1
    with torch.inference_mode():
        wide, less = flat_model(sketch, [reference]), narrow(sketch, [reference])
    assert less.content.shape == (1, 16 * 20, 8)
    assert_nearly(less.warped, wide.warped)
    assert_nearly(less.colors, wide.colors)


def test_a_narrower_model_is_written_and_loads(tool, flat_model, training_pairs, tmp_path, capsys):
    wide = save_model(flat_model, tmp_path / "wide", half=False)
    arguments = [str(training_pairs), str(wide), "-o", str(tmp_path / "narrow"), "--drawings", "2"]
    assert tool.main([*arguments, "--width", "8"]) == 0
    assert "16 features narrowed to 8" in capsys.readouterr().out
    assert load_model(tmp_path / "narrow").config.correspondence_width == 8


def test_a_width_that_is_no_less_is_one_line(tool, flat_model, training_pairs, tmp_path, capsys):
    wide = save_model(flat_model, tmp_path / "wide", half=False)
    arguments = [str(training_pairs), str(wide), "-o", str(tmp_path / "narrow"), "--drawings", "2"]
    assert tool.main([*arguments, "--width", "16"]) == 1
    assert "must be less than the model's 16, not 16" in capsys.readouterr().err
    assert not (tmp_path / "narrow").exists()


def test_a_model_whose_regions_are_matched_is_refused(tool, tmp_path, pairs_folder, capsys):
    config = dataclasses.replace(PRESETS["tiny"], region_pooling=True, region_match=1)
    folder = save_model(RLTN(config), tmp_path / "matched")
    assert tool.main([str(pairs_folder), str(folder), "-o", str(tmp_path / "out"), "--width", "8"]) == 1
    assert "its region match has learned from the features as they are" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
