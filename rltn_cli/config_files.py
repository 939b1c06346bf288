"""Configurations from and to TOML and JSON: any frozen dataclass of plain values.

A value comes from the dataclass, from a TOML file or from a flag; a later one overrides the earlier ones.
Keys that the dataclass does not have are refused by name.
"""

import dataclasses
import json
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from rltn_cli.errors import ConfigError
from rltn_cli.text_files import read_text

T = TypeVar("T")


def from_mapping(
    cls: type[T], values: Mapping[str, Any], where: str = "configuration", *, base: T | None = None
) -> T:
    """Build a configuration from plain values.

    Args:
        cls: the dataclass to build.
        values: keys of the dataclass with TOML or JSON values; nested tables for nested dataclasses.
        where: where the values come from, for messages.
        base: provides the values that are not named; by default they are the dataclass's own.

    Raises:
        ConfigError: unknown key, wrong type, or a value out of range.
    """
    hints = typing.get_type_hints(cls)
    unknown = sorted(set(values) - set(hints))
    if unknown:
        raise ConfigError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(sorted(hints))}")
    known = {} if base is None else {key: getattr(base, key) for key in hints}
    converted = {
        key: _convert(hints[key], value, f"{where}: {key}", known.get(key)) for key, value in values.items()
    }
    return cls(**known | converted)


def _convert(hint: Any, value: Any, where: str, base: Any = None) -> Any:
    """Return `value` as the annotated type, or raise ConfigError; nested tables override `base`."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type) and isinstance(value, Mapping):
        return from_mapping(hint, value, where, base=base)
    if origin is types.UnionType and args[1:] == (types.NoneType,):
        return None if value is None else _convert(args[0], value, where)
    if origin is Literal:
        if value in args:
            return value
        raise ConfigError(f"{where} must be one of {', '.join(map(str, args))}, not {value!r}")
    if origin is tuple and isinstance(value, list | tuple):
        inner = args[:1] * len(value) if args[1:] == (Ellipsis,) else args
        if len(inner) == len(value):
            return tuple(_convert(h, v, where) for h, v in zip(inner, value, strict=True))
    if origin is dict and isinstance(value, Mapping):
        return {_convert(args[0], k, where): _convert(args[1], v, where) for k, v in value.items()}
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(hint, type) and type(value) is hint:
        return value
    raise ConfigError(f"{where} cannot be {value!r}")


def load_toml(cls: type[T], path: Path) -> T:
    """Read a configuration from a TOML file.

    Raises:
        ConfigError: unreadable, not TOML, unknown key, or a value out of range.
    """
    return from_mapping(cls, read_toml(path), str(path))


def read_toml(path: Path) -> dict[str, Any]:
    """Return the values of a TOML file.

    Raises:
        ConfigError: unreadable, or not TOML.
    """
    try:
        return tomllib.loads(read_text(path).replace("\r\n", "\n"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: not a readable TOML file ({error})") from error


def to_json(config: Any) -> str:
    """Return a configuration as indented JSON that `from_mapping` reads back."""
    return json.dumps(dataclasses.asdict(config), indent=2) + "\n"
