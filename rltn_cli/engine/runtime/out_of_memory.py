"""Running out of memory, distinguished from other errors."""

import contextlib
from collections.abc import Iterator

import torch

from rltn_cli.errors import RltnError

_WORDS = ("DefaultCPUAllocator", "could not create a primitive", "could not create a memory object")
"""Messages of PyTorch and oneDNN on a CPU, for which they have no class of error."""


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that a device ran out of memory."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _WORDS)


@contextlib.contextmanager
def memory_for(what: str, device: torch.device) -> Iterator[None]:
    """Raise RltnError if there is not enough memory for something.

    Args:
        what: needs the memory, such as "size 512".
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
