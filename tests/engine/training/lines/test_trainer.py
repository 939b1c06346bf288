"""The line trainer: it learns, folds without a trace, goes on where it stopped, and stops at NaN."""

from pathlib import Path

import pytest
import torch
from support.rounding import assert_nearly
from torch import Tensor, nn

from rltn_cli.engine.training.lines.trainer import (
    BORDER,
    LineTrainer,
    LineTraining,
    add_batch_norm,
    fold_batch_norm,
    line_losses,
)
from rltn_cli.errors import NonFiniteLossError, TrainingError
from rltn_cli.models.hed import HED, HEDConfig

TINY = HEDConfig(widths=(4, 4, 4, 4, 4), depths=(1, 1, 1, 1, 1), merge=4)


class Bars:
    """Pictures of one dark bar, and where it is."""

    seed = 0

    def draw(self, step: int) -> tuple[Tensor, Tensor]:
        """Return two pictures (2, 3, 32, 32) and their ink."""
        places = torch.randint(4, 28, (2,), generator=torch.Generator().manual_seed(step))
        ink = torch.zeros(2, 1, 32, 32)
        for one, place in zip(ink, places, strict=True):
            one[..., place : place + 2] = 1
        return (1 - 2 * ink).repeat(1, 3, 1, 1), ink


def test_it_learns() -> None:
    options = LineTraining(minutes=1e6, warmup=0, lr=1e-2, ema=0.9)
    trainer = LineTrainer(Bars(), options, TINY)  # type: ignore[arg-type]
    totals = [sum(losses.values()) for _, losses in zip(range(60), trainer.run(), strict=False)]
    assert sum(totals[-5:]) < 0.5 * sum(totals[:5])
    color, ink = Bars().draw(10_000)
    drawn = trainer.result()(color)[-1].sigmoid()
    assert drawn[ink == 1].mean() > drawn[ink == 0].mean() + 0.4


def test_it_ends_when_its_minutes_are_over() -> None:
    trainer = LineTrainer(Bars(), LineTraining(minutes=1e-6), TINY)  # type: ignore[arg-type]
    assert len(list(trainer.run())) == trainer.step == 1
    assert trainer.progress == 1
    assert not list(trainer.run())


@pytest.mark.usefixtures("in_float64")
def test_folding_changes_no_output() -> None:
    torch.manual_seed(0)
    network = add_batch_norm(HED(TINY)).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.uniform_(module.bias)
    plain, picture = fold_batch_norm(network), torch.rand(1, 3, 20, 40)
    assert plain.state_dict().keys() == HED(TINY).state_dict().keys()
    for one, other in zip(network(picture), plain(picture), strict=True):
        assert_nearly(one, other)


@pytest.mark.usefixtures("in_float64")
def test_the_result_has_more_contrast_and_the_same_side_outputs() -> None:
    trainer = LineTrainer(Bars(), LineTraining(contrast=2.0), TINY)  # type: ignore[arg-type]
    color, _ = Bars().draw(0)
    *sides, fused = trainer.ema(color)
    *same, stronger = trainer.result()(color)
    assert_nearly(stronger, 2 * fused)
    assert all(torch.allclose(one, other, atol=1e-4) for one, other in zip(sides, same, strict=True))


def test_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    options = LineTraining(minutes=60)
    whole, part, rest = (LineTrainer(Bars(), options, TINY) for _ in range(3))  # type: ignore[arg-type]
    for trainer in (whole, part, rest):
        trainer.options = LineTraining(minutes=1e6, warmup=0)  # the rate does not depend on the clock
    for _, _ in zip(range(4), whole.run(), strict=False):
        pass
    for _, _ in zip(range(2), part.run(), strict=False):
        pass
    part.save(tmp_path / "state")
    rest.resume(tmp_path / "state")
    assert (rest.step, rest.seconds) == (part.step, part.seconds)
    while rest.step < whole.step:
        next(rest.run())
    for one, other in zip(whole.ema.state_dict().values(), rest.ema.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_a_state_of_another_network_is_refused(tmp_path: Path) -> None:
    LineTrainer(Bars(), LineTraining(), TINY).save(tmp_path / "state")  # type: ignore[arg-type]
    other = LineTrainer(Bars(), LineTraining(), HEDConfig(widths=(8, 4, 4, 4, 4)))  # type: ignore[arg-type]
    with pytest.raises(TrainingError, match="not a state of this network; begin in another folder"):
        other.resume(tmp_path / "state")


def test_a_loss_that_is_not_finite_is_named() -> None:
    trainer = LineTrainer(Bars(), LineTraining(), TINY)  # type: ignore[arg-type]
    with torch.no_grad():
        trainer.network.fuse.bias.fill_(float("inf"))
    with pytest.raises(NonFiniteLossError, match="step 0: loss/bce is"):
        next(trainer.run())


def test_losses_look_away_from_the_border_and_are_zero_for_the_right_lines() -> None:
    ink = torch.zeros(1, 1, 40, 40)
    ink[..., 20:22] = 1
    right = [(2 * ink - 1) * 50] * 6
    assert sum(line_losses(tuple(right), ink).values()) < 1e-4
    framed = [x.clone() for x in right]
    for x in framed:
        x[..., :BORDER] = 50
    assert sum(line_losses(tuple(framed), ink).values()) < 1e-4
    grey = line_losses(tuple(x * 0 for x in right), ink)
    assert all(value > 0.05 for value in grey.values())
