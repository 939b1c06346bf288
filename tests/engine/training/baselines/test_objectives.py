"""What every compared method's objective must do, in the trainer as users run it."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from support.baselines import BASELINES, write_vgg16
from support.drawn_store import CONFIG, DrawnStore

from rltn_cli.baseline_config import TERM_WEIGHTS
from rltn_cli.data.batches import make_batch
from rltn_cli.engine.checkpoints.weights import load_model
from rltn_cli.engine.training.baselines.shared import draw, held
from rltn_cli.engine.training.frozen_networks import FrozenNetworks
from rltn_cli.engine.training.game import Moment, Phase, noise_of
from rltn_cli.engine.training.trainer import Trainer
from rltn_cli.errors import ModelError, TrainingError
from rltn_cli.models.frozen import VGG
from rltn_cli.training_config import DataConfig


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def vgg_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_vgg16(tmp_path_factory.mktemp("frozen"))


def make_trainer(name: str, folder: Path, **changes: object) -> Trainer:
    """Return the trainer of a tiny run."""
    config = dataclasses.replace(CONFIG, architecture=name, frozen=str(folder), batch=2, **changes)
    vgg = VGG("vgg16") if name == "scft" else None
    if vgg is not None:
        torch.manual_seed(1)
        for value in vgg.parameters():
            value.copy_(torch.randn_like(value) / value[0].numel() ** 0.5 if value.ndim > 1 else 0 * value)
    return Trainer(config, DrawnStore(), frozen=FrozenNetworks(vgg=vgg))


def weights(trainer: Trainer) -> dict[str, torch.Tensor]:
    networks = trainer.networks
    modules = {"model": networks.model, "ema": networks.ema, "discriminator": networks.discriminator}
    return {f"{n}.{k}": v.clone() for n, m in modules.items() for k, v in m.state_dict().items()}


@pytest.mark.parametrize("name", BASELINES)
def test_a_step_computes_all_terms_and_moves_all_weights_but_adains_encoder(
    name: str, vgg_folder: Path
) -> None:
    trainer = make_trainer(name, vgg_folder)
    before = weights(trainer)
    reports = list(trainer.run(until=2))
    generators = {key for key in reports[0].losses if not key.endswith("discriminator")}
    assert generators == {f"loss/{term}" for term in TERM_WEIGHTS[name]}
    still = {key for key, value in weights(trainer).items() if torch.equal(value, before[key])}
    frozen = {key for key in still if key.startswith(("model.encoder.", "ema.module.encoder."))}
    # the left singular vector of a matrix with one row is 1
    assert {key for key in still - frozen if not key.endswith("score.parametrizations.weight.0._u")} == set()
    assert bool(frozen) == (name == "adain")


@pytest.mark.parametrize("name", BASELINES)
def test_resumed_equals_uninterrupted(name: str, vgg_folder: Path, tmp_path: Path) -> None:
    whole = make_trainer(name, vgg_folder)
    reports = list(whole.run(until=3))
    part = make_trainer(name, vgg_folder)
    list(part.run(until=1))
    part.save(tmp_path / "state")
    resumed = make_trainer(name, vgg_folder)
    resumed.resume(tmp_path / "state")
    rest = list(resumed.run(until=3))
    assert [report.losses for report in rest] == [report.losses for report in reports[1:]]
    expected = weights(whole)
    assert all(torch.equal(value, expected[key]) for key, value in weights(resumed).items())


@pytest.mark.parametrize("name", BASELINES)
def test_the_averaged_weights_are_saved_and_load_alone(name: str, vgg_folder: Path, tmp_path: Path) -> None:
    trainer = make_trainer(name, vgg_folder)
    list(trainer.run(until=1))
    trainer.save_ema_model(tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert loaded.config == trainer.networks.ema_model.config
    averaged = trainer.networks.ema_model.state_dict()
    for key, value in loaded.state_dict().items():
        torch.testing.assert_close(value, averaged[key], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["munit", "drit", "scft"])
def test_each_player_gets_gradients_of_its_own_loss_alone(name: str, vgg_folder: Path) -> None:
    trainer = make_trainer(name, vgg_folder)
    networks = trainer.networks
    batch = make_batch(trainer.loader.store, [trainer.loader.sampler.draw(0, i, 2) for i in range(2)], 64)
    losses = trainer.training_step.objective.losses(batch, Moment(Phase(), noise_of(0, 0, 0, 0)))
    next(losses).total.backward()
    assert all(value.grad is None for value in networks.model.parameters())
    assert all(value.grad is not None for value in networks.discriminator.parameters())
    networks.zero_grad()
    next(losses).total.backward()
    assert all(value.grad is None for value in networks.discriminator.parameters())
    assert all(value.grad is not None for value in networks.model.parameters())
    assert all(value.requires_grad for value in networks.discriminator.parameters())


@pytest.mark.parametrize("name", BASELINES)
def test_half_precision_gives_about_the_same_losses(name: str, vgg_folder: Path) -> None:
    trainer = make_trainer(name, vgg_folder)
    batch = make_batch(trainer.loader.store, [trainer.loader.sampler.draw(0, i, 2) for i in range(2)], 64)
    found = []
    for half in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            moment = Moment(Phase(), noise_of(0, 0, 0, 0))
            for loss in trainer.training_step.objective.losses(batch, moment):
                loss.total.backward()
                found.append({key: value.item() for key, value in loss.terms.items()})
    count = len(found) // 2
    for full, rounded in zip(found[:count], found[count:], strict=True):
        assert rounded == pytest.approx(full, rel=0.1, abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("name", BASELINES)
def test_a_method_overfits_one_pair(name: str, vgg_folder: Path) -> None:
    data = DataConfig(pseudo=1, foreign=0, recolor=0, degrade=0, deform=0)
    steps = {"adain": 60, "munit": 150, "drit": 150, "scft": 60}[name]
    trainer = make_trainer(name, vgg_folder, steps=steps, generator_lr=2e-3, discriminator_lr=2e-4, data=data)
    trainer.loader.store.pairs = trainer.loader.store.pairs[:1]
    term = {"adain": "loss/content", "munit": "loss/image", "drit": "loss/self", "scft": "loss/rec"}[name]
    values = [report.losses[term] for report in trainer.run()]
    assert np.mean(values[-10:]) < 0.6 * np.mean(values[:5])


def test_randomness_depends_on_seed_step_process_and_part_alone() -> None:
    first = torch.randn(4, generator=noise_of(1, 2, 0, 0))
    assert torch.equal(first, torch.randn(4, generator=noise_of(1, 2, 0, 0)))
    others = [noise_of(0, 2, 0, 0), noise_of(1, 3, 0, 0), noise_of(1, 2, 1, 0), noise_of(1, 2, 0, 4)]
    assert not any(torch.equal(first, torch.randn(4, generator=other)) for other in others)
    assert draw(noise_of(1, 2, 0, 0), 4, like=first).tolist() == first.tolist()


def test_a_held_network_lets_gradients_pass() -> None:
    network, x = torch.nn.Linear(2, 1), torch.ones(1, 2, requires_grad=True)
    with held(network):
        result = network(x)
    result.sum().backward()
    assert x.grad is not None
    assert network.weight.grad is None
    assert network.weight.requires_grad


def test_what_is_missing_or_does_not_fit_is_said(tmp_path: Path, vgg_folder: Path) -> None:
    with pytest.raises(ModelError, match="vgg16_features"):
        make_trainer("adain", tmp_path)
    config = dataclasses.replace(CONFIG, architecture="scft")
    with pytest.raises(TrainingError, match="scft's perceptual and style losses need the frozen network VGG"):
        Trainer(config, DrawnStore())
    with pytest.raises(TrainingError, match="freeze names parts of RLTN"):
        Trainer(dataclasses.replace(CONFIG, architecture="munit", freeze=("style_mfam",)), DrawnStore())
    model = make_trainer("munit", vgg_folder).networks.model
    with pytest.raises(TrainingError, match="architecture munit, and rltn is to be trained: pass --archi"):
        Trainer(CONFIG, DrawnStore(), model=model)
