"""Perceptual distance between pictures: LPIPS by its own package, with AlexNet's weights loaded by us."""

import urllib.error
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from rltn_cli.data.tensors import to_tensor
from rltn_cli.engine.checkpoints.trunks import VARIABLE, read_trunk, trunk_folder
from rltn_cli.errors import ModelError
from rltn_cli.imaging.pixels import Bytes
from rltn_cli.optional_packages import library


class Lpips:
    """LPIPS version 0.1 on AlexNet (Zhang et al., 2018)."""

    network: nn.Module
    """The package's network; its weights are frozen."""

    def __init__(self, trunk: dict[str, Tensor] | None = None, device: torch.device | str = "cpu") -> None:
        """Build the package's network around a trunk.

        Args:
            trunk: AlexNet's convolutions, `features.N.weight` and `features.N.bias` as torchvision has them;
                without them the network is random, which suffices to estimate its memory.
            device: where to compute.

        Raises:
            UsageError: the package is not installed.
            ModelError: not AlexNet's convolutions.
        """
        package = library("lpips")
        with warnings.catch_warnings():  # its call of torchvision is deprecated
            warnings.simplefilter("ignore")
            network: Any = package.LPIPS(net="alex", version="0.1", pnet_rand=True, verbose=False)
        if trunk is not None:
            _fill(network, trunk)
        self.network = network.eval().requires_grad_(False).to(device)

    def distances(self, pictures: Tensor, others: Tensor) -> Tensor:
        """Return the distances (B,) between pictures and others, both (B, 3, H, W) in [-1, 1].

        Gradients flow back to the pictures.
        """
        with torch.autocast(pictures.device.type, enabled=False):
            result: Tensor = self.network(pictures.float(), others.float()).flatten()
        return result

    @torch.inference_mode()
    def __call__(self, pictures: Bytes, others: Bytes) -> Sequence[float]:
        """Return the distances between pictures and others, both (N, H, W, 3) uint8; 0 for equal ones."""
        device = next(self.network.parameters()).device
        first, second = to_tensor(pictures, device), to_tensor(others, device)
        distances: list[float] = self.distances(first, second).tolist()
        return distances


def _fill(network: Any, trunk: dict[str, Tensor]) -> None:
    """Put AlexNet's convolutions into the package's network."""
    named = {key.split(".", 1)[1]: key for key in network.net.state_dict()}
    state = {named.get(key.removeprefix("features."), key): value for key, value in trunk.items()}
    try:
        network.net.load_state_dict(state)
    except RuntimeError as error:
        raise ModelError("alexnet_features.safetensors does not hold AlexNet's convolutions") from error


def load_lpips(
    folder: Path | None = None, device: torch.device | str = "cpu", *, offline: bool = False
) -> Lpips:
    """Build LPIPS from a folder of frozen networks, or from torchvision's weights if there is none.

    Args:
        folder: holds `alexnet_features.safetensors`; by default the one that RLTN_FROZEN names. If there is
            none, the weights are downloaded once into the cache of torch.hub.
        device: where to compute.
        offline: refuse to download.

    Raises:
        UsageError: the package is not installed.
        ModelError: the weights are unavailable; the message says how to get them.
    """
    if trunk_folder(folder):
        return Lpips(read_trunk("alexnet", folder), device)
    from torchvision.models import AlexNet_Weights

    weights = AlexNet_Weights.IMAGENET1K_V1
    hint = f"name a folder that holds alexnet_features.safetensors with --frozen or {VARIABLE}"
    if offline and not (Path(torch.hub.get_dir()) / "checkpoints" / weights.url.rsplit("/", 1)[1]).exists():
        raise ModelError(
            f"AlexNet's weights are not on this machine, and --offline forbids downloading them: {hint}"
        )
    try:
        state = weights.get_state_dict(progress=False, check_hash=True, weights_only=True)
    except (urllib.error.URLError, OSError) as error:
        raise ModelError(f"AlexNet's weights cannot be downloaded ({error}): {hint}") from error
    return Lpips({key: value for key, value in state.items() if key.startswith("features.")}, device)
