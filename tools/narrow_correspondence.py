"""Narrow a model's matched features without training: fewer products for every pair of places.

    python tools/narrow_correspondence.py openlines/ wide/ -o narrow/ --width 40

The features of drawings and references hardly use all of their d dimensions. Their main axes over training
pairs are kept, with their mean, which the match takes out and the generator sees; the two last layers of the
aggregation and the generator's layers that read the content are multiplied by the change of axes.
"""

import argparse
import dataclasses
import math
import sys
from dataclasses import dataclass
from pathlib import Path

import rltn_cli  # noqa: F401  before PyTorch, whose threads then sleep while they wait

# isort: split
import torch
from torch import Tensor

from rltn_cli.data.pairs import read_pairs
from rltn_cli.engine.checkpoints.model_names import find_model
from rltn_cli.engine.checkpoints.weights import load_model, save_model
from rltn_cli.engine.evaluation.protocols import load, plan
from rltn_cli.errors import DataError, RltnError
from rltn_cli.model_config import ModelConfig
from rltn_cli.models.correspondence import normalize
from rltn_cli.models.rltn import RLTN

_PICTURE = 4
"""Channels of the picture, before the content's, in what the generator's layers read."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Second moments of features over training pairs, (d, d) float64, not centred over the places."""

    matched: Tensor
    """Of the unit vectors of drawings, and of references; their sum."""
    content: Tensor
    """Of the drawings' features before they are centred and scaled."""


def main(arguments: list[str] | None = None) -> int:
    """Write the narrower model and return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        model = load_model(find_model(options.model))
        if not isinstance(model, RLTN):
            raise RltnError(f"{options.model}: not an RLTN")
        if model.config.region_match:
            raise RltnError(
                f"{options.model}: its region match has learned from the features as they are; "
                "narrow the model that it was added to, and train it again"
            )
        config = narrower(model.config, options.width)
        save_model(narrowed(model, measure(model, options.data, options.drawings), config), options.output)
    except RltnError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(f"{options.output}: {model.config.correspondence_width} features narrowed to {options.width}")
    return 0


@torch.inference_mode()
def measure(model: RLTN, data: Path, drawings: int) -> Moments:
    """Look at training drawings with a reference of their group, and as many with their own picture bent.

    Raises:
        DataError: the split `train` has too few drawings, or none with a mate.
    """
    d = model.config.correspondence_width
    queries, keys, contents = (torch.zeros(d, d, dtype=torch.float64) for _ in range(3))
    places = 0
    pairs = read_pairs(data)
    for protocol in ("group", "self"):
        batch = load(plan(pairs, protocol, split="train", limit=drawings, seed=1))
        sketches = torch.from_numpy(batch.sketches)[:, None].float() / 127.5 - 1
        references = torch.from_numpy(batch.references).permute(0, 3, 1, 2).float() / 127.5 - 1
        for sketch, reference in zip(sketches.split(1), references.split(1), strict=True):
            content = model.content_mfam(model.content_encoder(sketch))
            _add(queries, normalize(content)[0])
            _add(keys, model.encode_references([reference]).style[0])
            _add(contents, content.flatten(2)[0].T)
            places += content.shape[2] * content.shape[3]
    return Moments((queries + keys) / places, contents / places)


def narrower(config: ModelConfig, width: int) -> ModelConfig:
    """Return a model's configuration with fewer matched features.

    Raises:
        ConfigError: the width cannot be one of a model.
        DataError: it is not smaller than the model's.
    """
    d = config.correspondence_width
    if not 1 < width < d:
        raise DataError(f"the width must be less than the model's {d}, not {width}")
    return dataclasses.replace(config, correspondence_width=width)


def narrowed(model: RLTN, moments: Moments, config: ModelConfig) -> RLTN:
    """Return a model of a narrower configuration that does nearly the same."""
    d, width = model.config.correspondence_width, config.correspondence_width
    axes = torch.linalg.eigh(moments.matched).eigenvectors.flip(1)[:, : width - 1]
    mean = torch.full((d, 1), 1 / math.sqrt(d), dtype=torch.float64)
    change = _mean_last(width) @ torch.cat([axes, mean], dim=1).T
    seen = moments.content @ change.T
    back = seen @ torch.linalg.pinv(change @ seen, hermitian=True)  # to d channels, by least squares
    weights = {}
    for name, value in model.state_dict().items():
        wide = value.double()
        if name in ("content_mfam.fuse.weight", "style_mfam.fuse.weight"):
            wide = torch.einsum("wd,dcyx->wcyx", change, wide)
        elif name in ("content_mfam.fuse.bias", "style_mfam.fuse.bias"):
            wide = change @ wide
        elif name.startswith("generator.") and wide.ndim == 4 and wide.shape[1:] == (_PICTURE + d, 3, 3):
            content = torch.einsum("odyx,dw->owyx", wide[:, _PICTURE:], back)
            wide = torch.cat([wide[:, :_PICTURE], content], dim=1)
        weights[name] = wide.float()
    narrow = RLTN(config)
    narrow.load_state_dict(weights)
    return narrow.eval()


def _mean_last(width: int) -> Tensor:
    """Return a reflection that turns the last axis into the mean of all, which `normalize` takes out."""
    way = torch.full((width,), -1 / math.sqrt(width), dtype=torch.float64)
    way[-1] += 1
    return torch.eye(width, dtype=torch.float64) - 2 * torch.outer(way, way) / (way @ way)


def _add(moments: Tensor, features: Tensor) -> None:
    """Add the second moments of (N, d) features."""
    moments += features.double().T @ features.double()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path, help="folder of pairs with groups")
    parser.add_argument("model", help="a shipped name, a folder or a file")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the narrower model")
    parser.add_argument("--width", type=int, default=40, help="features to keep, a multiple of 8")
    parser.add_argument("--drawings", type=int, default=80, help="training drawings of each kind to look at")
    return parser


if __name__ == "__main__":
    sys.exit(main())
