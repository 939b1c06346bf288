"""How much memory a training run needs, estimated by one forward pass of one sample."""

from dataclasses import dataclass

import torch
from torch import Tensor

from rltn_cli.data.batches import make_plain_batch
from rltn_cli.engine.evaluation.lpips import Lpips
from rltn_cli.engine.training.frozen_networks import FrozenNetworks
from rltn_cli.engine.training.generator_side import GeneratorSide
from rltn_cli.engine.training.objective import Objective, Phase
from rltn_cli.models.discriminator import MultiscaleDiscriminator
from rltn_cli.models.frozen import VGG
from rltn_cli.models.rltn import RLTN
from rltn_cli.training_config import TrainConfig

COPIES = 5
"""Copies of the weights in memory: themselves, their average, their gradients, and Adam's two moments."""
LIBRARIES = 400 * 2**20
"""Bytes that the program and its libraries need."""


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """Bytes for one process."""

    weights: int
    """Weights of all networks, gradients, average and moments."""
    sample: int
    """What the backward pass needs for one sample."""
    total: int


def estimate_memory(config: TrainConfig, model: RLTN, processes: int = 1) -> MemoryEstimate:
    """Estimate the memory of a run: one sample goes through the terms, and what autograd keeps is counted.

    Args:
        config: of the run.
        model: the network, on the CPU.
        processes: that share a batch.
    """
    discriminator = MultiscaleDiscriminator(config.discriminator_width)
    losses = config.losses
    frozen = FrozenNetworks(
        vgg=VGG(losses.trunk) if losses.perceptual else None, lpips=Lpips() if losses.lpips else None
    )
    kept: dict[int, int] = {}
    networks = [model, discriminator, *frozen.modules]
    parameters = {value.untyped_storage().data_ptr() for net in networks for value in net.parameters()}

    def note(value: Tensor) -> Tensor:
        storage = value.untyped_storage()
        if storage.data_ptr() not in parameters:
            kept[storage.data_ptr()] = storage.nbytes()
        return value

    with torch.autograd.graph.saved_tensors_hooks(note, lambda value: value):
        _compute_objective(config, model, discriminator, frozen)
    sample = sum(kept.values()) // (1 if config.precision == "fp32" else 2)
    weights = COPIES * _count_bytes(model, discriminator) + _count_bytes(*frozen.modules)
    at_once = -(-config.batch // (processes * config.accumulate))
    return MemoryEstimate(weights, sample, LIBRARIES + weights + at_once * sample)


def _count_bytes(*networks: torch.nn.Module) -> int:
    return sum(value.nbytes for network in networks for value in network.parameters())


def _compute_objective(
    config: TrainConfig, model: RLTN, discriminator: MultiscaleDiscriminator, frozen: FrozenNetworks
) -> Tensor:
    """Return the objective of one sample of grey pictures, with its graph."""
    size = config.largest_size
    grey = torch.zeros(1, 3, size, size)
    one = torch.ones(1)
    batch = make_plain_batch(grey[:, :1], grey, grey, pseudo=one, shared=0 * one)
    objective = Objective(config.losses, frozen, model.config.temperature)
    generator_side = GeneratorSide(model, align=config.losses.align > 0)
    output = generator_side(batch.sketch, batch.reference, batch.target, batch.labels)
    return objective.total(objective.generator_terms(output, batch, discriminator, Phase()))
