"""Frozen feature networks, read from files."""

import os
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from rltn_cli.choices import FrozenNetwork, PerceptualTrunk
from rltn_cli.errors import ModelError
from rltn_cli.models.frozen import VGG

VARIABLE = "RLTN_FROZEN"
"""Environment variable that names the folder of frozen networks."""


def trunk_folder(folder: Path | None = None) -> Path | None:
    """Return the folder of frozen networks: the one given, or the one that RLTN_FROZEN names, or None."""
    return folder or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)


def read_trunk(name: FrozenNetwork, folder: Path | None = None) -> dict[str, Tensor]:
    """Read a network's convolutions, `NAME_features.safetensors`, as float32 with torchvision's key names.

    Args:
        name: which network; never replaced by another one.
        folder: of the file; by default the one that RLTN_FROZEN names.

    Raises:
        ModelError: no folder, no file, or not safetensors; the message says how to get it.
    """
    place = trunk_folder(folder)
    hint = (
        f"save torchvision.models.{name}(weights='IMAGENET1K_V1').state_dict()'s features.* as "
        f"{name}_features.safetensors in a folder and name it with {VARIABLE}"
    )
    if place is None:
        raise ModelError(f"the frozen network {name} is needed: {hint}")
    path = place / f"{name}_features.safetensors"
    try:
        return {key: value.to(torch.float32) for key, value in load_file(path).items()}
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such file; {hint}") from error
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path}: not a readable safetensors file ({error}); {hint}") from error


def load_vgg(name: PerceptualTrunk, folder: Path | None = None) -> VGG:
    """Read a VGG for the perceptual loss terms or for features.

    Args:
        name: which of the two; never replaced by the other.
        folder: of its file; by default the one that RLTN_FROZEN names.

    Raises:
        ModelError: no folder, no file, or other weights; the message says how to get them.
    """
    state = read_trunk(name, folder)
    vgg = VGG(name)
    try:
        vgg.load_state_dict(state)
    except RuntimeError as error:
        raise ModelError(
            f"the file {name}_features.safetensors does not hold the convolutions of {name}"
        ) from error
    return vgg.eval()
