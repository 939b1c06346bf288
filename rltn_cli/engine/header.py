"""What a model's files say about themselves, read and bounded before anything large is allocated.

No torch here, so that a wrong model is reported at once.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rltn_cli.config import ARCHITECTURE, ModelConfig, from_mapping
from rltn_cli.errors import ConfigError, ModelError

CONFIG = "config.json"
WEIGHTS = "model.safetensors"

MAX_CONFIG_BYTES = 1 << 20
MAX_HEADER_BYTES = 8 << 20
MAX_FILE_BYTES = 8 << 30
ITEM_BYTES: Mapping[str, int] = {"F16": 2, "BF16": 2, "F32": 4}
"""Bytes of a number, by the types that a model may be stored in."""

PICKLE_STARTS = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model on disk whose header and configuration are sound."""

    weights: Path
    config: ModelConfig
    shapes: dict[str, tuple[int, ...]]
    """Shape of every stored tensor by its name."""


def read_model_files(path: Path) -> ModelFiles:
    """Read a model's configuration and the header of its weights.

    Args:
        path: a folder with `config.json` and `model.safetensors`, or a `.safetensors` file that carries its
            configuration as JSON under the metadata key "config" (or has a `config.json` beside it).

    Raises:
        ModelError: missing, not safetensors, inconsistent, or a configuration out of bounds.
    """
    weights = path / WEIGHTS if path.is_dir() else path
    if path.is_dir() and not (path / CONFIG).is_file():
        raise ModelError(f"{path}: there is no {CONFIG}; a model is a folder with {CONFIG} and {WEIGHTS}")
    if not weights.is_file():
        what = f"there is no {WEIGHTS}" if path.is_dir() else "no such file"
        raise ModelError(f"{path}: {what}; a model is a folder with {CONFIG} and {WEIGHTS}")
    shapes, metadata = _read_header(weights)
    beside = weights.parent / CONFIG
    if path.is_dir() or ("config" not in metadata and beside.is_file()):
        return ModelFiles(weights, _read_config(beside), shapes)
    if "config" not in metadata:
        raise ModelError(
            f"{path}: no configuration inside, and no {CONFIG} beside it; add the model's {CONFIG}"
        )
    return ModelFiles(weights, _parse_config(metadata["config"], f"{path}: its configuration"), shapes)


def _read_config(path: Path) -> ModelConfig:
    """Return the configuration in a JSON file."""
    try:
        if path.stat().st_size > MAX_CONFIG_BYTES:
            raise ModelError(f"{path}: larger than a configuration can be; is it the right file?")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: not a readable configuration ({error})") from error
    return _parse_config(text, str(path))


def _parse_config(text: str, where: str) -> ModelConfig:
    """Return the configuration in a JSON text."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{where}: not JSON ({error})") from error
    if not isinstance(values, dict):
        raise ModelError(f"{where}: must be a JSON object, like the one of a shipped model")
    version = values.get("architecture")
    if type(version) is int and version > ARCHITECTURE:
        # Said first: a newer architecture may well bring keys that this version would call unknown.
        raise ModelError(
            f"{where}: architecture {version}, this rltn knows up to {ARCHITECTURE}; update rltn"
        )
    try:
        return from_mapping(ModelConfig, values, where)
    except ConfigError as error:
        message = str(error)
        raise ModelError(message if where in message else f"{where}: {message}") from error


def _read_header(path: Path) -> tuple[dict[str, tuple[int, ...]], dict[str, str]]:
    """Return the shapes and the metadata of a safetensors file, after checking that they fit its size."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
            length = int.from_bytes(start, "little")
            fits = len(start) == 8 and 2 <= length <= min(MAX_HEADER_BYTES, size - 8)
            header = file.read(length) if fits else b""
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    if start.startswith(PICKLE_STARTS):
        raise ModelError(f"{path}: a pickle, not safetensors; pickles can run code, so rltn never loads one")
    broken = ModelError(f"{path}: not a whole safetensors file; fetch or copy it again")
    if size > MAX_FILE_BYTES or not header:
        raise broken
    try:
        entries = json.loads(header)
    except (ValueError, RecursionError) as error:
        raise broken from error
    if not isinstance(entries, dict):
        raise broken
    metadata = entries.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise broken
    shapes: dict[str, tuple[int, ...]] = {}
    total = 0
    for name, entry in entries.items():
        shapes[name], count = _read_entry(entry, f"{path}: {name}", broken)
        total += count
    if total != size - 8 - length:
        raise broken
    return shapes, metadata


def _read_entry(entry: Any, where: str, broken: ModelError) -> tuple[tuple[int, ...], int]:
    """Return the shape and the bytes of one tensor of the header, or raise."""
    if not isinstance(entry, dict):
        raise broken
    shape, offsets, kind = entry.get("shape"), entry.get("data_offsets"), entry.get("dtype")
    if not isinstance(shape, list) or not isinstance(offsets, list):
        raise broken
    if len(offsets) != 2 or any(type(n) is not int or n < 0 for n in (*shape, *offsets)):
        raise broken
    if not isinstance(kind, str) or kind not in ITEM_BYTES:
        raise ModelError(f"{where} is stored as {kind}; rltn reads {', '.join(ITEM_BYTES)}")
    count = math.prod(shape) * ITEM_BYTES[kind]
    if offsets[1] - offsets[0] != count:
        raise broken
    return tuple(shape), count
