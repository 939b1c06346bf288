"""The settings of a run: where they come from, and which of them its architecture uses.

Only settings that act are accepted, shown and saved.
"""

import dataclasses
import json
from collections import ChainMap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rltn_cli.baseline_config import TERM_WEIGHTS
from rltn_cli.config_files import from_mapping, read_toml
from rltn_cli.errors import ConfigError
from rltn_cli.training_config import FINE_TUNING, TrainConfig

RLTN_ONLY = ("aggregation", "region_pooling", "context", "freeze", "adversarial_from", "perceptual_from")
"""Settings of RLTN's network and of the schedule of its terms."""
_WITHOUT_DISCRIMINATOR = ("adain",)
_LOSS_SETTINGS: Mapping[str, tuple[str, ...]] = {"scft": ("trunk",)}
"""Keys of `losses` that architectures other than RLTN use; their weights are fixed."""


def resolve(before: dict[str, Any], file: Path | None, flags: dict[str, Any]) -> TrainConfig:
    """Return the configuration: dataclass < the run that is resumed < TOML file < flags.

    Raises:
        ConfigError: unknown key, wrong type, a value out of range, or a setting that the architecture does
            not use.
    """
    written = read_toml(file) if file else {}
    if "steps" in written and "epochs" not in written:
        before = {**before, "epochs": 0.0}
    if "sizes" in written and "size_cycle" not in written:
        before = {**before, "size_cycle": []}
    layers = ChainMap(flags, written, before)
    architecture = layers.get("architecture", "rltn")
    check_used(written, architecture, str(file))
    check_used({name: flags[name] for name in ("freeze",) if name in flags}, architecture, "options")
    init = layers.get("init", "")
    config = FINE_TUNING if init else TrainConfig()
    config = from_mapping(TrainConfig, before, "the run's config.json", base=config)
    config = from_mapping(TrainConfig, written, str(file), base=config)
    return from_mapping(TrainConfig, flags, "options", base=config)


def used_settings(config: TrainConfig) -> dict[str, Any]:
    """Return the settings that act, as plain values; `losses` has the weights of the architecture's terms."""
    values = dataclasses.asdict(config)
    if config.architecture == "rltn":
        return values
    chosen = {name: values["losses"][name] for name in _LOSS_SETTINGS.get(config.architecture, ())}
    values["losses"] = config.terms | chosen
    return _without_unused(values, config.architecture)


def settings_to_json(config: TrainConfig) -> str:
    """Return the settings that act as indented JSON; `readable_settings` makes them a configuration again."""
    return json.dumps(used_settings(config), indent=2) + "\n"


def readable_settings(saved: Any) -> dict[str, Any]:
    """Return what a run has saved as values of `TrainConfig`.

    Weights that are fixed are left out, and so is what earlier versions saved although it did not act.

    Raises:
        ConfigError: it is no table.
    """
    if not isinstance(saved, Mapping):
        raise ConfigError("not a table of settings")
    architecture = str(saved.get("architecture", "rltn"))
    if architecture not in TERM_WEIGHTS:
        return dict(saved)
    values = _without_unused(saved, architecture)
    if isinstance(losses := values.get("losses"), Mapping):
        used = _LOSS_SETTINGS.get(architecture, ())
        values["losses"] = {name: value for name, value in losses.items() if name in used}
    return values


def check_used(values: Mapping[str, Any], architecture: object, where: str) -> None:
    """Refuse settings that an architecture does not use.

    Args:
        values: what was asked for, as plain values.
        architecture: what is to be trained; of an unknown one nothing is refused here.
        where: where the values come from, for the message.

    Raises:
        ConfigError: as above; the message says what the architecture has instead.
    """
    if not isinstance(architecture, str) or architecture not in TERM_WEIGHTS:
        return
    weights = ", ".join(f"{term} {weight:g}" for term, weight in TERM_WEIGHTS[architecture].items())
    losses, used = values.get("losses", {}), _LOSS_SETTINGS.get(architecture, ())
    instead = f"of [losses] it takes {' and '.join(used)} alone" if used else "leave [losses] out"
    for name in losses if isinstance(losses, Mapping) else ():
        if name not in used:
            raise ConfigError(
                f"{where}: losses.{name} cannot be set for {architecture}, whose loss terms have the weights "
                f"of its paper ({weights}): {instead}"
            )
    for name in values:
        if name in RLTN_ONLY:
            raise ConfigError(
                f"{where}: {name} is a setting of RLTN's, which {architecture} does not use; leave it out"
            )
        if name in _unused(architecture):
            raise ConfigError(
                f"{where}: {architecture} has no discriminator and uses generator_lr alone; leave {name} out"
            )


def _unused(architecture: str) -> tuple[str, ...]:
    """Return the settings, apart from those of `losses`, that an architecture other than RLTN ignores."""
    return (*RLTN_ONLY, "discriminator_lr") if architecture in _WITHOUT_DISCRIMINATOR else RLTN_ONLY


def _without_unused(values: Mapping[str, Any], architecture: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in _unused(architecture)}
