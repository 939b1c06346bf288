"""Networks that draw lines: by name, round trips, and what is refused."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from rltn_cli.engine.checkpoints.line_models import SHIPPED, load_line_model, save_line_model
from rltn_cli.engine.checkpoints.model_names import find_model
from rltn_cli.engine.checkpoints.weights import load_model, save_model
from rltn_cli.errors import ModelError
from rltn_cli.model_config import PRESETS
from rltn_cli.models.hed import HED, HED_ORIGINAL, HEDConfig
from rltn_cli.models.rltn import RLTN

TINY = HEDConfig(widths=(2, 3, 4, 4, 4), merge=3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    return save_line_model(HED(TINY), tmp_path / "little", half=False)


def test_a_network_comes_back_as_it_was(folder: Path) -> None:
    torch.manual_seed(0)
    expected = HED(TINY).state_dict()
    for path in (folder, folder / "model.safetensors"):
        loaded = load_line_model(path)
        assert loaded.config == TINY
        assert not loaded.training
        assert all(torch.equal(value, expected[name]) for name, value in loaded.state_dict().items())
    assert json.loads((folder / "config.json").read_text())["kind"] == "lines"


def test_half_precision_on_disk_is_fp32_in_memory(tmp_path: Path) -> None:
    folder = save_line_model(HED(TINY), tmp_path / "half")
    assert {value.dtype for value in load_file(folder / "model.safetensors").values()} == {torch.float16}
    assert {value.dtype for value in load_line_model(folder).state_dict().values()} == {torch.float32}


def test_the_originals_file_needs_no_configuration(tmp_path: Path) -> None:
    with torch.device("meta"):
        shapes = {name: value.shape for name, value in HED(HED_ORIGINAL).state_dict().items()}
    path = tmp_path / "hed.safetensors"
    save_file({name: torch.zeros(shape, dtype=torch.float16) for name, shape in shapes.items()}, path)
    assert load_line_model(path).config == HED_ORIGINAL


def test_the_shipped_network_is_found_and_loads() -> None:
    path = find_model(SHIPPED)
    assert load_line_model(path).config == HEDConfig()


def test_a_network_that_paints_is_refused_and_the_other_way_round(folder: Path, tmp_path: Path) -> None:
    painter = save_model(RLTN(PRESETS["tiny"]), tmp_path / "painter")
    with pytest.raises(ModelError, match=r"painter.*: this network paints and does not draw lines"):
        load_line_model(painter)
    with pytest.raises(
        ModelError, match=r"little: this network draws lines and does not paint.*extract-lines"
    ):
        load_model(folder)


def test_weights_of_other_sizes_are_refused(folder: Path) -> None:
    config = folder / "config.json"
    values = json.loads(config.read_text())
    config.write_text(json.dumps(values | {"widths": [2, 3, 4, 4, 8]}))
    with pytest.raises(ModelError, match=r"holds in another shape features\.24\.weight and \d+ more"):
        load_line_model(folder)
    config.write_text(json.dumps(values | {"merge": 0}))
    with pytest.raises(ModelError, match=r"holds unknown back\.\d"):
        load_line_model(folder)
    config.write_text(json.dumps(values | {"widths": [2, 3]}))
    with pytest.raises(ModelError, match=r"config\.json.*five whole numbers|five whole numbers"):
        load_line_model(folder)
    config.write_text(json.dumps(values | {"depth": 3}))
    with pytest.raises(ModelError, match=r"config\.json: unknown key 'depth'"):
        load_line_model(folder)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vgg.safetensors"
    save_file({"features.0.weight": torch.zeros(1)}, path)
    with pytest.raises(ModelError, match=r"vgg\.safetensors: no configuration inside.*not the original HED"):
        load_line_model(path)


def test_weights_that_are_not_finite_are_refused(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    tensors["fuse.bias"] = torch.tensor([float("nan")])
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(ModelError, match=r"the weight fuse\.bias is not finite"):
        load_line_model(folder)


def test_an_unknown_name() -> None:
    with pytest.raises(ModelError, match=r"liness: no such model; shipped: .*lines-small"):
        find_model("liness")
