"""How much memory a training run needs, estimated by one forward pass of one sample."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rltn_cli.data.batches import make_plain_batch
from rltn_cli.engine.evaluation.lpips import Lpips
from rltn_cli.engine.training.architectures import make_discriminator, make_objective
from rltn_cli.engine.training.frozen_networks import FrozenNetworks
from rltn_cli.engine.training.game import Moment, Phase, noise_of
from rltn_cli.engine.training.generator_side import GeneratorSide
from rltn_cli.engine.training.objective import Objective
from rltn_cli.models.architectures import PaintingNetwork
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


def estimate_memory(config: TrainConfig, model: PaintingNetwork, processes: int = 1) -> MemoryEstimate:
    """Estimate the memory of a run: one sample goes through the terms, and what autograd keeps is counted.

    Args:
        config: of the run.
        model: the network, on the CPU.
        processes: that share a batch.
    """
    discriminator = (
        MultiscaleDiscriminator(config.discriminator_width)
        if isinstance(model, RLTN)
        else make_discriminator(model, config.discriminator_width)
    )
    lpips = config.losses.lpips and config.architecture == "rltn"
    frozen = FrozenNetworks(
        vgg=VGG(config.losses.trunk) if config.perceptual else None, lpips=Lpips() if lpips else None
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
    config: TrainConfig, model: PaintingNetwork, discriminator: nn.Module, frozen: FrozenNetworks
) -> list[Tensor]:
    """Return what the players minimise for one sample of grey pictures, with their graphs."""
    size = config.largest_size
    grey = torch.zeros(1, 3, size, size)
    one = torch.ones(1)
    batch = make_plain_batch(grey[:, :1], grey, grey, pseudo=one, shared=0 * one)
    if not isinstance(model, RLTN):
        moment = Moment(Phase(), noise_of(config.seed, 0, 0, 0))
        return [loss.total for loss in make_objective(model, discriminator, frozen).losses(batch, moment)]
    assert isinstance(discriminator, MultiscaleDiscriminator)
    objective = Objective(config.losses, frozen, model.config.temperature)
    generator_side = GeneratorSide(model, align=config.losses.align > 0)
    output = generator_side(batch.sketch, batch.reference, batch.target, batch.labels)
    return [objective.total(objective.generator_terms(output, batch, discriminator, Phase()))]
