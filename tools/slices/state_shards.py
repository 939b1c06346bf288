"""A training state split into files of limited size, to carry it between machines."""

import json
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

from rltn_cli.errors import TrainingError

INDEX = "shards.json"


def write_shards(
    folder: Path, tensors: Mapping[str, Tensor], values: Mapping[str, object], limit: int = 15 * 2**20
) -> list[Path]:
    """Write tensors into files of at most `limit` bytes each, filled one after another.

    Args:
        folder: exists; `shards.json` and `shard-N.safetensors` are written there.
        tensors: each smaller than `limit`.
        values: plain values to keep with them.
        limit: bytes of tensor data in one file.
    """
    shards: list[dict[str, Tensor]] = [{}]
    filled = 0
    for key, value in tensors.items():
        size = value.numel() * value.element_size()
        if shards[-1] and filled + size > limit:
            shards.append({})
            filled = 0
        shards[-1][key] = value.detach().cpu().contiguous()
        filled += size
    paths = []
    for number, shard in enumerate(shards):
        paths.append(folder / f"shard-{number}.safetensors")
        save_file(shard, paths[-1])
    index = {"shards": [path.name for path in paths], "facts": dict(values)}
    (folder / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
    return paths


def read_shards(folder: Path) -> tuple[dict[str, Tensor], dict[str, object]]:
    """Return what `write_shards` wrote.

    Raises:
        TrainingError: a shard is missing or broken.
    """
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        tensors: dict[str, Tensor] = {}
        for name in index["shards"]:
            tensors |= load_file(folder / name)
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(f"{folder}: not a complete set of shards ({error})") from error
    return tensors, index["facts"]
