"""Our layout is PyTorchModelHubMixin's: it reads ours, and we read its."""

import json
from pathlib import Path

import pytest
import torch
from huggingface_hub import PyTorchModelHubMixin

from rltn_cli.config_files import to_json
from rltn_cli.engine.checkpoints.weights import load_model, save_model
from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN


class Mixed(PyTorchModelHubMixin, RLTN):
    """RLTN as others would share it."""


@pytest.fixture(scope="module")
def model() -> RLTN:
    torch.manual_seed(0)
    return RLTN(PRESETS["tiny"]).eval()


def paint(model: RLTN) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    sketch = torch.rand(1, 1, 64, 64, generator=generator) * 2 - 1
    reference = torch.rand(1, 3, 64, 64, generator=generator) * 2 - 1
    with torch.no_grad():
        return model(sketch, [reference]).colors


def test_the_mixin_reads_ours(model: RLTN, tmp_path: Path) -> None:
    save_model(model, tmp_path, half=False)
    other = Mixed.from_pretrained(tmp_path)
    assert to_json(other.config) == to_json(model.config)
    assert torch.equal(paint(other), paint(model))


def test_we_read_the_mixins(model: RLTN, tmp_path: Path) -> None:
    other = Mixed(PRESETS["tiny"])
    other.load_state_dict(model.state_dict())
    other.save_pretrained(tmp_path)
    assert torch.equal(paint(load_model(tmp_path)), paint(model))


def test_both_write_the_same_files(model: RLTN, tmp_path: Path) -> None:
    ours = save_model(model, tmp_path / "ours", half=False)
    Mixed(PRESETS["tiny"]).save_pretrained(tmp_path / "other")
    names = [path.name for path in ours.iterdir()]
    assert sorted([*names, "README.md"]) == sorted(path.name for path in (tmp_path / "other").iterdir())
    assert json.loads((ours / "config.json").read_text()) == json.loads(
        (tmp_path / "other" / "config.json").read_text()
    )
