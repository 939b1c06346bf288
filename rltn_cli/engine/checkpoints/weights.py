"""A model's weights: on disk safetensors and a config.json, in half precision; fp32 in memory."""

import dataclasses
import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from rltn_cli.config_files import to_json
from rltn_cli.engine.checkpoints.header import (
    CONFIG_FILE,
    WEIGHTS,
    StoredModel,
    make_printable,
    read_model_files,
)
from rltn_cli.errors import ModelError
from rltn_cli.model_config import ARCHITECTURE, ModelConfig
from rltn_cli.models.architectures import PaintingNetwork, build_network
from rltn_cli.models.rltn import RLTN
from rltn_cli.output_files import make_folder, write_file


def save_model(model: PaintingNetwork, folder: Path, *, half: bool = True) -> Path:
    """Write a model as `config.json` and `model.safetensors` and return the folder.

    Each file appears whole or not at all. The file of the weights also contains the configuration, so that it
    can be used by itself.

    Args:
        model: on any device, in any memory format.
        folder: created if it is missing; an existing model is replaced.
        half: store fp16, otherwise the model's own precision.

    Raises:
        ModelError: a weight is not finite, or too large for half precision.
        OutputError: the folder cannot be written.
    """
    config = to_json(model.config)
    return write_model(folder, pack_weights(model, config, folder, half=half), config)


def write_model(folder: Path, weights: bytes, config: str) -> Path:
    """Write the files of a network, of any kind, and return the folder; each appears whole or not at all.

    Raises:
        OutputError: the folder cannot be written.
    """
    make_folder(folder)
    write_file(folder / WEIGHTS, weights, overwrite=True)
    write_file(folder / CONFIG_FILE, config.encode(), overwrite=True)
    return folder


def save_model_file(model: PaintingNetwork, path: Path, *, half: bool = True) -> Path:
    """Write a model as one `.safetensors` file that carries its configuration, and return its path.

    Args and errors as in `save_model`; the file's folder is made if it is missing.
    """
    weights = pack_weights(model, to_json(model.config), path, half=half)
    make_folder(path.parent)
    write_file(path, weights, overwrite=True)
    return path


def pack_weights(network: nn.Module, config: str, target: Path, *, half: bool = True) -> bytes:
    """Return a network as the bytes of a safetensors file that carries its configuration.

    Args:
        network: on any device.
        config: as JSON.
        target: what will be written, for messages.
        half: store fp16, otherwise the network's own precision.

    Raises:
        ModelError: a weight is not finite, or too large for half precision.
    """
    tensors: dict[str, torch.Tensor] = {}
    for name, value in network.state_dict().items():
        value = value.detach().cpu()
        if half and value.is_floating_point():
            value = value.half()
        if not torch.isfinite(value).all():
            raise ModelError(
                f"{target}: the weight {name} is not finite in {value.dtype}; the model is not saved"
            )
        tensors[name] = value.contiguous()
    return _in_order(save(tensors, metadata={"format": "pt", "config": config}))


def _in_order(data: bytes) -> bytes:
    """Return a safetensors file with sorted metadata, so that equal models are equal files."""
    end = 8 + int.from_bytes(data[:8], "little")
    entries = json.loads(data[8:end])
    entries["__metadata__"] = dict(sorted(entries["__metadata__"].items()))
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the weights begin at a multiple of 8
    return len(text).to_bytes(8, "little") + text + data[end:]


def load_model(path: Path, *, device: torch.device | str = "cpu") -> PaintingNetwork:
    """Read a model that paints, strictly: exactly the weights that it requires, in their shapes.

    Args:
        path: a folder with `config.json` and `model.safetensors` (or its parts and their index), or a
            `.safetensors` file that carries its configuration; see `model_names.find_model` for names.
        device: where the model goes.

    Returns:
        The model in evaluation mode, fp32, contiguous.

    Raises:
        ModelError: missing, broken, not safetensors, or not the weights that its configuration asks for.
    """
    files = read_model_files(path)
    with torch.device("meta"):  # shapes only: nothing is allocated before the file is known to fit
        model = build_network(files.config)
    fill(model, files)
    return model.to(device).eval()


OPTIONAL_MODULES = ("region_pooling.", "encoder.context.", "mfam.refine.")
"""Parts of the names of weights that `extend` may add; they start at zero."""


def extend(model: RLTN, wanted: ModelConfig) -> RLTN:
    """Return a network with the optional modules that a model lacks; it paints as before until it is trained.

    Args:
        model: keeps the modules that it has, in their sizes; itself returned if it lacks none.
        wanted: has the modules to add, in their sizes; all else in it counts for nothing.
    """
    old = model.config
    config = dataclasses.replace(
        old,
        region_pooling=old.region_pooling or wanted.region_pooling,
        context_layers=old.context_layers or wanted.context_layers,
        refinement=old.refinement or wanted.refinement,
        architecture=ARCHITECTURE,
    )
    if config == dataclasses.replace(old, architecture=ARCHITECTURE):
        return model
    extended = RLTN(config)
    found = extended.load_state_dict(model.state_dict(), strict=False)
    assert all(any(part in name for part in OPTIONAL_MODULES) for name in found.missing_keys)
    assert not found.unexpected_keys
    return extended.train(model.training)


def fill(network: nn.Module, files: StoredModel) -> None:
    """Load the weights of a file into a network that was created on the device "meta", as fp32.

    Raises:
        ModelError: other weights than the network's, weights that are not finite, or a broken file.
    """
    _check_shapes(files, {name: tuple(value.shape) for name, value in network.state_dict().items()})
    tensors: dict[str, torch.Tensor] = {}
    for part in files.parts:
        try:
            stored = load_file(part)
        except (SafetensorError, OSError) as error:
            raise ModelError(f"{part}: not a whole safetensors file ({error})") from error
        for name, value in stored.items():
            tensors[name] = value.to(torch.float32, copy=True).contiguous()
    for name, value in tensors.items():
        if not torch.isfinite(value).all():
            raise ModelError(f"{files.weights}: the weight {name} is not finite; fetch the model again")
    network.load_state_dict(tensors, strict=True, assign=True)
    assert not any(value.is_meta for value in (*network.parameters(), *network.buffers()))


def _check_shapes(files: StoredModel, wanted: dict[str, tuple[int, ...]]) -> None:
    """Raise ModelError unless the file contains exactly the weights that are wanted."""
    advice = f"its {CONFIG_FILE} belongs to another model"
    missing = [name for name in wanted if name not in files.shapes]
    extra = [name for name in files.shapes if name not in wanted]
    wrong = [name for name, shape in wanted.items() if files.shapes.get(name, shape) != shape]
    for names, what in ((missing, "lacks"), (extra, "holds unknown"), (wrong, "holds in another shape")):
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            raise ModelError(f"{files.weights}: {what} {make_printable(names[0])}{more}; {advice}")
