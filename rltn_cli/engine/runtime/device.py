"""The device to compute on: chosen by name, and described in words."""

import os
import platform
from pathlib import Path

import torch

from rltn_cli.errors import UsageError


def choose_device(device: torch.device | str) -> torch.device:
    """Return a device by its name; `auto` is the first available one of CUDA, MPS and the CPU.

    Raises:
        UsageError: no such device here.
    """
    if device == "auto":
        device = (
            "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        )
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise UsageError(f"device {device}: unknown; use auto, cpu, cuda, cuda:N or mps") from error
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and (chosen.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not there.get(chosen.type, False):
        raise UsageError(f"device {device}: not available here; use auto or cpu")
    return chosen


def describe_hardware(device: torch.device, processes: int) -> str:
    """Return a description such as `2 processes on a CPU (x86_64, 2 cores), 1 thread each`."""
    number = f"{processes} processes on" if processes > 1 else "on"
    if device.type == "cuda":
        return f"{number} {torch.cuda.get_device_name(device)}"
    if device.type != "cpu":
        return f"{number} {device.type}"
    threads = torch.get_num_threads()
    words = f"{threads} thread{'s' if threads > 1 else ''}{' each' if processes > 1 else ''}"
    return f"{number} a CPU ({_processor()}, {os.cpu_count()} cores), {words}"


def _processor() -> str:
    """Return the processor's name, or else its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
