"""Several processes that share one task, with the environment that torchrun gives them."""

import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
"""The launcher itself, which imports PyTorch once more: for tests of what users of it see."""
PAIR = """
import contextlib, os, sys
from pathlib import Path
import accelerate, torch
from support.rounding import float64
from rltn_cli.cli import run

def work(rank):
    os.environ.update(RANK=rank, LOCAL_RANK=rank)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(f".rank-{rank}.{name}", os.O_WRONLY | os.O_CREAT), number)
    with float64() if sys.argv[1] == "1" else contextlib.nullcontext():
        code = run(sys.argv[2:])
    Path(f".rank-{rank}.code").write_text(str(code))
    sys.stdout.flush(), sys.stderr.flush()

children = []
for rank in ("0", "1"):
    children.append(os.fork())
    if not children[-1]:
        try:
            work(rank)
        finally:
            os._exit(0)
for child in children:
    os.waitpid(child, 0)
"""
"""Two children of one process, each with its rank, its output and its exit code in files."""


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a process that imports this checkout and computes on one CPU thread."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    return {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", **more}


def run_in_two(
    arguments: list[str], folder: Path, *, float64: bool = False
) -> "list[subprocess.CompletedProcess[str]]":
    """Run `rltn` in two processes that share the work, and return what each gave.

    They part from one process after the imports, which take longer than the work.

    Args:
        arguments: of both.
        folder: that they run in; it must not have files named `.rank-*`.
        float64: whether they compute in float64.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
    variables = environment(WORLD_SIZE="2", LOCAL_WORLD_SIZE="2", **place)
    command = [sys.executable, "-c", PAIR, str(int(float64)), *arguments]
    subprocess.run(command, cwd=folder, env=variables, timeout=300, check=True)
    results = []
    for rank in (0, 1):
        out, err, code = (folder / f".rank-{rank}.{name}" for name in ("out", "err", "code"))
        texts = (out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))
        results.append(subprocess.CompletedProcess(arguments, int(code.read_text()), *texts))
        for path in (out, err, code):
            path.unlink()
    return results
