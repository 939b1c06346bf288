"""What changes over a run: learning rates, and how far the averaged weights look back."""

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor
from torch.optim import Optimizer

from rltn_cli.training_config import TrainConfig

Weights: TypeAlias = tuple[Tensor, ...] | list[Tensor]

FINAL_RATE = 0.05
"""Share of the learning rate that is left at the last step."""


def rate_factor(config: TrainConfig, step: int, spent: float = 0.0) -> float:
    """Return the share of the learning rates at a step: warm-up, constant, linear decay.

    Args:
        config: of the run.
        step: number of steps done.
        spent: share of the call's minutes that is used up; a run that time will end decays by time.
    """
    factor = min(1.0, (step + 1) / max(config.warmup, 1))
    done = max(step / config.steps, min(spent, 1.0))
    if done > config.decay_from:
        factor *= 1 - (1 - FINAL_RATE) * (done - config.decay_from) / (1 - config.decay_from)
    return factor


def set_rate(optimizer: Optimizer, rate: float) -> None:
    """Set the learning rate of all of an optimiser's parameters."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def limited_decay(decay: float, steps: float) -> float:
    """Return the decay of averaged weights after a number of steps: at most (1 + n) / (10 + n)."""
    return min(decay, (1 + steps) / (10 + steps))


def averaging(decay: float) -> Callable[[Weights, Weights, Tensor | int], None]:
    """Return how averaged weights take in the next ones, as AveragedModel's `multi_avg_fn`.

    The decay is limited after n steps, see `limited_decay`, so that the average of a short run is one of its
    own steps and not of the weights that it began with.
    """

    @torch.no_grad()
    def average(averaged: Weights, current: Weights, count: Tensor | int) -> None:
        share = 1 - limited_decay(decay, float(count))
        torch._foreach_lerp_(list(averaged), list(current), share)

    return average
