"""The network as ONNX, for sizes of any kind, for programs that embed it without PyTorch."""

import importlib.util
import logging
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from rltn_cli.errors import ModelError
from rltn_cli.models.architectures import PaintingNetwork
from rltn_cli.models.rltn import RLTN
from rltn_cli.output_files import make_folder, replacement
from rltn_cli.sizes import PATCH, SIDE_MINIMUM, SIDE_MULTIPLE

OPSET = 20
MAX_SIDE = 4096
"""Largest height and width that the exported network takes, in pixels."""


class _Network(nn.Module):
    """RLTN with one reference, and plain tensors as inputs and outputs."""

    def __init__(self, model: RLTN) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, sketch: Tensor, reference: Tensor, labels: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return colors and warped (1, 3, H, W); the arguments are the inputs that `export_onnx` lists."""
        output = self.model(sketch, [reference], labels)
        return output.colors, output.warped


def export_onnx(model: PaintingNetwork, path: Path) -> None:
    """Write a network as an ONNX file that appears whole or not at all.

    Its inputs are `sketch` (1, 1, H, W) and `reference` (1, 3, H', W') in [-1, 1], float32, with sides that
    are multiples of 16 from 64 to 4096; its outputs `colors` and `warped` (1, 3, H, W) in [-1, 1]. A network
    that pools regions has a third input, `labels` (1, H / 4, W / 4) int64, the region between lines that each
    4x4 block is in; see `token_labels`. Regions are not matched with the reference's colours in it, since the
    palette is found outside the network.

    Raises:
        ModelError: not an RLTN, or the packages of the extra "export" are missing.
        OutputError: the file cannot be written.
    """
    if not isinstance(model, RLTN):
        raise ModelError(f"{path}: only RLTN is exported, not {model.config.network}")
    for package in ("onnx", "onnxscript"):
        if importlib.util.find_spec(package) is None:
            raise ModelError(f"{path}: ONNX needs the package {package}: pip install 'rltn[export]'")
    make_folder(path.parent)
    with replacement(path, overwrite=True) as part:  # an unwritable folder is found here, not in minutes
        _translate(model).save(str(part), external_data=False)


def _translate(model: RLTN) -> torch.onnx.ONNXProgram:
    """Return the network as an ONNX program."""
    smallest, largest = SIDE_MINIMUM // SIDE_MULTIPLE, MAX_SIDE // SIDE_MULTIPLE
    sides = [torch.export.Dim(name, min=smallest, max=largest) for name in ("h", "w", "rh", "rw")]
    height, width, other_height, other_width = (SIDE_MULTIPLE * side for side in sides)
    # Four different sides: equal ones would be taken for the same dimension.
    example: tuple[Tensor, ...] = torch.zeros(1, 1, 128, 192), torch.zeros(1, 3, 160, 96)
    shapes = {"sketch": {2: height, 3: width}, "reference": {2: other_height, 3: other_width}}
    if model.config.region_pooling:
        example += (torch.ones(1, 128 // PATCH, 192 // PATCH, dtype=torch.int64),)
        grid = SIDE_MULTIPLE // PATCH
        shapes["labels"] = {1: grid * sides[0], 2: grid * sides[1]}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter's, about its own internals
        program = torch.onnx.export(
            _Network(model).eval(),
            example,
            dynamo=True,
            verbose=False,
            input_names=list(shapes),
            output_names=["colors", "warped"],
            dynamic_shapes=shapes,
            opset_version=OPSET,
        )
    assert program is not None
    return program
