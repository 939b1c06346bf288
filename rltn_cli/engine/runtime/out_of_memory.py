"""A device that runs out of memory, told from other faults."""

import contextlib
from collections.abc import Iterator

import torch

from rltn_cli.errors import RltnError

_WORDS = ("DefaultCPUAllocator", "could not create a primitive", "could not create a memory object")
"""What PyTorch and its oneDNN say on a CPU, where they have no class for it."""


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether a device ran out of memory."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _WORDS)


@contextlib.contextmanager
def memory_for(what: str, device: torch.device) -> Iterator[None]:
    """Turn the lack of memory for something into RltnError.

    Args:
        what: takes the memory, such as "size 512".
        device: that computes.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise RltnError(
            f"{device}: not enough memory for {what}; choose a smaller size or another device"
        ) from error
