"""Freed memory: kept for what is computed next, instead of given back to the system at once."""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Numbers of glibc's options; see mallopt(3)."""
_SMALLER, _LARGEST = 32 << 20, (1 << 31) - 1
"""Bytes; older versions of glibc take no more than the first."""


def keep_freed_memory() -> bool:
    """Let the C library keep the memory that tensors on the CPU leave, for the rest of the process.

    Otherwise it takes that of each large tensor from the system anew, and the system clears it page by page.
    It computes nothing else than before. The process holds on to the most that it ever needed.

    Returns:
        Whether the C library can: glibc.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    kept = mallopt(_MMAP_THRESHOLD, _LARGEST) or mallopt(_MMAP_THRESHOLD, _SMALLER)
    return bool(kept and mallopt(_TRIM_THRESHOLD, _LARGEST))
