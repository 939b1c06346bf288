import math

import pytest

from rltn_cli.engine.training import time_limit
from rltn_cli.engine.training.time_limit import CARE, Clock


@pytest.fixture
def time(monkeypatch):
    """A clock that is set by hand."""

    class Now:
        value = 1000.0

        def monotonic(self):
            return self.value

    now = Now()
    monkeypatch.setattr(time_limit, "time", now)
    return now


def test_without_a_limit_there_is_always_time(time):
    clock = Clock(1000.0, 0)
    clock.begin(6_000_000)
    assert clock.left() == math.inf
    assert clock.time_fraction() == 0
    assert not clock.note_step(1e6)


def test_what_follows_the_last_step_is_kept_free(time):
    clock = Clock(990.0, 2)  # until 1110
    with clock.measure_validation():
        time.value += 10
    with clock.measure_drawing():
        time.value += 4
    clock.begin(0)
    assert clock.left() == pytest.approx(1110 - 1014 - CARE * (10 + 4 + 3))
    with clock.measure_saving():
        time.value += 5
    assert clock.left() == pytest.approx(1110 - 1019 - CARE * (10 + 4 + 10))
    assert clock.elapsed() == 29


def test_a_step_that_would_be_late_is_not_begun(time):
    clock = Clock(1000.0, 1)
    clock.begin(0)
    left = clock.left()
    assert not clock.note_step(left - 1)
    time.value += 2
    assert not clock.note_step(left - 3)
    time.value += 2
    assert clock.note_step(1.0)  # two earlier steps took longer
    assert clock.step_seconds() == pytest.approx((2 * left - 3) / 3)


def test_one_step_in_which_the_program_was_paused_does_not_end_the_run(time):
    clock = Clock(1000.0, 10)
    clock.begin(0)
    for seconds in (2, 400, 2, 2):
        time.value += seconds
        assert not clock.note_step(seconds)


def test_the_fraction_of_time_grows_from_nothing_to_all(time):
    clock = Clock(1000.0, 1)
    clock.begin(0)
    assert clock.time_fraction() == 0
    half = clock.left() / 2
    time.value += half
    assert clock.time_fraction() == pytest.approx(0.5)
    time.value += 2 * half
    assert clock.time_fraction() == 1
