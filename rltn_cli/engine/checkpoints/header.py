"""What a model's files say about themselves, read and checked before anything large is allocated.

No torch here, so that a wrong model is reported at once.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rltn_cli.baseline_config import BASELINE_CONFIGS, Baseline
from rltn_cli.config_files import from_mapping
from rltn_cli.errors import ConfigError, ModelError
from rltn_cli.model_config import ARCHITECTURE, ModelConfig

CONFIG_FILE = "config.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
"""Tells which part holds which weight, if the weights are split into several files."""
PART = re.compile(r"model-\d{1,5}-of-\d{1,5}\.safetensors")

MAX_CONFIG_BYTES = 1 << 20
MAX_HEADER_BYTES = 8 << 20
MAX_FILE_BYTES = 2 << 30
MAX_PARTS = 100
MAX_PARAMETERS = 250_000_000
"""Largest number of weights in a model: 1 GB in memory. The largest preset has 150 million."""
ITEM_BYTES: Mapping[str, int] = {"F16": 2, "BF16": 2, "F32": 4}
"""Bytes per number of the types in which a model may be stored."""

PICKLE_STARTS = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
"""First bytes of files that PyTorch has pickled, as an archive or bare."""
NETWORK = "network"
"""Key that names the architecture of a network that paints; RLTN has no such key."""
LINES = "lines"
"""`kind` in the configuration of a network that draws lines; networks that paint have no such key."""


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A network on disk, of either kind, whose header is valid."""

    weights: Path
    """The file of the weights, or the index if they are split into parts."""
    shapes: dict[str, tuple[int, ...]]
    """Shape of every stored tensor by its name."""
    parts: tuple[Path, ...]
    """The safetensors files, in order; the same as `weights` where there is only one."""
    values: dict[str, Any] | None
    """The configuration as written; None if there is none, neither inside the file nor next to it."""
    where: str
    """Where the configuration was read from, for messages."""

    @property
    def bytes(self) -> int:
        """Size of the weights on disk."""
        return sum(part.stat().st_size for part in self.parts)

    @property
    def kind(self) -> str:
        """What the network does: `lines` or `paint`; the original HED has no configuration."""
        if self.values is None:
            return LINES if {"features.0.weight", "dsn1.weight"} <= self.shapes.keys() else "paint"
        return LINES if self.values.get("kind") == LINES else "paint"


@dataclass(frozen=True, slots=True)
class ModelFiles(StoredModel):
    """A model on disk that paints, whose header and configuration are valid."""

    config: ModelConfig | Baseline


def read_model_files(path: Path) -> ModelFiles:
    """Read the configuration of a model that paints, and the header of its weights.

    Arguments and errors as in `read_stored`.

    Raises:
        ModelError: no configuration, one out of bounds, or that of a network that draws lines.
    """
    stored = read_stored(path)
    if stored.kind == LINES:
        raise ModelError(
            f"{path}: this network draws lines and does not paint; it is for 'rltn extract-lines': name "
            "another model here"
        )
    if stored.values is None:
        raise ModelError(
            f"{path}: no configuration inside, and no {CONFIG_FILE} next to it; add the model's {CONFIG_FILE}"
        )
    config = _build_config(stored.values, stored.where)
    return ModelFiles(stored.weights, stored.shapes, stored.parts, stored.values, stored.where, config)


def read_known(path: Path) -> StoredModel:
    """Read the configuration and the header of a network of either kind.

    Arguments and errors as in `read_stored`. The configuration of a network that paints is checked, too; that
    of a network that draws lines is checked when it is loaded.
    """
    stored = read_stored(path)
    return stored if stored.kind == LINES else read_model_files(path)


def read_stored(path: Path) -> StoredModel:
    """Read the header of a network's weights and the configuration as it is written.

    Args:
        path: a folder with `config.json` and `model.safetensors`, or a `.safetensors` file that carries its
            configuration as JSON under the metadata key "config" (or has a `config.json` next to it).

    Raises:
        ModelError: missing, not safetensors, inconsistent, or a configuration that is not JSON.
    """
    if path.is_dir() and not (path / CONFIG_FILE).is_file():
        raise ModelError(
            f"{path}: there is no {CONFIG_FILE}; a model is a folder with {CONFIG_FILE} and {WEIGHTS}"
        )
    weights = _find_weights(path)
    if weights.name == INDEX:
        parts, shapes, metadata = _read_index(weights)
    else:
        shapes, metadata = _read_header(weights)
        parts = (weights,)
    if sum(math.prod(shape) for shape in shapes.values()) > MAX_PARAMETERS:
        raise ModelError(f"{path}: more than {MAX_PARAMETERS:,} weights; rltn loads no larger models")
    beside = weights.parent / CONFIG_FILE
    if path.is_dir() or ("config" not in metadata and beside.is_file()):
        return StoredModel(weights, shapes, parts, _read_json(beside), str(beside))
    where = f"{path}: its configuration"
    values = _parse_json(metadata["config"], where) if "config" in metadata else None
    return StoredModel(weights, shapes, parts, values, where)


def hash_weights(path: Path) -> str:
    """Return the SHA-256 of a model's weights, all parts in order; arguments and errors as `read_stored`."""
    digest = hashlib.sha256()
    for part in read_stored(path).parts:
        digest.update(part.read_bytes())
    return digest.hexdigest()


def make_printable(name: str) -> str:
    """Return a name from a file, safe and short enough for a message."""
    plain = name if name.isprintable() else ascii(name)
    return plain if len(plain) <= 100 else f"{plain[:100]}..."


def _find_weights(path: Path) -> Path:
    """Return the file of a model's weights, or the index of their parts."""
    if path.is_dir():
        for name in (WEIGHTS, INDEX):
            if (path / name).is_file():
                return path / name
        raise ModelError(
            f"{path}: there is no {WEIGHTS}; a model is a folder with {CONFIG_FILE} and {WEIGHTS}"
        )
    if not path.is_file():
        raise ModelError(f"{path}: no such file; a model is a folder with {CONFIG_FILE} and {WEIGHTS}")
    return path


def _read_index(path: Path) -> tuple[tuple[Path, ...], dict[str, tuple[int, ...]], dict[str, str]]:
    """Return the parts that an index names, and the shapes and the metadata of all of them."""
    values = _read_json(path)
    places = values.get("weight_map")
    if not isinstance(places, dict) or not places:
        raise ModelError(f"{path}: names no weights; fetch the model again")
    names = set(places.values()) if all(isinstance(name, str) for name in places.values()) else set()
    if not names or len(names) > MAX_PARTS or not all(PART.fullmatch(name) for name in names):
        raise ModelError(f"{path}: its parts must be named like model-00001-of-00002.safetensors")
    parts = tuple(path.parent / name for name in sorted(names))
    shapes: dict[str, tuple[int, ...]] = {}
    metadata: dict[str, str] = {}
    for part in parts:
        if not part.is_file():
            raise ModelError(f"{path}: its part {part.name} is missing; fetch the model again")
        held, noted = _read_header(part)
        wanted = {name for name, place in places.items() if place == part.name}
        if held.keys() != wanted:
            odd = make_printable(min(held.keys() ^ wanted))
            raise ModelError(f"{path}: disagrees with {part.name} about {odd}; fetch the model again")
        shapes |= held
        metadata |= noted
    return parts, shapes, metadata


def _read_json(path: Path) -> dict[str, Any]:
    """Return the object in a small JSON file."""
    try:
        if path.stat().st_size > MAX_CONFIG_BYTES:
            raise ModelError(f"{path}: larger than a configuration can be; is it the right file?")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: not a readable configuration ({error})") from error
    return _parse_json(text, str(path))


def _parse_json(text: str, where: str) -> dict[str, Any]:
    """Return the object in a JSON text."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{where}: not JSON ({error})") from error
    if not isinstance(values, dict):
        raise ModelError(f"{where}: must be a JSON object, like the one of a shipped model")
    return values


def _build_config(values: dict[str, Any], where: str) -> ModelConfig | Baseline:
    """Return the configuration given by JSON values."""
    version = values.get("architecture")
    kind: type[Any] | None = BASELINE_CONFIGS.get(str(values.get(NETWORK)))
    if NETWORK in values and kind is None:
        name, known = make_printable(str(values[NETWORK])), ", ".join(BASELINE_CONFIGS)
        raise ModelError(f"{where}: {NETWORK} {name!r}, this rltn knows {known}; update rltn")
    if type(version) is int and version > ARCHITECTURE:
        # Checked first: a newer architecture may have keys that this version would call unknown.
        raise ModelError(
            f"{where}: architecture {version}, this rltn knows up to {ARCHITECTURE}; update rltn"
        )
    try:
        config: ModelConfig | Baseline = from_mapping(kind or ModelConfig, values, where)
        return config
    except ConfigError as error:
        message = str(error).removeprefix(f"{where}: ")
        reason = message if len(message) <= 300 else f"{message[:300]}..."
        raise ModelError(f"{where}: {reason}") from error


def _read_header(path: Path) -> tuple[dict[str, tuple[int, ...]], dict[str, str]]:
    """Return the shapes and the metadata of a safetensors file, after checking that they match its size."""
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
    spans: list[tuple[int, int]] = []
    for name, entry in entries.items():
        shapes[name], span = _read_entry(entry, f"{path}: {make_printable(name)}", broken)
        spans.append(span)
    end = 0
    for start_at, end_at in sorted(spans):
        if start_at != end:  # a gap, or two weights in one place
            raise broken
        end = end_at
    if end != size - 8 - length:
        raise broken
    return shapes, metadata


def _read_entry(entry: Any, where: str, broken: ModelError) -> tuple[tuple[int, ...], tuple[int, int]]:
    """Return the shape of one tensor of the header, and where its bytes begin and end; or raise."""
    if not isinstance(entry, dict):
        raise broken
    shape, offsets, kind = entry.get("shape"), entry.get("data_offsets"), entry.get("dtype")
    if not isinstance(shape, list) or not isinstance(offsets, list):
        raise broken
    if len(offsets) != 2 or len(shape) > 8:
        raise broken
    if any(type(n) is not int or not 0 <= n <= MAX_FILE_BYTES for n in (*shape, *offsets)):
        raise broken
    if not isinstance(kind, str) or kind not in ITEM_BYTES:
        stored = make_printable(kind) if isinstance(kind, str) else "an unknown type"
        raise ModelError(f"{where} is stored as {stored}; rltn reads {', '.join(ITEM_BYTES)}")
    count = math.prod(shape) * ITEM_BYTES[kind]
    if offsets[1] - offsets[0] != count:
        raise broken
    return tuple(shape), (offsets[0], offsets[1])
