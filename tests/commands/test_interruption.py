"""Ctrl-C once and twice, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = """
import os, signal, time
from rltn_cli.commands.interruption import stop_on_signals
with stop_on_signals("it", signal.SIGTERM) as stop:
    os.kill(os.getpid(), signal.{first})
    print("first", stop.is_set(), flush=True)
    os.kill(os.getpid(), signal.{second})
    time.sleep(0.1)
    print("second", flush=True)
"""


def signalled(first: str, second: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    program = PROGRAM.format(first=first, second=second)
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env={**os.environ, **environment}, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("names", [("SIGINT", "SIGINT"), ("SIGTERM", "SIGINT")])
def test_the_second_one_ends_the_process_at_once(names: tuple[str, str]) -> None:
    result = signalled(*names)
    assert result.returncode == 130
    assert result.stdout == "first True\n"
    assert result.stderr == "rltn: finishing it; Ctrl-C again stops at once\n"


def test_a_sigterm_to_the_process_and_to_its_group_is_one() -> None:
    result = signalled("SIGTERM", "SIGTERM")
    assert (result.returncode, result.stdout) == (0, "first True\nsecond\n")


def test_a_launcher_that_passes_one_on_does_not_make_it_two() -> None:
    result = signalled("SIGINT", "SIGINT", WORLD_SIZE="2", RANK="1")
    assert (result.returncode, result.stdout, result.stderr) == (0, "first True\nsecond\n", "")
