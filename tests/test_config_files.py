import dataclasses
import json

import pytest

from rltn_cli.config_files import from_mapping, load_toml, to_json
from rltn_cli.errors import ConfigError
from rltn_cli.model_config import ModelConfig
from rltn_cli.training_config import FINE_TUNING, DataConfig, TrainConfig


def test_values_are_laid_over_a_base_table_by_table():
    config = from_mapping(TrainConfig, {"batch": 6, "losses": {"scl": 2}}, base=FINE_TUNING)
    assert (config.batch, config.ema) == (6, FINE_TUNING.ema)
    assert config.losses == dataclasses.replace(FINE_TUNING.losses, scl=2.0)
    assert from_mapping(TrainConfig, {"losses": {"scl": 2}}).losses.fm == TrainConfig().losses.fm


def test_a_key_in_a_table_that_is_not_known_is_named(tmp_path):
    (tmp_path / "run.toml").write_text("[data]\nrecolour = 1\n")
    message = r"run\.toml: data: unknown key 'recolour'; known are backdrop, closest"
    with pytest.raises(ConfigError, match=message):
        load_toml(TrainConfig, tmp_path / "run.toml")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"steps": 0}, "steps must be 1 or more, not 0"),
        ({"minutes": -1}, "minutes must be 0 or more, not -1"),
        ({"generator_lr": 0}, "generator_lr must be above 0 and at most 1, not 0"),
        ({"freeze": ["generator"]}, "freeze knows content_encoder"),
        ({"batch": 3, "accumulate": 2}, r"batch \(3\) must be a multiple of accumulate \(2\)"),
        ({"sizes": [[0, 100]]}, "a training size must be a multiple of 16 and at least 64, not 100"),
        ({"size_cycle": [64, 72]}, "a training size must be a multiple of 16 and at least 64, not 72"),
        ({"size_cycle": [48]}, "a training size must be a multiple of 16 and at least 64, not 48"),
        ({"size_cycle": [64.0]}, r"size_cycle cannot be 64\.0"),
        ({"decay_from": 1}, "decay_from must be from 0 to below 1, not 1"),
        ({"precision": "fp8"}, "precision must be one of auto, fp32, bf16, fp16, not 'fp8'"),
    ],
)
def test_values_out_of_range_are_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        from_mapping(TrainConfig, values)


def test_sizes_follow_the_schedule():
    config = from_mapping(TrainConfig, {"sizes": [[0, 128], [3, 256], [5, 64], [6, 128]]})
    assert [config.size_at(step) for step in range(8)] == [128, 128, 128, 256, 256, 64, 128, 128]
    assert config.distinct_sizes == (128, 256, 64)
    assert config.largest_size == 256


def test_a_cycle_of_sizes_takes_the_place_of_the_schedule():
    config = from_mapping(TrainConfig, {"size_cycle": [128, 128, 256, 64]})
    assert [config.size_at(step) for step in range(6)] == [128, 128, 256, 64, 128, 128]
    assert config.distinct_sizes == (128, 256, 64)
    assert config.largest_size == 256
    large = from_mapping(TrainConfig, {"sizes": [[0, 512]], "size_cycle": [64]})
    assert (large.size_at(0), large.largest_size) == (64, 64)
    assert from_mapping(TrainConfig, json.loads(to_json(config))) == config


def test_weights_without_a_word_on_aggregation_have_it():
    assert from_mapping(ModelConfig, {"temperature": 0.02}).aggregation is True


def test_fine_tuning_needs_no_frozen_network_and_keeps_the_style_of_the_pictures():
    terms = FINE_TUNING.losses
    assert (terms.adv, terms.fm, terms.perc, terms.ctx, terms.scl, terms.lpips) == (0, 0, 0, 0, 0, 0)
    assert FINE_TUNING.data.recolor < DataConfig().recolor
    assert FINE_TUNING.data.foreign == 0
