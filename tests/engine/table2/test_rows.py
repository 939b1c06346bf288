"""The rows of Table 2: what they share, and what each changes."""

import dataclasses

import pytest

from rltn_cli.engine.table2.rows import ROWS, Budget, choose_rows, row_config
from rltn_cli.errors import ConfigError, UsageError
from rltn_cli.training_config import TrainConfig

BUDGET = Budget(pictures=100, size=64, batch=8, precision="bf16")


def flat(config: TrainConfig) -> dict[str, object]:
    """Return a configuration's values, those of the loss terms by dotted names."""
    values = dataclasses.asdict(config)
    return values | {f"losses.{name}": value for name, value in values.pop("losses").items()}


def test_all_rows_get_the_same_samples_and_steps() -> None:
    configs = [row_config(row, "data", 3, BUDGET) for row in ROWS]
    for name in ("pairs", "seed", "steps", "batch", "sizes", "preset", "data", "warmup", "decay_from", "ema"):
        assert len({str(getattr(config, name)) for config in configs}) == 1, name
    assert configs[0].steps == 13  # 104 pictures: the last batch is whole
    assert {config.precision for config in configs} == {"bf16"}
    assert {config.architecture for config in configs} == {"adain", "munit", "drit", "scft", "rltn"}


@pytest.mark.parametrize(
    ("row", "changed"),
    [
        ("wo_scl", {"losses.scl": 0}),
        ("wo_mfam", {"aggregation": False}),
        ("cocosnet", {"losses.scl": 0, "aggregation": False}),
    ],
)
def test_an_ablation_differs_in_what_it_leaves_out_alone(row: str, changed: dict[str, object]) -> None:
    whole, without = (flat(row_config(name, "data", 0, BUDGET)) for name in ("rltn", row))
    assert {key: value for key, value in without.items() if value != whole[key]} == changed


@pytest.mark.parametrize("row", ["cocosnet", "wo_scl", "wo_mfam", "rltn"])
def test_rltns_rows_add_l1_alone_to_what_is_the_papers(row: str) -> None:
    config = row_config(row, "data", 0, BUDGET)
    network = config.fresh_model()
    assert (network.region_pooling, network.context_layers, network.refinement) == (False, 0, 0)
    assert set(config.terms) == {"adv", "fm", "rec", "warp", "perc", "ctx", "align", "cycle"} | (
        {"scl"} if config.losses.scl else set()
    )
    assert config.data.foreign > 0  # scl acts on these samples alone
    assert (config.steps, config.adversarial_from, config.perceptual_from) == (13, 6, 6)


def test_rows_are_chosen_in_the_papers_order() -> None:
    assert choose_rows([]) == list(ROWS)
    assert choose_rows(["rltn", "munit"]) == ["munit", "rltn"]
    with pytest.raises(UsageError, match="no row 'pix2pix': Table 2 has adain, munit"):
        choose_rows(["pix2pix"])


def test_a_size_that_training_does_not_take_is_refused() -> None:
    with pytest.raises(ConfigError, match="multiple of"):
        row_config("rltn", "data", 0, Budget(size=100))
