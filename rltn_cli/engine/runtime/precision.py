"""The numeric precision of painting and of training."""

from contextlib import AbstractContextManager
from typing import Literal

import torch

from rltn_cli.choices import PaintingPrecision, Precision
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


def choose_training_precision(precision: Precision, device: torch.device) -> Literal["fp32", "bf16", "fp16"]:
    """Return the precision to train in.

    Args:
        precision: what was asked for; `auto` is bf16 where the device computes in it natively, else fp32.
        device: where the networks compute.
    """
    if precision != "auto":
        return precision
    return "bf16" if is_bf16_native(device) else "fp32"


def is_bf16_native(device: torch.device) -> bool:
    """Whether a device is known to compute in bf16 itself, instead of emulating it.

    Known are GPUs with CUDA, and processors that PyTorch says have AVX512_BF16 or AMX.
    """
    if device.type == "cuda":
        with torch.cuda.device(device):
            return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and _is_bf16_native_on_cpu()


def _is_bf16_native_on_cpu() -> bool:
    if hasattr(torch.cpu, "get_capabilities"):
        capabilities = torch.cpu.get_capabilities()
        return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16"))
    # older versions of PyTorch; processors with AMX have AVX512_BF16 as well
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(supported and supported())


def computing(precision: Literal["fp32", "bf16"], device: torch.device) -> AbstractContextManager[object]:
    """Return a context in which networks compute in a precision."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")
