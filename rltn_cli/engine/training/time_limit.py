"""The time limit of a call: when the last step must end so that the model is written in time, too."""

import contextlib
import math
import time
from collections import deque
from collections.abc import Iterator

STATE_BYTES = 20
"""Bytes of a training state per parameter: weights, average and two moments, with a margin."""
DISK_SPEED = 20e6
"""Bytes per second that a disk is assumed to write before the first state is saved."""
CARE = 1.3
"""Factor by which something may take longer the next time."""
SHORTEST_SAVING = 2.0
"""Seconds that saving is assumed to take at least: quick savings vary most."""
FIRST_SAVING = 3.0
"""The same before the first state is saved."""
STEPS_MEASURED = 20
"""Number of the last steps that the duration of a step is taken from."""


class Clock:
    """Measures what a call spends its time on, and says when to stop."""

    def __init__(self, begun: float, minutes: float) -> None:
        """Start the clock.

        Args:
            begun: when the call began, on the monotonic clock.
            minutes: that it may take; 0 for no limit.
        """
        self._begun = begun
        self._end = begun + 60 * minutes if minutes else math.inf
        self._first = begun
        self._saving, self._drawing, self._validating = 0.0, 0.0, 0.0
        self._steps: deque[float] = deque(maxlen=STEPS_MEASURED)

    def begin(self, parameters: int) -> None:
        """Note that the first step begins, of a network with a number of parameters."""
        self._first = time.monotonic()
        self._saving = max(FIRST_SAVING, parameters * STATE_BYTES / DISK_SPEED)

    def elapsed(self) -> float:
        """Return the seconds since the call began."""
        return time.monotonic() - self._begun

    def left(self) -> float:
        """Return the seconds until the last step must be done; infinite without a limit."""
        reserve = self._saving + self._drawing + self._validating
        return max(self._end - CARE * reserve - time.monotonic(), 0.0)

    def time_fraction(self) -> float:
        """Return the share of the time for training that is used up, 0 without a limit."""
        if math.isinf(self._end):
            return 0.0
        done = time.monotonic() - self._first
        return done / max(done + self.left(), 1e-9)

    def note_step(self, seconds: float) -> bool:
        """Note how long a step took, and return whether there is no time for another.

        The longest of the last steps does not count: the whole program may have been paused during it.
        """
        self._steps.append(seconds)
        second_longest = sorted(self._steps)[-2:][0]  # or the only one
        return self.left() < second_longest

    def step_seconds(self) -> float:
        """Return how long a step takes, the mean of the last ones."""
        return sum(self._steps) / max(len(self._steps), 1)

    @contextlib.contextmanager
    def measure_saving(self) -> Iterator[None]:
        """Measure how long it takes to save a state."""
        begun = time.monotonic()
        yield
        self._saving = max(
            SHORTEST_SAVING, 2 * (time.monotonic() - begun)
        )  # the model follows the last state

    @contextlib.contextmanager
    def measure_drawing(self) -> Iterator[None]:
        """Measure how long a sample grid takes."""
        begun = time.monotonic()
        yield
        self._drawing = time.monotonic() - begun

    @contextlib.contextmanager
    def measure_validation(self) -> Iterator[None]:
        """Measure how long a validation takes."""
        begun = time.monotonic()
        yield
        self._validating = time.monotonic() - begun
