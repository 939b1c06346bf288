"""Frozen feature networks from files."""

import os
from pathlib import Path
from typing import Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from rltn_cli.errors import ModelError
from rltn_cli.models.frozen import VGG

VARIABLE = "RLTN_FROZEN"
"""Environment variable that names the folder of frozen trunks."""


def load_vgg(name: Literal["vgg16", "vgg19"], folder: Path | None = None) -> VGG:
    """Read `NAME_features.safetensors` (torchvision's key names, any float type) into a VGG.

    Args:
        name: which of the two; never switched silently.
        folder: where the file lies; otherwise what RLTN_FROZEN names.

    Raises:
        ModelError: no folder, no file, or not these weights; says how to get them.
    """
    place = folder or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    hint = (
        f"save torchvision.models.{name}(weights='IMAGENET1K_V1').state_dict()'s features.* as "
        f"{name}_features.safetensors in a folder and name it with {VARIABLE}, or set the weights of "
        "fm, perc, ctx and scl to 0"
    )
    if place is None:
        raise ModelError(f"the perceptual loss terms need {name}: {hint}")
    path = place / f"{name}_features.safetensors"
    try:
        state = load_file(path)
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such file; {hint}") from error
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path}: not a readable safetensors file ({error})") from error
    vgg = VGG(name)
    try:
        vgg.load_state_dict({key: value.to(torch.float32) for key, value in state.items()})
    except RuntimeError as error:
        raise ModelError(f"{path}: not the convolutions of {name}; {hint}") from error
    return vgg.eval()
