"""`rltn train` in processes of its own: killed and resumed, and two that share every batch."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from support.training_set import make_pairs, write_toml

pytest.importorskip("tensorboard")

ROOT = Path(__file__).resolve().parent.parent.parent
TWO = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with data, settings and nothing trained yet."""
    make_pairs(tmp_path / "pairs")
    write_toml(tmp_path / "tiny.toml", "accumulate = 1", "val = '0'")
    return tmp_path


def command(output: str, *more: str, launcher: list[str] | None = None) -> list[str]:
    run = ["-m", "rltn_cli", "train", "pairs", "--config", "tiny.toml", "-o", output, "--json", *more]
    return [sys.executable, *(launcher or []), *run]


def train(
    desk: Path, output: str, *more: str, launcher: list[str] | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(output, *more, launcher=launcher), cwd=desk, env=ENVIRONMENT, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip


def tensors(state: Path) -> dict[str, torch.Tensor]:
    found = {}
    for path in state.glob("*.safetensors"):
        found |= {f"{path.stem}/{name}": value for name, value in load_file(path).items()}
    return found


def test_killed_at_a_random_step_and_resumed_equals_uninterrupted(desk: Path) -> None:
    """SIGKILL at a moment of chance; weights, average and moments equal bit for bit."""
    assert train(desk, "whole", "--steps", "8").returncode == 0
    process = subprocess.Popen(
        command("parts", "--steps", "8"), cwd=desk, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["event"] == "checkpoint":
            break
    time.sleep(random.uniform(0, 0.4))
    process.kill()
    process.wait()
    process.stdout.close()
    result = train(desk, "parts", "--resume", "auto")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout.splitlines()[0])["step"] >= 2
    first, second = (tensors(desk / name / "step-00000008") for name in ("whole", "parts"))
    assert first.keys() == second.keys()
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    weights = [(desk / name / "model" / "model.safetensors").read_bytes() for name in ("whole", "parts")]
    assert weights[0] == weights[1]
    assert not list((desk / "parts").glob(".step-*"))


def test_two_processes_with_parts_equal_one_without(desk: Path) -> None:
    """The same global batch of 4: as one part in one process, and as two parts in each of two."""
    more = ["--steps", "3", "--batch", "4", "--checkpoint-every", "1", "--keep", "3"]
    results = [
        train(desk, "one", *more),
        train(desk, "two", *more, "--grad-accum", "2", launcher=TWO),
    ]
    for result in results:
        assert result.returncode == 0, result.stderr
    events = [[json.loads(line) for line in result.stdout.splitlines()] for result in results]
    assert [run[0]["processes"] for run in events] == [1, 2]
    losses = [[event["losses"] for event in run if event["event"] == "step"] for run in events]
    assert len(losses[0]) == 3
    for one, two in zip(*losses, strict=True):
        assert one == pytest.approx(two, rel=2e-3, abs=2e-4)
    # Adam's first moment after one step is a tenth of the gradient, which small numbers cannot turn around
    first, second = (tensors(desk / name / "step-00000001") for name in ("one", "two"))
    for network in ("generator", "discriminator"):
        ours, theirs = (
            torch.cat(
                [
                    value.flatten()
                    for name, value in sorted(state.items())
                    if name.startswith(f"{network}_optimizer/") and name.endswith("exp_avg")
                ]
            )
            for state in (first, second)
        )
        assert ours.norm() > 0
        assert (ours - theirs).norm() < 1e-4 * ours.norm()


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
    environment = {**ENVIRONMENT, "PYTHONPATH": f"{desk}{os.pathsep}{ROOT}"}
    begun = time.monotonic()
    result = subprocess.run(
        command("run", "--steps", "50", launcher=TWO), cwd=desk, env=environment, capture_output=True,
        text=True, timeout=200, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert time.monotonic() - begun < 150
    assert "rltn: p03.png: cannot be read" in result.stderr
    assert "rltn: stopped, since another process could not load its pictures" in result.stderr
