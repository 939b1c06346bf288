"""Several processes that share one task: their ranks, and how their results are gathered (Accelerate)."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch

from rltn_cli.optional_packages import library

T = TypeVar("T")

PATIENCE = timedelta(days=7)
"""How long a finished process waits for the others."""


@dataclass(frozen=True, slots=True)
class Processes:
    """This process among those that `torchrun` or `accelerate launch` started; alone if none did."""

    rank: int = 0
    count: int = 1
    _state: Any = None

    @classmethod
    def join(cls, device: torch.device) -> "Processes":
        """Join the other processes.

        Args:
            device: where this process computes; decides how the processes communicate.

        Raises:
            UsageError: there are other processes, but the package accelerate is not installed.
        """
        if int(os.environ.get("WORLD_SIZE", "1")) < 2:
            return cls()
        state = library("accelerate", extra="train").PartialState(cpu=device.type == "cpu", timeout=PATIENCE)
        return cls(state.process_index, state.num_processes, state)

    @property
    def is_main(self) -> bool:
        """Whether this process writes and prints."""
        return self.rank == 0

    def share(self, work: Sequence[T]) -> Sequence[T]:
        """Return this process's share of a list that is the same in all."""
        return work[self.rank :: self.count]

    def gather(self, parts: list[T]) -> list[T]:
        """Return the parts of all processes, in every process."""
        if self._state is None:
            return parts
        gathered: list[T] = library("accelerate.utils", extra="train").gather_object(parts)
        return gathered

    def leave(self) -> None:
        """Leave the other processes, at the end."""
        if self._state is not None:
            self._state.destroy_process_group()


def device_name(name: str) -> str:
    """Return the device for this process: several processes on one machine each get their own GPU."""
    local = os.environ.get("LOCAL_RANK")
    return f"cuda:{local}" if name == "auto" and local and torch.cuda.is_available() else name
