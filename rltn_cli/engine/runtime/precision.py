"""The numeric precision of painting."""

from contextlib import AbstractContextManager
from typing import Literal

import torch

from rltn_cli.choices import PaintingPrecision
from rltn_cli.errors import UsageError


def choose_precision(precision: PaintingPrecision, device: torch.device) -> Literal["fp32", "bf16"]:
    """Return the precision to paint in.

    Args:
        precision: what was asked for; `auto` is fp32 everywhere. In bf16 colours are as right on average,
            but some regions of flats get others, and pictures would depend on the processor.
        device: where the network computes.

    Raises:
        UsageError: bf16 is not available there.
    """
    if precision != "bf16":
        return "fp32"
    if device.type == "mps" or (device.type == "cuda" and not torch.cuda.is_bf16_supported()):
        raise UsageError(f"precision bf16: not available on {device.type}; use auto or fp32")
    return "bf16"


def computing(precision: Literal["fp32", "bf16"], device: torch.device) -> AbstractContextManager[object]:
    """Return a context in which networks compute in a precision."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")
