"""Arrays as safetensors, read strictly: exactly the ones that are expected, in their types and shapes."""

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TYPES: Mapping[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "I32": np.dtype("<i4"), "U8": np.dtype("u1")}
_MAX_HEADER = 1 << 16
_ALIGNED = 8

Spec = tuple[str, tuple[int, ...]]
"""A type, `F32`, `I32` or `U8`, and a shape."""


def spec_of(array: NDArray[Any]) -> Spec:
    """Return the type and the shape of an array."""
    (kind,) = (name for name, dtype in _TYPES.items() if dtype == array.dtype)
    return kind, array.shape


def size_of(specs: Mapping[str, Spec]) -> int:
    """Return the bytes of arrays, without the header."""
    return sum(_TYPES[kind].itemsize * math.prod(shape) for kind, shape in specs.values())


def pack_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return arrays as a safetensors file; the same ones give the same bytes."""
    header: dict[str, Any] = {}
    place = 0
    for name, array in arrays.items():
        kind, shape = spec_of(array)
        header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [place, place + array.nbytes]}
        place += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNED)
    parts = [len(text).to_bytes(8, "little"), text]
    return b"".join([*parts, *(np.ascontiguousarray(array).tobytes() for array in arrays.values())])


def largest_file(specs: Mapping[str, Spec]) -> int:
    """Return how many bytes a file of such arrays may have."""
    return 8 + _MAX_HEADER + size_of(specs)


def unpack_arrays(data: bytes, specs: Mapping[str, Spec]) -> dict[str, NDArray[Any]]:
    """Return the arrays of a safetensors file; they share its memory and cannot be written to.

    Raises:
        ValueError: it is damaged, or holds other arrays than `specs` says.
    """
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or not 0 < length <= min(_MAX_HEADER, len(data) - 8):
        raise ValueError("the header of its arrays is damaged")
    try:
        header = json.loads(data[8 : 8 + length])
    except (ValueError, RecursionError) as error:
        raise ValueError("the header of its arrays is damaged") from error
    if not isinstance(header, dict) or header.keys() != specs.keys():
        raise ValueError("it holds other arrays than it says")
    body = memoryview(data)[8 + length :]
    found: dict[str, NDArray[Any]] = {}
    place = 0
    for name, entry in header.items():
        kind, shape = specs[name]
        end = place + _TYPES[kind].itemsize * math.prod(shape)
        if entry != {"dtype": kind, "shape": list(shape), "data_offsets": [place, end]} or end > len(body):
            raise ValueError(f"its array {name} is not what it says")
        found[name] = np.frombuffer(body[place:end], _TYPES[kind]).reshape(shape)
        place = end
    if place != len(body):
        raise ValueError("its arrays are followed by something else")
    return {name: found[name] for name in specs}
