"""How many processor cores and threads a process may use."""

import os

import torch

from rltn_cli.engine.runtime.device import choose_device


def cores() -> int:
    """Return how many processor cores this process may use, among those of this machine."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, count // _local_processes())


def choose_threads(device: torch.device | str) -> int:
    """Return how many threads to train with: on a CPU, one per core that this process may use.

    OMP_NUM_THREADS wins, and for other devices the number stays as it is, which is PyTorch's choice.

    Args:
        device: where the networks compute; a name other than `auto` need not exist here.
    """
    kind = str(choose_device(device) if device == "auto" else device).partition(":")[0]
    return torch.get_num_threads() if kind != "cpu" or _user_chose() else cores()


def _local_processes() -> int:
    """Return how many processes share the work on this machine."""
    return max(1, int(os.environ.get("LOCAL_WORLD_SIZE", "1")))


def _user_chose() -> bool:
    """Whether OMP_NUM_THREADS comes from the user; `torchrun` sets 1 for several processes if it is unset."""
    by_torchrun = "TORCHELASTIC_RUN_ID" in os.environ and _local_processes() > 1
    return os.environ.get("OMP_NUM_THREADS", "") not in ({"", "1"} if by_torchrun else {""})
