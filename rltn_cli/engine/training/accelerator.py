"""Device, precision, processes and threads of a training run (Accelerate)."""

import dataclasses
import os

import torch
from accelerate import Accelerator

from rltn_cli.engine.runtime.device import choose_device
from rltn_cli.engine.runtime.precision import choose_training_precision
from rltn_cli.engine.runtime.threads import choose_threads
from rltn_cli.errors import UsageError
from rltn_cli.training_config import TrainConfig


def resolve_precision(config: TrainConfig, device: torch.device) -> TrainConfig:
    """Return the configuration with the precision that `auto` stands for on a device."""
    return dataclasses.replace(config, precision=choose_training_precision(config.precision, device))


def make_accelerator(config: TrainConfig) -> Accelerator:
    """Return device, precision and processes of a run as an Accelerator, and set the number of threads.

    Raises:
        UsageError: no such device, or a precision that it does not support.
    """
    device = choose_device(config.device)
    config = resolve_precision(config, device)
    if config.precision == "fp16" and device.type == "cpu":
        raise UsageError("--precision fp16 needs a GPU: use fp32 or bf16")
    if device.index is not None:  # the only way to name one of several GPUs to Accelerate
        os.environ["ACCELERATE_TORCH_DEVICE"] = str(device)
    accelerator = Accelerator(cpu=device.type == "cpu", mixed_precision=config.mixed_precision)
    torch.set_num_threads(choose_threads(device))  # afterwards, since Accelerate may set it too
    return accelerator
