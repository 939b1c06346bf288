"""The configurations that come with the repository: they load, and differ in what they name."""

import dataclasses
from pathlib import Path

import pytest

from rltn_cli.config_files import load_toml
from rltn_cli.models.cost import measure_cost
from rltn_cli.training_config import TrainConfig

FOLDER = Path(__file__).resolve().parent.parent / "configs"


def settings(name: str) -> dict[str, object]:
    """Return a configuration's values, those of its tables by dotted names."""
    values = dataclasses.asdict(load_toml(TrainConfig, FOLDER / f"{name}.toml"))
    tables = {key: value for key, value in values.items() if isinstance(value, dict)}
    flat = {key: value for key, value in values.items() if key not in tables}
    return flat | {f"{table}.{key}": value for table, inner in tables.items() for key, value in inner.items()}


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.toml")), ids=lambda path: path.stem)
def test_every_configuration_loads(path: Path) -> None:
    assert load_toml(TrainConfig, path).steps > 0


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("wo_scl", {"losses.scl": 0}),
        ("wo_mfam", {"aggregation": False}),
        ("cocosnet", {"losses.scl": 0, "aggregation": False}),
    ],
)
def test_an_ablation_differs_in_what_it_leaves_out_alone(name: str, changed: dict[str, object]) -> None:
    whole, without = settings("rltn"), settings(name)
    assert {key: value for key, value in without.items() if value != whole[key]} == changed


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("l1", {"losses.match": 0, "losses.align": 2, "losses.warp": 10}),
        ("no-pooling", {"region_pooling": False}),
        ("no-context", {"context": False}),
        ("no-mfam", {"aggregation": False}),
        ("foreign", {"data.foreign": 0.2}),
        ("scl", {"data.foreign": 0.2, "losses.scl": 10}),
    ],
)
def test_an_ablation_of_the_recipe_differs_from_it_in_one_thing(
    name: str, changed: dict[str, object]
) -> None:
    whole, without = settings("ablations/full"), settings(f"ablations/{name}")
    assert {key: value for key, value in without.items() if value != whole[key]} == changed


def test_all_of_the_recipes_have_the_same_terms_and_data() -> None:
    small, gpu, ablated = (settings(name) for name in ("rltn-small", "rltn-small-gpu", "ablations/full"))
    parts = [key for key in small if key.startswith(("losses.", "data."))]
    assert all(small[key] == gpu[key] == ablated[key] for key in parts)


def test_the_papers_setting_has_every_term_and_its_rates() -> None:
    config = load_toml(TrainConfig, FOLDER / "rltn.toml")
    assert config.losses.scl == 10
    assert all(
        getattr(config.losses, term) > 0 for term in ("adv", "fm", "rec", "warp", "perc", "ctx", "align")
    )
    assert config.adversarial_from == config.perceptual_from == config.steps // 2  # L1 begins
    assert (config.generator_lr, config.discriminator_lr, config.beta1, config.beta2) == (
        1e-4,
        2e-4,
        0.9,
        0.999,
    )


def test_without_mfam_there_are_fewer_parameters() -> None:
    whole, without = (
        load_toml(TrainConfig, FOLDER / f"{name}.toml").fresh_model() for name in ("rltn", "wo_mfam")
    )
    assert measure_cost(without, size=64).parameters < measure_cost(whole, size=64).parameters
