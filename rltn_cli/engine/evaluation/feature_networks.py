"""Networks whose features compare two sets of pictures: Inception for FID and KID, and VGG16."""

import hashlib
import urllib.error
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from rltn_cli.data.tensors import to_tensor
from rltn_cli.engine.checkpoints.trunks import load_vgg
from rltn_cli.errors import ModelError
from rltn_cli.imaging.pixels import Bytes, Floats
from rltn_cli.optional_packages import library
from rltn_cli.output_files import make_folder

INCEPTION_SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
"""SHA-256 of torch-fidelity's weights, converted from the network by which FID was defined."""
VGG_SIZE = 128
"""Height and width in pixels at which VGG16 sees pictures: a third of the cost of the 224 of its training."""

FeatureNetwork = Callable[[Bytes], Floats]
"""Turns pictures (N, H, W, 3) uint8 into features (N, D)."""


def load_inception(
    path: Path | None = None, device: torch.device | str = "cpu", *, offline: bool = False
) -> FeatureNetwork:
    """Load torch-fidelity's Inception network of FID; 2,048 features per picture.

    Args:
        path: the weights' file; otherwise they are downloaded once into the cache of torch.hub.
        device: where to compute.
        offline: refuse to download.

    Raises:
        UsageError: torch-fidelity is not installed.
        ModelError: the file is missing, is a different one, or cannot be downloaded.
    """
    module = library("torch_fidelity.feature_extractor_inceptionv3")
    file = path or _fetch_inception(module.URL_INCEPTION_V3, offline)
    try:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(f"{file}: the Inception weights cannot be read ({error.strerror})") from error
    if digest != INCEPTION_SHA256:
        raise ModelError(
            f"{file}: not the Inception weights of torch-fidelity (SHA-256 {digest[:16]}...); "
            f"fetch them from {module.URL_INCEPTION_V3}"
        )
    network: Any = module.FeatureExtractorInceptionV3(
        "inception-v3-compat", ["2048"], feature_extractor_weights_path=str(file)
    ).to(device)

    @torch.inference_mode()
    def features(pictures: Bytes) -> Floats:
        output: Floats = network(torch.from_numpy(pictures).to(device).permute(0, 3, 1, 2))[0].cpu().numpy()
        return output

    return features


def _fetch_inception(url: str, offline: bool) -> Path:
    """Return torch-fidelity's weights in the cache of torch.hub, downloaded if need be."""
    file = Path(torch.hub.get_dir()) / "checkpoints" / url.rsplit("/", 1)[1]
    if file.exists():
        return file
    hint = f"fetch {url} and name the file with --inception"
    if offline:
        raise ModelError(
            f"the Inception weights are not on this machine, and --offline forbids downloading them: {hint}"
        )
    make_folder(file.parent)
    try:
        torch.hub.download_url_to_file(url, str(file), hash_prefix=INCEPTION_SHA256, progress=False)
    except (urllib.error.URLError, OSError, RuntimeError) as error:
        raise ModelError(f"the Inception weights cannot be downloaded ({error}): {hint}") from error
    return file


def load_vgg16(folder: Path | None = None, device: torch.device | str = "cpu") -> FeatureNetwork:
    """Load VGG16's convolutions; a picture's 512 features are the means of relu5_3 at 128x128.

    Raises:
        ModelError: the weights are missing; the message says how to get them.
    """
    network = load_vgg("vgg16", folder).to(device)

    @torch.inference_mode()
    def features(pictures: Bytes) -> Floats:
        values, size = to_tensor(pictures, device), (VGG_SIZE, VGG_SIZE)
        small = F.interpolate(values, size, mode="bilinear", antialias=True, align_corners=False)
        output: Floats = network(small, ["relu5_3"])["relu5_3"].mean(dim=(2, 3)).cpu().numpy()
        return output

    return features
