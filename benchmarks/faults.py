"""What rltn promises where things go wrong: mutated inputs, Ctrl-C, kills, and disks that are full.

    python benchmarks/faults.py mutations [--count 2000] [--seed 0] [--jobs 2]
    python benchmarks/faults.py interruptions [--count 300]
    python benchmarks/faults.py kills [--count 100]      in batch, and as many in train
    python benchmarks/faults.py disks [--count 20]

Each prints how many were tried and every fault: a traceback, a half written file, or a wrong exit code. The
exit code is 1 if there was one. Full disks are small ones in memory where they may be mounted (as root), and
otherwise limits on the size of files.
"""

import argparse
import contextlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fault_desk import LEFT_OVER, RLTN, Desk, draw_desk, find_fault, find_half_files
from fault_mutations import mutations

PATIENCE = 300
"""Seconds after which a command hangs."""
SIZES = (4, 24, 72, 160, 12, 48)
"""Of small disks, in KiB."""
INTERRUPTED = 130


def commands(desk: Desk, out: Path) -> dict[str, list[str]]:
    """Return a call of each command that writes something, into a folder."""
    paint = ["colorize", desk.path("sketch.png"), *desk.painting(), "-o", str(out / "x.png")]
    model = ["-m", desk.path("tiny"), "--device", "cpu"]
    lines = ["extract-lines", desk.path("pairs/color"), "--method", "xdog"]
    pairs = desk.path("pairs")
    return {
        "colorize": paint,
        "explain": [*paint, "--explain", str(out / "why")],
        "batch": ["batch", desk.path("sketches"), *desk.painting(), "-o", str(out / "b")],
        "extract-lines": [*lines, "-o", str(out / "l")],
        "palette": ["palette", desk.path("ref.png"), "-o", str(out / "x.gpl")],
        "convert": ["models", "convert", desk.path("tiny"), "--output", str(out / "converted")],
        "train": ["train", pairs, "-o", str(out / "run"), "--config", desk.path("tiny.toml"), "--steps", "3"],
        "evaluate": ["evaluate", pairs, *model, "--quick", "--limit", "4", "-o", str(out / "report")],
    }


def start(command: list[str], **options: Any) -> "subprocess.Popen[bytes]":
    """Start a command whose messages are kept."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", **options.pop("env", {})}
    options.setdefault("stdout", subprocess.PIPE)
    return subprocess.Popen([*RLTN, *command], stderr=subprocess.PIPE, env=environment, **options)


def run_for(seconds: float | None, command: list[str], **options: Any) -> tuple[int, str] | None:
    """Run a command, and return its exit code and what it said; None where time ran out and it was killed."""
    with start(command, **options) as process:
        try:
            said = process.communicate(timeout=seconds)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return None
    return process.returncode, said.decode(errors="replace")


def run_whole(command: list[str], **options: Any) -> tuple[int, str]:
    """Run a command to its end, and return its exit code and what it said."""
    ended = run_for(PATIENCE, command, **options)
    return ended or (-signal.SIGKILL, f"it did not end within {PATIENCE} seconds")


def usual_seconds(command: list[str]) -> float:
    """Run a command to its end, as it is run later on, and return how long it takes."""
    started = time.monotonic()
    code, said = run_whole(command)
    assert code == 0, said
    return time.monotonic() - started


def interruptions(desk: Desk, count: int, seed: int) -> list[str]:
    """Interrupt commands at random moments, from the program's start to its end."""
    out = desk.folder / "out"
    seconds: dict[str, float] = {}
    ends: Counter[str] = Counter()
    faults = []
    for number in range(count):
        rng = random.Random(f"{seed}:{number}")
        name, command = rng.choice(sorted(commands(desk, out).items()))
        if name not in seconds:
            out.mkdir()
            seconds[name] = usual_seconds(command)
            shutil.rmtree(out)
        out.mkdir()
        with start(command) as process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(rng.uniform(0, 1.05 * seconds[name]))
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=PATIENCE)[1].decode(errors="replace")
        code = process.returncode
        python = code in (-signal.SIGINT, 1) and "rltn_cli/" not in said  # Python itself was still starting
        ends["before the first import" if python else f"exit code {code}"] += 1
        fault = None if python else find_fault(code, said, (0, INTERRUPTED))
        half = find_half_files(out)
        if fault or half:
            faults.append(f"{name}, interruption {number}: {fault or half[0]}")
        shutil.rmtree(out)
    print(", ".join(f"{end}: {times}" for end, times in sorted(ends.items())))
    return faults


def kills(desk: Desk, count: int, seed: int) -> list[str]:
    """Kill batches and training runs at random moments, let them go on, and compare the results."""
    whole, out = desk.folder / "whole", desk.folder / "killed"
    faults = []
    for name in ("batch", "train"):
        seconds = usual_seconds(commands(desk, whole)[name])
        killed = runs = tries = 0
        while killed < count:
            shutil.rmtree(out, ignore_errors=True)
            runs += 1
            ended = None
            while ended is None:
                command = commands(desk, out)[name]
                if name == "train" and out.exists():
                    command += ["--resume", "auto"] if list(out.glob("run/step-*")) else ["--overwrite"]
                limit = random.Random(f"{seed}:{name}:{tries}").uniform(0.3, 1.0) * seconds
                fresh, started = not out.exists(), time.monotonic()
                ended = run_for(limit if killed < count else PATIENCE, command)
                tries += 1
                killed += ended is None
                if fresh and ended is not None:  # a whole run: the machine is less busy now
                    seconds = time.monotonic() - started
                half = [one for one in find_half_files(out) if LEFT_OVER not in one]
                faults += [f"{name}, kill {killed}: {one}" for one in half]
            fault = find_fault(*ended, (0,))
            wrong = [fault] if fault else _differences(whole, out)
            faults += [f"{name}, run {runs}, after {killed} kills: {one}" for one in wrong]
        print(f"{name}: {killed} kills in {runs} runs")
    return faults


def _differences(whole: Path, out: Path) -> list[str]:
    """Return what differs from results of runs that were never killed, and what is left over."""
    found = [one for one in find_half_files(out) if LEFT_OVER in one]
    kind = "b" if (out / "b").exists() else "run/model"
    for path in sorted((whole / kind).rglob("*.*")):
        name = path.relative_to(whole)
        if path.suffix in (".png", ".safetensors"):
            same = (out / name).is_file() and (out / name).read_bytes() == path.read_bytes()
            found += [] if same else [f"{name} differs"]
    return found


def disks(desk: Desk, count: int) -> list[str]:
    """Let the disk be full at so many places, commands times sizes, and then standard output."""
    names = sorted(commands(desk, desk.folder))
    faults: list[str] = []
    ends: Counter[str] = Counter()
    for number in range(count):
        name, size = names[number % len(names)], SIZES[number // len(names) % len(SIZES)]
        with _small_disk(desk.folder / "disk", size) as (out, limit):
            code, said = run_whole(
                commands(desk, out)[name], preexec_fn=limit, env={"RLTN_CACHE": str(out / "cache")}
            )
            wrong = [find_fault(code, said, (0, 1, 3)), *find_half_files(out)]
        ends[f"exit code {code}"] += 1
        faults += [f"{name} on {size} KiB: {one}" for one in wrong if one]
    paint = ["colorize", desk.path("sketch.png"), *desk.painting(), "-o", "-"]
    for command in (paint, ["models", "list", "--json"], ["--help"]):
        for unbuffered in ("", "1"):
            with Path("/dev/full").open("wb") as full:
                code, said = run_whole(command, stdout=full, env={"PYTHONUNBUFFERED": unbuffered})
            ends[f"exit code {code}"] += 1
            fault = find_fault(code, said, (1,))
            faults += [f"{command[0]} to standard output: {fault}"] if fault else []
    print(", ".join(f"{end}: {times}" for end, times in sorted(ends.items())))
    return faults


@contextlib.contextmanager
def _small_disk(folder: Path, kib: int) -> Iterator[tuple[Path, Callable[[], None]]]:
    """Yield a folder in which so much fits, and what a process that writes there is to call first."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(folder)]
    mounted = subprocess.run(["mount", *options], capture_output=True, check=False).returncode == 0
    try:
        yield folder, (lambda: None) if mounted else (lambda: _limit_files(kib))
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)
        shutil.rmtree(folder)


def _limit_files(kib: int) -> None:
    """Let no file of this process grow beyond so much."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (kib << 10, kib << 10))


def main(arguments: list[str] | None = None) -> None:
    """Try, print, and end with 1 if there was a fault."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("what", choices=("mutations", "interruptions", "kills", "disks"))
    parser.add_argument("--count", type=int, help="how many; kills: of each command")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="processes that try mutations")
    options = parser.parse_args(arguments)
    usual = {"mutations": 2000, "interruptions": 300, "kills": 100, "disks": 20}
    count = options.count or usual[options.what]
    started = time.monotonic()
    # a shell that starts this in the background lets it ignore Ctrl-C, and so would the commands
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if options.what == "mutations":
        faults = mutations(count, options.seed, options.jobs)
    else:
        with tempfile.TemporaryDirectory() as folder:
            desk = draw_desk(Path(folder), sketches=40 if options.what == "kills" else 6)
            if options.what == "interruptions":
                faults = interruptions(desk, count, options.seed)
            elif options.what == "kills":
                faults = kills(desk, count, options.seed)
            else:
                faults = disks(desk, count)
    print(f"{options.what}: {count} tried in {time.monotonic() - started:.0f} s, {len(faults)} faults")
    for fault in faults:
        print(f"  {fault}")
    if faults:
        sys.exit(1)


if __name__ == "__main__":
    main()
