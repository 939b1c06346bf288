"""Training states on disk: safetensors and JSON, nothing pickled."""

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.optim import Optimizer

from rltn_cli.errors import OutputError, TrainingError
from rltn_cli.output_files import replacement_folder

STATE = "state.json"


def optimizer_tensors(optimizer: Optimizer) -> dict[str, Tensor]:
    """Return an optimiser's moments and step counts as tensors named `NUMBER.NAME`, by parameter."""
    entries = optimizer.state_dict()["state"]
    return {
        f"{number}.{name}": torch.as_tensor(value)
        for number, values in entries.items()
        for name, value in values.items()
    }


def restore_optimizer(optimizer: Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Put back what `optimizer_tensors` returned; an empty mapping leaves a fresh optimiser.

    Raises:
        ValueError: the tensors belong to other parameters.
    """
    state = optimizer.state_dict()
    parameters = [value for group in optimizer.param_groups for value in group["params"]]
    entries: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, name = key.split(".", 1)
        if int(number) >= len(parameters):
            raise ValueError(f"it trained more than {len(parameters)} parameters")
        parameter = parameters[int(number)]
        if value.ndim:
            if value.shape != parameter.shape:
                raise ValueError(f"parameter {number} has another shape")
            value = torch.empty_like(parameter).copy_(value)  # in the parameter's own layout
        entries.setdefault(int(number), {})[name] = value
    optimizer.load_state_dict({"state": entries, "param_groups": state["param_groups"]})


def write_state(
    folder: Path, tensors: Mapping[str, Mapping[str, Tensor]], values: Mapping[str, object]
) -> None:
    """Write a training state; the folder appears whole or not at all.

    Args:
        folder: its parent exists; an older state there is replaced.
        tensors: by file name (without suffix) and key.
        values: plain values for state.json.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        with replacement_folder(folder) as fresh:
            for name, members in tensors.items():
                plain = {key: value.detach().cpu().contiguous() for key, value in members.items()}
                save_file(plain, fresh / f"{name}.safetensors")
            (fresh / STATE).write_text(json.dumps(dict(values), indent=2) + "\n", encoding="utf-8")
    except (OSError, SafetensorError) as error:
        raise OutputError(f"{folder}: the training state cannot be written ({error})") from error


def read_state(folder: Path) -> tuple[dict[str, dict[str, Tensor]], dict[str, object]]:
    """Return (tensors, values) as written by `write_state`.

    Raises:
        TrainingError: not a complete training state.
    """
    try:
        values = json.loads((folder / STATE).read_text(encoding="utf-8"))
        tensors = {path.stem: load_file(path) for path in sorted(folder.glob("*.safetensors"))}
    except (OSError, ValueError, SafetensorError) as error:
        raise TrainingError(
            f"{folder}: not a complete training state ({error}); resume from another"
        ) from error
    return tensors, values
