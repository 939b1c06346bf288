import os

import pytest
import torch

from rltn_cli.engine.runtime.device import choose_device
from rltn_cli.engine.runtime.threads import choose_threads, cores


@pytest.fixture(autouse=True)
def _eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that may use 8 of 64 cores, on its own, where nobody chose a number of threads."""
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    for name in ("OMP_NUM_THREADS", "LOCAL_WORLD_SIZE", "TORCHELASTIC_RUN_ID"):
        monkeypatch.delenv(name, raising=False)


def test_one_process_takes_the_cores_that_it_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (cores(), choose_threads("cpu"), choose_threads(torch.device("cpu"))) == (8, 8, 8)
    monkeypatch.delattr(os, "sched_getaffinity")
    assert choose_threads("cpu") == 64
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert choose_threads("cpu") == 1


@pytest.mark.parametrize(("processes", "threads"), [("1", 8), ("2", 4), ("3", 2), ("8", 1), ("20", 1)])
def test_processes_of_one_machine_share_its_cores(
    processes: str, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_WORLD_SIZE", processes)
    assert choose_threads("cpu") == threads


def test_the_number_of_the_user_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    own = torch.get_num_threads()
    for value in ("1", "5"):
        monkeypatch.setenv("OMP_NUM_THREADS", value)
        assert choose_threads("cpu") == own  # which PyTorch read from the variable when it was loaded
    monkeypatch.setenv("OMP_NUM_THREADS", "")
    assert choose_threads("cpu") == 8


def test_the_one_thread_of_torchrun_is_not_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert choose_threads("cpu") == torch.get_num_threads()  # one process: torchrun sets nothing
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    assert choose_threads("cpu") == 4
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert choose_threads("cpu") == torch.get_num_threads()


def test_only_a_cpu_changes_the_number() -> None:
    own = torch.get_num_threads()
    assert [choose_threads(name) for name in ("cuda", "cuda:1", "mps")] == [own] * 3
    assert choose_threads("auto") == (8 if choose_device("auto").type == "cpu" else own)
