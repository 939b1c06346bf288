"""What changes over a run: learning rates, and how far the averaged weights look back."""

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor
from torch.optim import Optimizer

from rltn_cli.training_config import TrainConfig

Weights: TypeAlias = tuple[Tensor, ...] | list[Tensor]

FINAL_LR_MULTIPLIER = 0.05
"""Share of the learning rate that is left at the last step."""


def lr_multiplier(config: TrainConfig, step: int, time_fraction: float = 0.0) -> float:
    """Return the multiplier of the learning rates at a step: warm-up, constant, linear decay.

    Args:
        config: of the run.
        step: number of steps done.
        time_fraction: share of the call's time limit that is used up; a run that the limit will end decays by
            time.
    """
    multiplier = min(1.0, (step + 1) / max(config.warmup, 1))
    done = max(step / config.steps, min(time_fraction, 1.0))
    if done > config.decay_from:
        multiplier *= 1 - (1 - FINAL_LR_MULTIPLIER) * (done - config.decay_from) / (1 - config.decay_from)
    return multiplier


def set_lr(optimizer: Optimizer, lr: float) -> None:
    """Set the learning rate of all of an optimiser's parameters."""
    for group in optimizer.param_groups:
        group["lr"] = lr


def limit_decay(decay: float, steps: float) -> float:
    """Return the decay of averaged weights after a number of steps: at most (1 + n) / (10 + n).

    Early on the average is therefore one of the run's own steps, not of the weights that it began with.
    """
    return min(decay, (1 + steps) / (10 + steps))


def make_ema_update(decay: float) -> Callable[[Weights, Weights, Tensor | int], None]:
    """Return the update of exponentially averaged weights, as AveragedModel's `multi_avg_fn`.

    Args:
        decay: of a long run; see `limit_decay`.
    """

    @torch.no_grad()
    def update(averaged: Weights, current: Weights, count: Tensor | int) -> None:
        share = 1 - limit_decay(decay, float(count))
        torch._foreach_lerp_(list(averaged), list(current), share)

    return update
