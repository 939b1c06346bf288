"""The exported network paints as ours does, at sizes that it was not exported with."""

import dataclasses
import importlib.util
from pathlib import Path

import pytest
import torch

from rltn_cli.engine.checkpoints.onnx_export import export_onnx
from rltn_cli.errors import ModelError, OutputError
from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN


@pytest.fixture
def model() -> RLTN:
    torch.manual_seed(0)
    return RLTN(PRESETS["tiny"]).eval()


def pooling() -> RLTN:
    """Return a network that pools regions, and whose pooling does something."""
    torch.manual_seed(0)
    model = RLTN(dataclasses.replace(PRESETS["tiny"], region_pooling=True)).eval()
    assert model.region_pooling is not None
    torch.nn.init.normal_(model.region_pooling.out.weight, std=0.1)
    return model


@pytest.mark.slow
@pytest.mark.parametrize("pools", [False, True])
def test_the_exported_network_is_equal_at_any_size(model: RLTN, pools: bool, tmp_path: Path) -> None:
    model = pooling() if pools else model
    pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    export_onnx(model, tmp_path / "new" / "tiny.onnx")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["tiny.onnx"]
    session = runtime.InferenceSession(
        str(tmp_path / "new" / "tiny.onnx"), providers=["CPUExecutionProvider"]
    )
    labels = {"labels"} & {value.name for value in session.get_inputs()}
    assert bool(labels) is pools
    for height, width, other_height, other_width in (
        (128, 192, 160, 96), (64, 64, 64, 64), (256, 80, 96, 240), (112, 112, 336, 64)
    ):  # fmt: skip
        sketch = torch.rand(1, 1, height, width) * 2 - 1
        reference = torch.rand(1, 3, other_height, other_width) * 2 - 1
        names = ["colors", "warped"]
        regions = torch.randint(0, 9, (1, height // 4, width // 4))
        inputs = {"sketch": sketch.numpy(), "reference": reference.numpy()}
        inputs |= {name: regions.numpy() for name in labels}
        colors, warped = session.run(names, inputs)
        with torch.no_grad():
            expected = model(sketch, [reference], regions)
        torch.testing.assert_close(torch.from_numpy(colors), expected.colors, rtol=0, atol=1e-3)
        torch.testing.assert_close(torch.from_numpy(warped), expected.warped, rtol=0, atol=1e-3)


@pytest.mark.parametrize("package", ["onnx", "onnxscript"])
def test_a_missing_package_is_named(
    model: RLTN, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == package else object())
    with pytest.raises(ModelError, match=f"ONNX needs the package {package}: pip install"):
        export_onnx(model, tmp_path / "tiny.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_refused_before_minutes_pass(model: RLTN, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="the folder cannot be made"):
        export_onnx(model, tmp_path / "file" / "tiny.onnx")
