"""The time of a run: when a call must come to its end so that what follows the last step is in time too."""

import contextlib
import math
import time
from collections import deque
from collections.abc import Iterator

STATE_BYTES = 20
"""Bytes of a training state for each parameter: weights, average, and two moments, with some over."""
DISK_SPEED = 20e6
"""Bytes a second that a disk is trusted with before a state was ever saved."""
CARE = 1.3
"""What took so long may take this much longer the next time."""


class Clock:
    """Measures the parts of a call, and says when to stop."""

    def __init__(self, begun: float, minutes: float) -> None:
        """Take over the clock.

        Args:
            begun: when the call began, on the monotonic clock.
            minutes: that it may take; 0 for no limit.
        """
        self._begun = begun
        self._end = begun + 60 * minutes if minutes else math.inf
        self._first = begun
        self._saving, self._drawing, self._validating = 0.0, 0.0, 0.0
        self._steps: deque[float] = deque(maxlen=20)

    def begin(self, parameters: int) -> None:
        """Note that the first step begins, of a network with so many parameters."""
        self._first = time.monotonic()
        self._saving = max(3.0, parameters * STATE_BYTES / DISK_SPEED)

    def elapsed(self) -> float:
        """Return the seconds since the call began."""
        return time.monotonic() - self._begun

    def left(self) -> float:
        """Return the seconds until the last step must be done; infinite without a limit."""
        reserve = self._saving + self._drawing + self._validating
        return max(self._end - CARE * reserve - time.monotonic(), 0.0)

    def spent(self) -> float:
        """Return the share of the training time that is used up, 0 without a limit."""
        if math.isinf(self._end):
            return 0.0
        done = time.monotonic() - self._first
        return done / max(done + self.left(), 1e-9)

    def late(self, seconds: float) -> bool:
        """Note how long a step took, and tell whether there is no time for another.

        The longest of the last steps does not count: the whole program may have been paused in it.
        """
        self._steps.append(seconds)
        return self.left() < sorted(self._steps)[-2:][0]

    def step_seconds(self) -> float:
        """Return how long a step takes, the mean of the last ones."""
        return sum(self._steps) / max(len(self._steps), 1)

    @contextlib.contextmanager
    def saving(self) -> Iterator[None]:
        """Measure how long it takes to save a state."""
        begun = time.monotonic()
        yield
        self._saving = max(2.0, 2 * (time.monotonic() - begun))  # the model follows the last state

    @contextlib.contextmanager
    def drawing(self) -> Iterator[None]:
        """Measure how long a sample grid takes."""
        begun = time.monotonic()
        yield
        self._drawing = time.monotonic() - begun

    @contextlib.contextmanager
    def validating(self) -> Iterator[None]:
        """Measure how long a validation takes."""
        begun = time.monotonic()
        yield
        self._validating = time.monotonic() - begun
