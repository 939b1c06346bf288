"""How many sketches a batch works on at once, and how much of the machine each may use."""

import contextlib
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import cv2
import torch

from rltn_cli.engine.runtime.threads import cores

_NETWORK_BYTES = 4 << 30
"""Memory that all networks at work may take together, roughly."""
_BYTES_AT_256 = 400 << 20
"""Memory that the network takes for one sketch at 256 pixels, roughly."""


def networks_at_once(device: torch.device, size: int, jobs: int) -> int:
    """Return how many sketches may be in the network at a time."""
    if device.type != "cpu":
        return 1
    return max(1, min(jobs, int(_NETWORK_BYTES / (_BYTES_AT_256 * (size / 256) ** 2))))


@contextlib.contextmanager
def pool_of(jobs: int) -> Iterator[ThreadPoolExecutor]:
    """Yield threads; on the way out, wait for what they are doing."""
    with warnings.catch_warnings(), ThreadPoolExecutor(jobs, thread_name_prefix="rltn") as pool:
        warnings.simplefilter("ignore")  # reading silences warnings, which threads cannot do for themselves
        yield pool


@contextlib.contextmanager
def shared_processor(device: torch.device, jobs: int, networks: int) -> Iterator[None]:
    """Keep the libraries' own threads from outnumbering the cores while several sketches are in progress."""
    before = torch.get_num_threads(), cv2.getNumThreads()
    if device.type == "cpu":
        torch.set_num_threads(max(1, cores() // networks))
    cv2.setNumThreads(max(1, cores() // jobs))
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        cv2.setNumThreads(before[1])
