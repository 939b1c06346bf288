"""What the objectives of the compared methods share."""

import contextlib
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from rltn_cli.engine.training.game import Loss


def weighted(terms: Mapping[str, Tensor], weights: Mapping[str, float]) -> Loss:
    """Return the loss that is the weighted sum of terms."""
    total = torch.stack([weights[name] * value.float() for name, value in terms.items()]).sum()
    return Loss(total, terms)


@contextlib.contextmanager
def held(network: nn.Module) -> Iterator[None]:
    """Let gradients pass through a network, but give it none of its own."""
    network.requires_grad_(False)
    try:
        yield
    finally:
        network.requires_grad_(True)


def draw(noise: torch.Generator, *shape: int, like: Tensor) -> Tensor:
    """Return numbers from N(0, 1); drawn on the CPU, so that all devices get the same."""
    return torch.randn(*shape, generator=noise).to(like)


def l1(a: Tensor, b: Tensor) -> Tensor:
    """Return the mean absolute difference."""
    return (a.float() - b.float()).abs().mean()
