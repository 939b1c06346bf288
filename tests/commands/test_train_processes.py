"""`rltn train` in processes of its own: killed and resumed, and two that share every batch."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from support.baselines import write_vgg16
from support.processes import ROOT, TORCHRUN, environment, run_in_two
from support.rounding import NEARLY, float64
from support.training_set import make_pairs, write_toml

from rltn_cli.cli import run

pytest.importorskip("tensorboard")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with data, settings and nothing trained yet; it is the current one."""
    make_pairs(tmp_path / "pairs")
    write_toml(tmp_path / "tiny.toml", "accumulate = 1", "val = '0'")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def arguments(output: str, *more: str) -> list[str]:
    return ["train", "pairs", "--config", "tiny.toml", "-o", output, "--json", *more]


def events_of(stdout: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in stdout.splitlines()]


def tensors(state: Path) -> dict[str, torch.Tensor]:
    found = {}
    for path in state.glob("*.safetensors"):
        found |= {f"{path.stem}/{name}": value for name, value in load_file(path).items()}
    return found


def test_killed_at_a_random_step_and_resumed_equals_uninterrupted(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """SIGKILL at a moment of chance; weights, average and moments equal bit for bit."""
    assert run(arguments("whole", "--steps", "8")) == 0
    command = [sys.executable, "-m", "rltn_cli", *arguments("parts", "--steps", "8")]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "checkpoint":
                break
        time.sleep(random.uniform(0, 0.4))
        process.kill()
    capsys.readouterr()
    assert run(arguments("parts", "--resume", "auto")) == 0
    assert events_of(capsys.readouterr().out)[0]["step"] >= 2
    first, second = (tensors(desk / name / "step-00000008") for name in ("whole", "parts"))
    assert first.keys() == second.keys()
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    weights = [(desk / name / "model" / "model.safetensors").read_bytes() for name in ("whole", "parts")]
    assert weights[0] == weights[1]
    assert not list((desk / "parts").glob(".step-*"))


def test_two_processes_with_parts_equal_one_without(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same global batch of 4: as one part in one process, and as two parts in each of two.

    They compute in float64: what float32 makes of the two orders of adding depends on the processor.
    """
    more = ["--steps", "3", "--batch", "4"]
    with float64():
        assert run(arguments("one", *more)) == 0
    results = run_in_two(arguments("two", *more, "--grad-accum", "2"), desk, float64=True)
    assert [result.returncode for result in results] == [0, 0], results
    assert results[1].stdout == ""
    events = [events_of(text) for text in (capsys.readouterr().out, results[0].stdout)]
    assert [run[0]["processes"] for run in events] == [1, 2]
    losses = [[event["losses"] for event in run if event["event"] == "step"] for run in events]
    assert len(losses[0]) == 3
    for one, two in zip(*losses, strict=True):
        assert one == pytest.approx(two, rel=NEARLY)
    first, second = (tensors(desk / name / "step-00000003") for name in ("one", "two"))
    assert first.keys() == second.keys()
    for name, value in first.items():
        counts = name.endswith(".step")  # Adam's own counters, float32 where it is fused
        assert value.dtype == torch.float64 or counts or not value.is_floating_point(), name
        torch.testing.assert_close(second[name], value, rtol=NEARLY, atol=NEARLY)


@pytest.mark.slow
def test_other_architectures_average_their_gradients_over_processes(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """AdaIN's losses draw nothing at random, so that two processes compute what one does."""
    frozen = write_vgg16(desk / "frozen")
    more = ["--steps", "2", "--batch", "2", "--architecture", "adain", "--frozen", str(frozen)]
    with float64():
        assert run(arguments("one", *more)) == 0
    results = run_in_two(arguments("two", *more), desk, float64=True)
    assert [result.returncode for result in results] == [0, 0], results
    events = [events_of(text) for text in (capsys.readouterr().out, results[0].stdout)]
    losses = [[event["losses"] for event in run if event["event"] == "step"] for run in events]
    for one, two in zip(*losses, strict=True):
        assert one == pytest.approx(two, rel=NEARLY)


@pytest.mark.slow
def test_a_fault_of_one_process_ends_both_with_a_line(desk: Path) -> None:
    broken = desk / "sitecustomize.py"
    broken.write_text(
        "import os\n"
        "if os.environ.get('RANK') == '1':\n"
        "    from rltn_cli.data import pairs\n"
        "    from rltn_cli.errors import DataError\n"
        "    import rltn_cli.engine.training.trainer as trainer\n"
        "    def fail(*arguments):\n"
        "        raise DataError('p03.png: cannot be read')\n"
        "    trainer.make_batch = fail\n"
    )
    paths = environment(PYTHONPATH=f"{desk}{os.pathsep}{ROOT}")
    begun = time.monotonic()
    command = [*TORCHRUN, "-m", "rltn_cli", *arguments("run", "--steps", "50")]
    result = subprocess.run(command, env=paths, capture_output=True, text=True, timeout=200, check=False)
    assert result.returncode == 1
    assert time.monotonic() - begun < 150
    assert "rltn: p03.png: cannot be read" in result.stderr
    assert "rltn: stopped, since another process could not load its pictures" in result.stderr
