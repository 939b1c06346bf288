import dataclasses

import numpy as np
import pytest
import torch
from support.drawn_store import CONFIG, PLAIN, DrawnStore
from support.rounding import HALF, NEARLY, assert_nearly

from rltn_cli.data.batches import make_batch
from rltn_cli.engine.checkpoints.weights import load_model
from rltn_cli.engine.evaluation.lpips import Lpips
from rltn_cli.engine.training.frozen_networks import FrozenNetworks
from rltn_cli.engine.training.generator_side import GeneratorSide
from rltn_cli.engine.training.objective import Objective, Phase
from rltn_cli.engine.training.schedule import lr_multiplier, make_ema_update
from rltn_cli.engine.training.step import TrainingStep
from rltn_cli.engine.training.trainer import Trainer, rotate
from rltn_cli.errors import ConfigError, NonFiniteLossError, TrainingError
from rltn_cli.models.frozen import VGG
from rltn_cli.training_config import DataConfig, LossConfig


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def weights(trainer):
    modules = {
        "model": trainer.networks.model,
        "ema": trainer.networks.ema,
        "discriminator": trainer.networks.discriminator,
    }
    return {f"{n}.{k}": v.clone() for n, m in modules.items() for k, v in m.state_dict().items()}


def trained(config, steps=None, **arguments):
    trainer = Trainer(config, DrawnStore(), **arguments)
    reports = list(trainer.run(until=steps))
    return trainer, reports


def test_all_nine_terms_run_and_move_all_weights():
    trainer = Trainer(
        dataclasses.replace(CONFIG, losses=LossConfig()),
        DrawnStore(),
        frozen=FrozenNetworks(vgg=VGG("vgg16")),
    )
    before = weights(trainer)
    (report,) = trainer.run(until=1)
    terms = {"adv", "fm", "rec", "warp", "perc", "ctx", "align", "cycle", "scl", "adv_discriminator"}
    assert set(report.losses) == {f"loss/{term}" for term in terms}
    still = [n for n, v in weights(trainer).items() if torch.equal(v, before[n])]
    # the pooling's second layer starts at zero: nothing comes back to the first in the first step
    assert {n for n in still if n.startswith("model.")} == {
        "model.region_pooling.mix.weight", "model.region_pooling.mix.bias"
    }  # fmt: skip


def test_a_weight_of_zero_removes_a_term_and_its_cost():
    _, reports = trained(CONFIG, 1)
    assert set(reports[0].losses) == {"loss/rec", "loss/warp", "loss/align", "loss/cycle"}
    trainer, _ = trained(CONFIG, 1)
    assert trainer.training_step.objective.frozen.vgg is None
    assert not any(p.grad is not None for p in trainer.networks.discriminator.parameters())


def test_late_terms_begin_at_their_step():
    losses = LossConfig(fm=0, ctx=0, scl=0)
    config = dataclasses.replace(CONFIG, losses=losses, adversarial_from=1, perceptual_from=2)
    _, reports = trained(config, 3, frozen=FrozenNetworks(vgg=VGG("vgg16")))
    assert ["loss/adv" in r.losses for r in reports] == [False, True, True]
    assert ["loss/perc" in r.losses for r in reports] == [False, False, True]


def test_the_sizes_of_a_cycle_follow_each_other(monkeypatch):
    sizes = []
    monkeypatch.setattr(
        TrainingStep, "run", lambda self, batch, *_: sizes.append(batch.target.shape[2]) or {}
    )
    trained(dataclasses.replace(CONFIG, size_cycle=(64, 64, 128)), 5)
    assert sizes == [64, 64, 128, 64, 64]


def test_perceptual_terms_without_a_trunk_are_refused():
    with pytest.raises(TrainingError, match="need the frozen network VGG"):
        Trainer(dataclasses.replace(CONFIG, losses=LossConfig()), DrawnStore())
    with pytest.raises(TrainingError, match="lpips needs its frozen network"):
        Trainer(dataclasses.replace(CONFIG, losses=dataclasses.replace(PLAIN, lpips=1)), DrawnStore())


@pytest.mark.usefixtures("in_float64")
def test_lpips_counts_where_the_truth_is_known_and_begins_with_the_perceptual_terms():
    losses = dataclasses.replace(PLAIN, lpips=2)
    config = dataclasses.replace(CONFIG, losses=losses, perceptual_from=1)
    trainer, reports = trained(config, 2, frozen=FrozenNetworks(lpips=Lpips()))
    assert ["loss/lpips" in r.losses for r in reports] == [False, True]
    batch = make_batch(trainer.loader.store, [trainer.loader.sampler.draw(0, i, 3) for i in range(3)], 64)
    batch = dataclasses.replace(batch, pseudo=torch.tensor([1.0, 0, 0]), shared=torch.tensor([0.0, 1, 0]))
    side = GeneratorSide(trainer.networks.model)
    output = side(batch.sketch, batch.reference, batch.target, batch.labels)
    objective = trainer.training_step.objective
    terms = objective.generator_terms(output, batch, trainer.networks.discriminator, Phase(adversarial=False))
    distances = objective.frozen.lpips.distances(output.colors, batch.target)
    assert terms["lpips"].item() == pytest.approx(distances[:2].sum().item() / 3, rel=NEARLY)


def test_resumed_equals_uninterrupted(tmp_path):
    config = dataclasses.replace(CONFIG, batch=2, losses=dataclasses.replace(PLAIN, adv=1))
    whole, reports = trained(config, 4)
    part, _ = trained(config, 2)
    part.save(tmp_path / "state")
    resumed = Trainer(config, DrawnStore())
    resumed.resume(tmp_path / "state")
    rest = list(resumed.run(until=4))
    assert [r.step for r in rest] == [3, 4]
    assert rest[-1].losses == reports[-1].losses
    expected = weights(whole)
    assert all(torch.equal(v, expected[n]) for n, v in weights(resumed).items())


def test_drawing_ahead_in_other_processes_changes_nothing():
    plain, _ = trained(CONFIG, 2)
    ahead, _ = trained(CONFIG, 2, workers=1)
    expected = weights(plain)
    assert all(torch.equal(v, expected[n]) for n, v in weights(ahead).items())


@pytest.mark.usefixtures("in_float64")
def test_accumulated_gradients_equal_those_of_the_whole_batch():
    config = dataclasses.replace(CONFIG, batch=4, clip=0)
    gradients = []
    for parts in (1, 2):
        trainer, _ = trained(dataclasses.replace(config, accumulate=parts), 1)
        gradients.append({n: p.grad for n, p in trainer.networks.model.named_parameters()})
    for name, whole in gradients[0].items():
        assert_nearly(gradients[1][name], whole)


def test_a_loss_that_is_not_finite_stops_with_step_and_term(monkeypatch):
    trainer, _ = trained(CONFIG, 2)
    before = weights(trainer)
    plain = Objective.generator_terms

    def broken(self, *arguments):
        terms = plain(self, *arguments)
        return terms | {"cycle": terms["cycle"] * float("nan")}

    monkeypatch.setattr(Objective, "generator_terms", broken)
    with pytest.raises(NonFiniteLossError, match="step 2: the loss term cycle is nan"):
        list(trainer.run())
    after = weights(trainer)
    assert all(torch.equal(v, after[n]) for n, v in before.items())


def test_tiny_overfits_one_pair():
    losses = dataclasses.replace(PLAIN, cycle=0)
    data = DataConfig(pseudo=1, foreign=0, recolor=0, degrade=0, deform=0)
    config = dataclasses.replace(CONFIG, steps=30, batch=2, generator_lr=5e-3, losses=losses, data=data)
    trainer = Trainer(config, DrawnStore(count=1))
    values = [r.losses["loss/rec"] for r in trainer.run()]
    assert np.mean(values[-5:]) < 0.35 * np.mean(values[:3])


def test_the_average_lags_behind_and_is_what_is_saved(tmp_path):
    trainer, _ = trained(CONFIG, 3)
    trainer.save_ema_model(tmp_path / "model")
    loaded = load_model(tmp_path / "model").state_dict()
    averaged, raw = trainer.networks.ema_model.state_dict(), trainer.networks.model.state_dict()
    assert all(torch.allclose(loaded[n], v, rtol=HALF, atol=HALF**2) for n, v in averaged.items())
    assert any(not torch.equal(averaged[n], raw[n]) for n in raw)


def test_old_states_are_removed(tmp_path):
    trainer, _ = trained(CONFIG, 1)
    for step in (1, 2, 3):
        trainer.save(tmp_path / f"step-{step:08d}")
    rotate(tmp_path, 2)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["step-00000002", "step-00000003"]


def test_a_broken_state_is_refused(tmp_path):
    trainer, _ = trained(CONFIG, 1)
    trainer.save(tmp_path / "state")
    (tmp_path / "state" / "model.safetensors").write_bytes(b"broken")
    with pytest.raises(TrainingError, match="not a complete training state"):
        Trainer(CONFIG, DrawnStore()).resume(tmp_path / "state")


def test_the_rates_warm_up_and_decay():
    config = dataclasses.replace(CONFIG, steps=100, warmup=10, decay_from=0.5)
    rates = [lr_multiplier(config, step) for step in (0, 9, 50, 75, 99)]
    assert rates == pytest.approx([0.1, 1, 1, 1 - 0.95 * 0.5, 1 - 0.95 * 0.98])
    assert lr_multiplier(config, 10, time_fraction=0.75) == rates[3]  # time that runs out counts like steps
    assert lr_multiplier(config, 10, time_fraction=7.0) == pytest.approx(0.05)


def test_the_average_of_a_short_run_is_one_of_its_own_steps():
    averaged = [torch.zeros(1)]
    for count, expected in ((0, 0.9), (8, 0.95), (10_000, 0.951)):
        make_ema_update(0.98)(averaged, [torch.ones(1)], torch.tensor(count))
        assert averaged[0].item() == pytest.approx(expected, abs=1e-3)


def test_frozen_parts_keep_their_weights():
    config = dataclasses.replace(CONFIG, freeze=("content_encoder", "style_mfam"))
    before = weights(Trainer(config, DrawnStore()))
    trainer, _ = trained(config, 2)
    for name, value in weights(trainer).items():
        if name.startswith("model."):
            frozen = name.startswith(("model.content_encoder", "model.style_mfam"))
            assert torch.equal(value, before[name]) == frozen, name
    with pytest.raises(ConfigError, match="freeze knows content_encoder"):
        dataclasses.replace(CONFIG, freeze=("encoder",))


def test_a_state_of_other_trained_parts_is_refused(tmp_path):
    trainer, _ = trained(CONFIG, 1)
    trainer.save(tmp_path / "state")
    other = Trainer(dataclasses.replace(CONFIG, freeze=("content_mfam",)), DrawnStore())
    with pytest.raises(TrainingError, match="training state of another network"):
        other.resume(tmp_path / "state")


@pytest.mark.usefixtures("in_float64")
@pytest.mark.parametrize(
    "failure",
    [
        RuntimeError("[enforce fail at alloc_cpu.cpp:1] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("could not create a primitive"),
        MemoryError("std::bad_alloc"),
    ],
    ids=str,
)
def test_short_memory_halves_the_parts_and_says_so_once(failure, monkeypatch, caplog):
    config = dataclasses.replace(CONFIG, batch=4, clip=0)
    whole, reports = trained(config, 2)
    plain = GeneratorSide.forward

    def narrow(self, sketch, *others):
        if len(sketch) > 1:
            raise failure
        return plain(self, sketch, *others)

    monkeypatch.setattr(GeneratorSide, "forward", narrow)
    trainer, again = trained(config, 2)
    assert [r.message for r in caplog.records] == [
        "not enough memory for 4 samples at a time: each batch is now computed in 4 parts"
    ]
    for ours, theirs in zip(again, reports, strict=True):
        assert ours.losses == pytest.approx(theirs.losses, rel=NEARLY)
    expected = weights(whole)
    for name, value in weights(trainer).items():
        assert torch.allclose(value, expected[name], rtol=NEARLY, atol=NEARLY), name


def test_no_memory_for_one_sample_is_one_line(monkeypatch):
    def starved(self, *pictures):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(GeneratorSide, "forward", starved)
    with pytest.raises(
        TrainingError, match="step 0: not enough memory for 1 sample at a time; lower --batch"
    ):
        trained(CONFIG, 1)


def test_other_failures_of_the_network_are_not_hidden(monkeypatch):
    def broken(self, *pictures):
        raise RuntimeError("mismatch")

    monkeypatch.setattr(GeneratorSide, "forward", broken)
    with pytest.raises(RuntimeError, match="mismatch"):
        trained(CONFIG, 1)


def test_a_gradient_that_is_not_finite_stops_before_the_weights_move(monkeypatch):
    trainer, _ = trained(CONFIG, 1)
    before = weights(trainer)
    next(trainer.networks.model.parameters()).register_hook(lambda gradient: gradient * float("nan"))
    with pytest.raises(NonFiniteLossError, match="step 1: the gradient is nan"):
        list(trainer.run())
    after = weights(trainer)
    assert all(torch.equal(v, after[n]) for n, v in before.items() if n.startswith("model."))


def test_without_aggregation_there_is_no_fam(tmp_path):
    trainer, _ = trained(dataclasses.replace(CONFIG, aggregation=False), 1)
    assert not [name for name in trainer.networks.model.state_dict() if ".fams." in name]
    trainer.save_ema_model(tmp_path)
    assert load_model(tmp_path).config.aggregation is False
