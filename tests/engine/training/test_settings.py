"""Which settings an architecture uses, and what is said of the others."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from support.baselines import BASELINES
from support.training_set import write_toml

from rltn_cli.choices import Architecture
from rltn_cli.config_files import from_mapping, to_json
from rltn_cli.engine.training.settings import (
    check_used,
    readable_settings,
    resolve,
    settings_to_json,
    used_settings,
)
from rltn_cli.errors import ConfigError
from rltn_cli.training_config import FINE_TUNING, LossConfig, TrainConfig


def test_options_win_over_the_file_and_the_file_over_the_defaults(tmp_path: Path) -> None:
    settings = write_toml(tmp_path / "tiny.toml")
    assert resolve({}, None, {}) == TrainConfig()
    assert resolve({}, None, {"init": "rltn-small"}).losses == FINE_TUNING.losses
    config = resolve({}, settings, {"init": "rltn-small", "batch": 6, "steps": 9})
    assert (config.batch, config.checkpoint_every, config.ema, config.steps) == (6, 2, FINE_TUNING.ema, 9)
    assert config.losses.adv == 1
    before: dict[str, Any] = {"size_cycle": [64, 128], "sizes": [[0, 64]]}
    assert resolve(before, settings, {}).size_at(1) == resolve({}, settings, {}).size_at(1)
    assert resolve(before, None, {}).size_at(1) == 128
    before = {"init": "rltn-small", "batch": 3, "seed": 8}
    again = resolve(before, None, {"seed": 9})
    assert (again.init, again.batch, again.seed, again.ema) == ("rltn-small", 3, 9, FINE_TUNING.ema)


@pytest.mark.parametrize("name", ["rltn", *BASELINES])
def test_what_is_saved_is_read_back(name: Architecture) -> None:
    config = TrainConfig(architecture=name, steps=7)
    assert from_mapping(TrainConfig, readable_settings(json.loads(settings_to_json(config)))) == config
    assert from_mapping(TrainConfig, readable_settings(json.loads(to_json(config)))) == config


def test_rltn_uses_all_settings() -> None:
    config = TrainConfig(losses=LossConfig(adv=3))
    assert used_settings(config) == dataclasses.asdict(config)
    check_used(dataclasses.asdict(config), "rltn", "file")


def test_other_settings_are_neither_shown_nor_saved() -> None:
    config = TrainConfig(architecture="munit", losses=LossConfig(adv=3), context=False)
    used = used_settings(config)
    assert used["losses"] == {"adv": 1, "image": 10, "content": 1, "style": 1}
    assert set(dataclasses.asdict(config)) - set(used) == {
        "aggregation", "region_pooling", "context", "freeze", "adversarial_from", "perceptual_from",
    }  # fmt: skip
    assert used_settings(TrainConfig(architecture="scft"))["losses"]["trunk"] == "vgg16"
    assert "discriminator_lr" not in used_settings(TrainConfig(architecture="adain"))


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        (
            "adain",
            {"losses": {"rec": 1}},
            r"losses.rec cannot .*\(content 1, style 10\): leave \[losses\] out",
        ),
        ("munit", {"losses": {"image": 5}}, "losses.image cannot be set for munit"),
        (
            "munit",
            {"context": False},
            "f.toml: context is a setting of RLTN's, which munit does not use; leave",
        ),
        ("adain", {"discriminator_lr": 0.1}, "adain has no discriminator and uses generator_lr alone"),
    ],
)
def test_settings_that_do_not_act_are_refused(
    name: Architecture, values: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        check_used(values, name, "f.toml")


def test_settings_that_act_are_accepted() -> None:
    check_used({"losses": {"trunk": "vgg19"}, "discriminator_lr": 0.1}, "scft", "f.toml")
    check_used({"generator_lr": 0.1, "batch": 2}, "adain", "f.toml")


def test_a_list_is_no_configuration() -> None:
    with pytest.raises(ConfigError, match="not a table of settings"):
        readable_settings([1])
