"""What an architecture brings to training: its losses. Data, steps, averages and states are the engine's.

Two players take part: the generator, whose averaged weights are the result, and for most architectures a
discriminator. An objective yields, for each part of a batch, what each player minimises; the engine computes
the gradients of one loss before the next is asked for, and moves both players after the whole batch.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from rltn_cli.data.batches import Batch
from rltn_cli.training_config import PERCEPTUAL_TERMS


@dataclass(frozen=True, slots=True)
class Phase:
    """Which of RLTN's terms that begin late run."""

    adversarial: bool = True
    perceptual: bool = True

    def has(self, term: str) -> bool:
        """Return whether a term runs."""
        if term == "adv":
            return self.adversarial
        return self.perceptual or term not in (*PERCEPTUAL_TERMS, "lpips")


@dataclass(frozen=True, slots=True)
class Moment:
    """When a part of a batch is trained on, and the randomness that the losses may use."""

    phase: Phase
    noise: torch.Generator
    """On the CPU; depends on seed, step and part alone, so that resumed runs are the same."""
    first: bool = True
    """Whether it is the first part of its batch."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What one player minimises, and what it consists of."""

    total: Tensor
    """A number with a graph: the mean over the samples."""
    terms: Mapping[str, Tensor]
    """The terms by name, not weighted."""


class TrainingObjective(Protocol):
    """The losses of an architecture, computed with its networks."""

    def losses(self, part: Batch, moment: Moment) -> Iterator[Loss]:
        """Yield the losses of a part of a batch: the discriminator's, if there is one, then the generator's.

        The generator's graph may be built before the discriminator's loss is yielded: no network changes
        between the losses of a batch.
        """


def noise_of(seed: int, step: int, process: int, start: int) -> torch.Generator:
    """Return a source of randomness that depends on its arguments alone.

    Args:
        seed: of the run.
        step: number of steps done before.
        process: number of the process.
        start: number of the part's first sample in the process's share of the batch.
    """
    state = np.random.SeedSequence([seed, step, process, start]).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0] >> np.uint64(1)))
