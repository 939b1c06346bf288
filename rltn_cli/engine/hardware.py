"""The hardware of a run, in words, and what a run takes of it."""

import os
import platform
from pathlib import Path

import torch
from accelerate import Accelerator

from rltn_cli.config import TrainConfig
from rltn_cli.engine.colorizer import choose_device
from rltn_cli.engine.perceptual import Lpips, load_lpips
from rltn_cli.engine.trunks import load_vgg
from rltn_cli.errors import UsageError
from rltn_cli.models.frozen import VGG


def describe_hardware(device: torch.device, processes: int) -> str:
    """Return what a run computes on, such as `2 processes on a CPU (x86_64, 2 cores), 1 thread each`."""
    number = f"{processes} processes on" if processes > 1 else "on"
    if device.type == "cuda":
        return f"{number} {torch.cuda.get_device_name(device)}"
    if device.type != "cpu":
        return f"{number} {device.type}"
    threads = torch.get_num_threads()
    words = f"{threads} thread{'s' if threads > 1 else ''}{' each' if processes > 1 else ''}"
    return f"{number} a CPU ({_processor()}, {os.cpu_count()} cores), {words}"


def _processor() -> str:
    """Return the processor's name, or at least its kind."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def make_accelerator(config: TrainConfig) -> Accelerator:
    """Return the device, the precision and the processes of a run.

    Raises:
        UsageError: no such device, or a precision that it does not have.
    """
    device = choose_device(config.device)
    if config.precision == "fp16" and device.type == "cpu":
        raise UsageError("--precision fp16 needs a GPU: use fp32 or bf16")
    if device.index is not None:
        os.environ["ACCELERATE_TORCH_DEVICE"] = str(device)
    return Accelerator(cpu=device.type == "cpu", mixed_precision=config.mixed_precision)


def make_trunk(config: TrainConfig) -> VGG | None:
    """Return the frozen network of the perceptual terms; None where no such term has a weight.

    Raises:
        ModelError: it cannot be had; says how to get it.
    """
    if not config.losses.perceptual:
        return None
    return load_vgg(config.losses.trunk, _frozen_folder(config))


def make_lpips(config: TrainConfig, *, offline: bool = False) -> Lpips | None:
    """Return the network of the term lpips; None where it has no weight.

    Raises:
        UsageError: its package is not installed.
        ModelError: its weights cannot be had; says how to get them.
    """
    if not config.losses.lpips:
        return None
    return load_lpips(_frozen_folder(config), offline=offline)


def _frozen_folder(config: TrainConfig) -> Path | None:
    return Path(config.frozen) if config.frozen else None
