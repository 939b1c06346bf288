"""Networks that draw lines, on disk: found by name, read strictly, and written with their configuration."""

from pathlib import Path

import torch

from rltn_cli.config_files import from_mapping, to_json
from rltn_cli.engine.checkpoints.header import CONFIG_FILE, LINES, StoredModel, read_stored
from rltn_cli.engine.checkpoints.weights import fill, pack_weights, write_model
from rltn_cli.errors import ConfigError, ModelError
from rltn_cli.models.hed import HED, HED_ORIGINAL, HEDConfig

SHIPPED = "lines-small"
"""The narrow twin that comes with rltn."""


def load_line_model(path: Path, *, device: torch.device | str = "cpu") -> HED:
    """Read a network that draws lines, strictly: exactly the weights that it needs, in their shapes.

    Args:
        path: a folder with `config.json` and `model.safetensors`, a `.safetensors` file that carries its
            configuration or has a `config.json` next to it, or a `.safetensors` file without one that holds
            the original HED (see `rltn_cli.models.hed` for the names of its weights).
        device: where the network goes.

    Returns:
        The network in evaluation mode, fp32, channels last.

    Raises:
        ModelError: missing, broken, not safetensors, a network that paints, or not these weights.
    """
    files = read_stored(path)
    config = _config_of(files)
    with torch.device("meta"):  # shapes only: nothing is allocated before the file is known to fit
        network = HED(config)
    fill(network, files)
    return network.to(device).to(memory_format=torch.channels_last).eval()


def save_line_model(network: HED, folder: Path, *, half: bool = True) -> Path:
    """Write a network as `config.json` and `model.safetensors` and return the folder.

    Raises:
        ModelError: a weight is not finite, or too large for half precision.
        OutputError: the folder cannot be written.
    """
    config = to_json(network.config)
    return write_model(folder, pack_weights(network, config, folder, half=half), config)


def _config_of(files: StoredModel) -> HEDConfig:
    """Return the sizes that a file states, or those of the original HED if it states none."""
    if files.kind != LINES and files.values is not None:
        raise ModelError(f"{files.weights}: this network paints and does not draw lines; name another one")
    if files.kind != LINES:
        raise ModelError(
            f"{files.weights}: no configuration inside, no {CONFIG_FILE} next to it, not the original HED "
            "(features.N, dsn1 to dsn5, fuse)"
        )
    if files.values is None:
        return HED_ORIGINAL
    try:
        return from_mapping(HEDConfig, files.values, files.where)
    except ConfigError as error:
        reason = str(error).removeprefix(f"{files.where}: ")
        raise ModelError(f"{files.where}: {reason}") from error
