"""What becomes of memory that tensors leave."""

import ctypes
import sys
from types import SimpleNamespace

import pytest

from rltn_cli.engine.runtime.freed_memory import keep_freed_memory


@pytest.mark.parametrize("largest", [1 << 31, 32 << 20])
def test_glibc_keeps_freed_memory_by_what_its_version_takes(largest, monkeypatch):
    taken = {}

    def mallopt(option: int, value: int) -> int:
        if option == -3 and value > largest:
            return 0
        taken[option] = value
        return 1

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace(mallopt=mallopt))
    assert keep_freed_memory()
    assert 32 << 20 <= taken[-3] <= largest and taken[-1] >= 1 << 30


def test_other_libraries_and_systems_are_left_alone(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace())
    monkeypatch.setattr(sys, "platform", "linux")
    assert not keep_freed_memory()
    monkeypatch.setattr(sys, "platform", "win32")
    assert not keep_freed_memory()
