"""Models that were damaged or forged, by chance and on purpose: a clear line each, and little memory."""

import json
import random
import resource
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from rltn_cli.engine.checkpoints.weights import load_model, save_model
from rltn_cli.errors import ModelError
from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN

MEMORY = 2 << 30
"""Bytes that loading may add to the address space of the process."""

ODD: list[Any] = [
    None, True, -1, 0, 1, 7, 2**31, 2**63, 10**400, -0.0, 1e308, float("nan"), float("inf"), "", "F16", "F64",
    "\x1b[31mred\x07\n", "\ud800", "x" * 100_000, [], [0], [-1], [1] * 1000, [2**40, 2**40], {}, {"a": 1},
]  # fmt: skip


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    return save_model(RLTN(PRESETS["tiny"]), tmp_path_factory.mktemp("original") / "tiny")


def split(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the header and the weights of a safetensors file."""
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def join(header: dict[str, Any], weights: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + weights


def flip_bytes(chance: random.Random, folder: Path) -> None:
    """Other bytes in the header, or anywhere in the configuration."""
    path = folder / chance.choice(["model.safetensors", "config.json"])
    data = bytearray(path.read_bytes())
    for _ in range(chance.randint(1, 30)):
        data[chance.randrange(min(len(data), 28_000))] = chance.randrange(256)
    path.write_bytes(data)


def cut_or_grow(chance: random.Random, folder: Path) -> None:
    path = folder / chance.choice(["model.safetensors", "config.json"])
    data = path.read_bytes()
    start = chance.randrange(len(data))
    more = chance.randbytes(chance.randint(1, 5000))
    path.write_bytes(
        chance.choice([data[:start], data[start:], data + more, data[:start] + more + data[start:]])
    )


def lie_about_a_weight(chance: random.Random, folder: Path) -> None:
    """A field of a tensor that says something else."""
    header, weights = split((folder / "model.safetensors").read_bytes())
    name = chance.choice([name for name in header if name != "__metadata__"])
    header[name][chance.choice(["dtype", "shape", "data_offsets"])] = chance.choice(ODD)
    (folder / "model.safetensors").write_bytes(join(header, weights))


def rearrange(chance: random.Random, folder: Path) -> None:
    """Weights that are missing, renamed, exchanged, in one place, or huge."""
    header, weights = split((folder / "model.safetensors").read_bytes())
    first, second = chance.sample([name for name in header if name != "__metadata__"], 2)
    kind = chance.randrange(5)
    if kind == 0:
        del header[first]
    elif kind == 1:
        header[chance.choice(["\x1b[2J", "\ud800", "x" * 100_000, ""])] = header.pop(first)
    elif kind == 2:
        header[first]["data_offsets"] = header[second]["data_offsets"]
    elif kind == 3:
        header["more"] = {"dtype": "F16", "shape": [1 << 40], "data_offsets": [0, 2 << 40]}
    else:
        header[first] = {"dtype": "F32", "shape": [1 << 29], "data_offsets": [0, 2 << 30]}
    (folder / "model.safetensors").write_bytes(join(header, weights))


def lie_about_the_length(chance: random.Random, folder: Path) -> None:
    path = folder / "model.safetensors"
    length = chance.choice([0, 1, 2, 2**20, 2**32, 2**63, 2**64 - 1, chance.randrange(100_000)])
    path.write_bytes(struct.pack("<Q", length) + path.read_bytes()[8:])


def change_the_configuration(chance: random.Random, folder: Path) -> None:
    path = folder / "config.json"
    values = json.loads(path.read_text())
    key = chance.choice([*values, "novelty", "\x1b[2J"])
    if isinstance(values.get(key), list) and chance.random() < 0.5:
        values[key][chance.randrange(5)] = chance.choice(ODD)
    else:
        values[key] = chance.choice([*ODD, 4096, [4096] * 5, [1] * 5])
    path.write_text(json.dumps(values))


def poison(chance: random.Random, folder: Path) -> None:
    """A weight that is no number."""
    path = folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    place = len(data) - 2 * chance.randint(1, 1000)
    data[place : place + 2] = chance.choice([b"\x00\x7c", b"\x00\xfc", b"\x01\x7e"])
    path.write_bytes(data)


MUTATIONS: list[Callable[[random.Random, Path], None]] = [
    flip_bytes, cut_or_grow, lie_about_a_weight, rearrange, lie_about_the_length, change_the_configuration,
    poison,
]  # fmt: skip


def refuse(seeds: range, original: Path, folder: Path) -> int:
    """Load a mutated model a seed and return how many were refused, each in a clear line."""
    refused = 0
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, before[1]))
    try:
        for seed in seeds:
            shutil.copytree(original, folder, dirs_exist_ok=True)
            MUTATIONS[seed % len(MUTATIONS)](random.Random(seed), folder)
            try:
                load_model(folder)
            except ModelError as error:
                message = str(error)
                refused += 1
                assert message.startswith(f"{folder}"), (seed, message)
                assert len(message) < len(str(folder)) * 2 + 500, (seed, len(message))
                assert message.isprintable(), (seed, message)
                message.encode()
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - usage < MEMORY // 1024
    return refused


def test_a_sample_of_mutations_is_refused(original: Path, tmp_path: Path) -> None:
    assert refuse(range(63), original, tmp_path / "mutant") >= 50


@pytest.mark.slow
def test_500_mutations_are_refused(original: Path, tmp_path: Path) -> None:
    assert refuse(range(500), original, tmp_path / "mutant") >= 400
