"""Pictures as tensors: uint8 becomes floats in [-1, 1] and goes back; the regions of sketches."""

import numpy as np
import torch
from torch import Tensor

from rltn_cli.imaging.pixels import Bytes, Floats
from rltn_cli.imaging.regions.labels import label_regions, token_labels


def to_floats(pictures: Tensor) -> Tensor:
    """Return uint8 values of any shape as float32 in [-1, 1]."""
    return pictures.float() / 127.5 - 1


def to_byte_values(pictures: Tensor) -> Tensor:
    """Return values of any shape in [-1, 1] as uint8, rounded."""
    return ((pictures.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def to_tensor(pictures: Bytes, device: torch.device | str = "cpu") -> Tensor:
    """Return pictures (N, H, W, C) as (N, C, H, W) float32 in [-1, 1], channels last in memory."""
    values = torch.from_numpy(np.ascontiguousarray(pictures)).to(device).permute(0, 3, 1, 2)
    return to_floats(values).contiguous(memory_format=torch.channels_last)


def to_array(picture: Tensor) -> Floats:
    """Return a picture (3, H, W) in about [-1, 1] as (H, W, 3) float32 in [0, 1], on the CPU."""
    scaled = (picture.float().clamp(-1, 1) + 1) / 2
    return np.ascontiguousarray(scaled.permute(1, 2, 0).cpu().numpy())


def label_sketches(sketch: Tensor) -> Tensor:
    """Return the region of each token of sketches (B, 1, H, W) in [-1, 1]: (B, H / 4, W / 4) int64."""
    grey = to_byte_values(sketch[:, 0]).cpu().numpy()
    labels = np.stack([token_labels(label_regions(canvas)) for canvas in grey])
    return torch.from_numpy(labels).to(sketch.device)
