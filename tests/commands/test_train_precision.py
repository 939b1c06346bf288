"""The precision and the threads that `rltn train` chooses and says; the precision is kept."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from support.training_set import TINY, make_pairs

from rltn_cli.cli import run
from rltn_cli.commands.train_display import describe

pytest.importorskip("tensorboard")
state = pytest.importorskip("accelerate.state")

NATIVE = [(True, "bf16"), (False, "fp32")]


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    """The command of a tiny run that says nothing about the precision."""
    pairs, settings = make_pairs(tmp_path / "pairs"), tmp_path / "tiny.toml"
    settings.write_text(TINY.replace('precision = "fp32"\n', ""))
    return ["train", str(pairs), "--config", str(settings), "-o", str(tmp_path / "run"), "--val", "0"]


@pytest.fixture(autouse=True)
def _state_of_accelerate() -> Iterator[None]:
    """Accelerate keeps the precision of a process's first run: let no run leave it to the next test."""
    state.AcceleratorState._reset_state()
    yield
    state.AcceleratorState._reset_state()


def run_anew(command: list[str]) -> int:
    """Run a command as the first one of a process."""
    state.AcceleratorState._reset_state()
    return run(command)


def make_native(patch: pytest.MonkeyPatch, native: bool) -> None:
    """Let the processor compute in bf16 natively, or not."""
    capabilities = {"avx512_bf16": native, "amx_bf16": False}
    patch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)


def saved(folder: Path) -> str:
    return str(json.loads((folder / "run" / "config.json").read_text())["precision"])


@pytest.mark.parametrize(("native", "precision"), NATIVE)
def test_a_run_keeps_what_was_chosen_when_it_began(
    native: bool,
    precision: str,
    command: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_native(monkeypatch, native)
    assert run_anew([*command, "--steps", "1", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (plan["precision"], plan["native_bf16"]) == (precision, native)
    assert plan["threads"] == torch.get_num_threads()
    assert saved(tmp_path) == precision
    make_native(monkeypatch, not native)
    resume = ["train", "-o", str(tmp_path / "run"), "--resume", "auto", "--json"]
    assert run_anew([*resume, "--steps", "2"]) == 0
    plan = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (plan["precision"], plan["native_bf16"], saved(tmp_path)) == (precision, not native, precision)
    other = "fp32" if precision == "bf16" else "bf16"
    assert run_anew([*resume, "--steps", "3", "--precision", "auto"]) == 0
    assert saved(tmp_path) == other


@pytest.mark.parametrize(("native", "precision"), NATIVE)
def test_a_dry_run_prints_what_would_be_chosen(
    native: bool,
    precision: str,
    command: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_native(monkeypatch, native)
    for more, chosen in (
        ([], precision),
        (["--precision", "auto"], precision),
        (["--precision", "fp32"], "fp32"),
    ):
        assert run([*command, *more, "--dry-run", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["config"]["precision"] == chosen


def test_a_run_takes_the_cores_that_it_may_use_and_a_dry_run_says_so(
    command: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = torch.get_num_threads()
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1, 2}, raising=False)
    try:
        assert run([*command, "--dry-run", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["threads"] == 3
        assert torch.get_num_threads() == before
        assert run_anew([*command, "--steps", "1"]) == 0
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert " on 3 threads\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (("cpu", "bf16", True, 2, 1), "training in bf16 (this processor computes in it) on 2 threads"),
        (("cpu", "bf16", False, 1, 1), "training in bf16 (no native support for it was found) on 1 thread"),
        (
            ("cpu", "fp32", False, 1, 2),
            "training in fp32 (no native support for bf16 was found) on 1 thread each",
        ),
        (("cpu", "fp32", True, 2, 1), "training in fp32 on 2 threads"),
        (("cuda", "bf16", True, 2, 2), "training in bf16 (this GPU computes in it)"),
        (("cuda", "fp16", True, 2, 1), "training in fp16"),
    ],
)
def test_the_plan_says_precision_and_threads(facts: tuple[str, str, bool, int, int], words: str) -> None:
    device, precision, native, threads, processes = facts
    lines = describe(
        {
            "event": "plan", "pairs": 8, "held_back": 2, "steps": 3, "step": 0, "batch": 2, "terms": ["rec"],
            "device": device, "precision": precision, "native_bf16": native, "processes": processes,
            "threads": threads, "parameters": 10, "trained": 10, "minutes": 0.0,
        }
    )  # fmt: skip
    assert lines[1] == words
