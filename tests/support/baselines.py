"""Tiny runs of the methods that RLTN is compared with."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors.torch import save_file
from support.training_set import TINY

from rltn_cli.models.frozen import VGG

BASELINES = ("adain", "munit", "drit", "scft")


def write_baseline_toml(path: Path, *more: str) -> Path:
    """Write the settings of a tiny run that all of them use, with more lines at the end; return the file."""
    path.write_text("\n".join([TINY.partition("[losses]")[0], *more]), encoding="utf-8")
    return path


def write_vgg16(folder: Path) -> Path:
    """Write VGG16 with random weights where `frozen` or RLTN_FROZEN may name it, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with seeded(3):
        save_file(VGG("vgg16").state_dict(), folder / "vgg16_features.safetensors")
    return folder


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw from a seed for a while."""
    state = torch.get_rng_state()
    torch.manual_seed(seed)
    yield
    torch.set_rng_state(state)
