"""What `rltn batch` promises, measured: speed, memory, and what is left of it after being killed.

    python benchmarks/batch.py speed [--count 100] [--side 1024] [--shell 100]
    python benchmarks/batch.py memory [--first 100] [--count 1000] [--side 256]
    python benchmarks/batch.py kills [--kills 20] [--count 40] [--side 512]
    python benchmarks/batch.py processes [--count 24] [--side 512]

Sketches are drawn by the program. Ratios compare figures of one run on one machine.
"""

import argparse
import json
import multiprocessing
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

RLTN = [sys.executable, "-m", "rltn_cli"]
MODEL = "rltn-small"
LOOP = """
import sys
from pathlib import Path

from rltn_cli import Colorizer

folder, device, size, model = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
colorizer = Colorizer.from_pretrained(model, device=device)
for sketch in sorted((folder / "sketches").glob("*.png")):
    colorizer(sketch, [folder / "reference.png"], size=size).save(folder / "naive" / sketch.name)
"""
"""A plain loop in Python, as one writes it; like the others it is timed from its start to its end."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder with what there is to paint."""

    folder: Path
    device: str
    size: int
    model: str

    @property
    def sketches(self) -> list[Path]:
        """The drawings, in order."""
        return sorted((self.folder / "sketches").glob("*.png"))

    @property
    def reference(self) -> Path:
        """Whose colours to use."""
        return self.folder / "reference.png"

    def options(self) -> list[str]:
        """Return the options that every command shares."""
        shared = ["--device", self.device, "--size", str(self.size), "--model", self.model]
        return ["--ref", str(self.reference), *shared]

    def batch(self, output: str, *more: str) -> list[str]:
        """Return the command that paints all into a folder."""
        return [
            "batch",
            str(self.folder / "sketches"),
            "-o",
            str(self.folder / output),
            *self.options(),
            *more,
        ]


def draw(desk: Desk, count: int, side: int) -> None:
    """Draw sketches of circles and a reference."""
    (desk.folder / "sketches").mkdir()
    for number in range(count):
        rng = np.random.default_rng(number)
        page = np.full((side, side), 255, np.uint8)
        for _ in range(20):
            x, y = (int(value) for value in rng.integers(0, side, 2))
            radius = int(rng.integers(side // 30, side // 3))
            cv2.circle(page, (x, y), radius, 0, max(1, side // 340), cv2.LINE_AA)
        cv2.imwrite(str(desk.folder / "sketches" / f"{number:04}.png"), page)
    patches = np.random.default_rng(1).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    cv2.imwrite(str(desk.reference), cv2.resize(patches, (512, 512), interpolation=cv2.INTER_CUBIC))


class Cost(NamedTuple):
    """What something took."""

    seconds: float
    processor: float
    """Seconds of all cores together; hardly depends on what else runs on the machine."""


def timed(command: list[str]) -> Cost:
    """Run rltn and return its cost; stop where it fails."""
    return timed_program([*RLTN, *command, "--quiet"])


def timed_program(command: list[str]) -> Cost:
    """Run a program and return its cost; stop where it fails."""
    started, before = time.perf_counter(), _processor_of_children()
    subprocess.run(command, check=True)
    return Cost(time.perf_counter() - started, _processor_of_children() - before)


def _processor_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def speed(desk: Desk, shell: int) -> None:
    """Compare a batch with a shell loop and with a loop in Python."""
    sketches = desk.sketches
    for name in ("shell", "naive"):
        (desk.folder / name).mkdir()
    whole = timed(desk.batch("batch"))
    loop = [sys.executable, "-c", LOOP, str(desk.folder), desk.device, str(desk.size), desk.model]
    naive = timed_program(loop)
    each = [
        timed(["colorize", str(sketch), "-o", str(desk.folder / "shell" / sketch.name), *desk.options()])
        for sketch in sketches[:shell]
    ]
    per = {
        f"`rltn colorize`, {len(each)} times": _mean(each, len(each)),
        "loop over Colorizer": _mean([naive], len(sketches)),
        "`rltn batch`": _mean([whole], len(sketches)),
    }
    same = all(
        (desk.folder / "batch" / path.name).read_bytes() == path.read_bytes()
        for folder in ("shell", "naive")
        for path in (desk.folder / folder).iterdir()
    )
    print(f"{len(sketches)} sketches; all ways give the same files: {same}\n")
    print("| way | seconds per sketch | times a batch's | processor seconds | times a batch's |")
    print("|---|---|---|---|---|")
    (fast, light) = per["`rltn batch`"]
    for way, (seconds, processor) in per.items():
        print(f"| {way} | {seconds:.3f} | {seconds / fast:.2f} | {processor:.3f} | {processor / light:.2f} |")


def _mean(costs: list[Cost], count: int) -> Cost:
    """Return the cost of one sketch."""
    return Cost(sum(cost.seconds for cost in costs) / count, sum(cost.processor for cost in costs) / count)


def peaks(desk: Desk, first: int) -> tuple[int, int]:
    """Return the peak memory (KiB on Linux) after so many sketches and after all."""
    from rltn_cli.engine.batch.plan import Guide
    from rltn_cli.engine.batch.run import Options
    from rltn_cli.engine.batch.session import BatchRequest, paint_all
    from rltn_cli.engine.checkpoints.model_names import find_model

    sources = (str(desk.folder / "sketches"),)
    model, options = find_model(desk.model), Options(size=desk.size)
    request = BatchRequest(
        sources, desk.folder / "out", Guide((desk.reference,)), model, options, device=desk.device
    )
    done, early = 0, 0
    for event in paint_all(request, threading.Event()):
        done += event["event"] == "done"
        if done == first and not early:
            early = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert done == len(desk.sketches)
    return early, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def memory(desk: Desk, first: int) -> None:
    """Compare the peak memory after some sketches with that after all."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        early, late = pool.submit(peaks, desk, first).result()
    print("| sketches | peak MB |\n|---|---|")
    print(f"| {first} | {early / 1024:.0f} |\n| {len(desk.sketches)} | {late / 1024:.0f} |")
    print(f"\n{100 * (late / early - 1):+.1f} %")


def recorded(folder: Path) -> dict[str, int]:
    """Return the outputs that are recorded as done, with their times of change."""
    found = {}
    for path in [*folder.glob("manifest.jsonl"), *folder.glob(".rltn-journal-*.jsonl")]:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.endswith('"status": "done"}'):
                name = json.loads(line)["output"]
                found[name] = (folder / name).stat().st_mtime_ns
    return found


def kills(desk: Desk, count: int) -> None:
    """Kill a batch at random moments and let it go on, until it is done; compare with one never killed."""
    usual = timed(desk.batch("whole")).seconds
    out = desk.folder / "out"
    done: dict[str, int] = {}
    again = killed = 0
    for number in range(count):
        # The later ones find more done already; the span that is left to kill in shrinks with it.
        process = subprocess.Popen(
            [*RLTN, *desk.batch("out")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        share = 1 - len(done) / len(desk.sketches)
        try:
            process.wait(random.Random(number).uniform(0.2, 1) * (2.5 + share * usual / 4))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            killed += 1
        before, done = done, recorded(out) if out.exists() else {}
        again += sum(done.get(name) != stamp for name, stamp in before.items())
    before = done
    timed(desk.batch("out"))
    done = recorded(out)
    again += sum(done.get(name) != stamp for name, stamp in before.items())
    names = sorted(path.name for path in (desk.folder / "whole").glob("*.png"))
    same = [(out / name).read_bytes() == (desk.folder / "whole" / name).read_bytes() for name in names]
    left = [path.name for path in out.iterdir() if path.name.startswith(".")]
    print(f"{killed} kills; {sum(same)} of {len(names)} pictures identical to those never killed; ", end="")
    print(f"{again} recorded ones done again; {len(left)} files left over")
    if not all(same) or again or left:
        sys.exit(1)


def processes(desk: Desk) -> None:
    """Compare one process with two under torchrun."""
    timed(desk.batch("one"))
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [sys.executable, *launcher, "-m", "rltn_cli"]
    result = subprocess.run(
        [*command, *desk.batch("two", "--json")], check=True, capture_output=True, text=True
    )
    events = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    shares = [
        {e["output"] for e in events if e["event"] == "done" and e["process"] == rank} for rank in (0, 1)
    ]
    names = sorted(path.name for path in (desk.folder / "one").glob("*.png"))
    same = all(
        (desk.folder / "two" / n).read_bytes() == (desk.folder / "one" / n).read_bytes() for n in names
    )
    sizes, both = [len(share) for share in shares], len(shares[0] & shares[1])
    print(f"shares of {sizes[0]} and {sizes[1]}, {both} in both; the same files as one process: {same}")
    if not same or shares[0] & shares[1] or len(shares[0] | shares[1]) != len(names):
        sys.exit(1)


def main() -> None:
    """Draw, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("what", choices=("speed", "memory", "kills", "processes"))
    parser.add_argument("--count", type=int, help="sketches")
    parser.add_argument("--side", type=int, help="pixels per side of a sketch")
    parser.add_argument("--shell", type=int, help="how many of them the shell loop paints; all if unset")
    parser.add_argument("--first", type=int, default=100)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--size", type=int, default=256, help="that the network works at")
    parser.add_argument("--model", default=MODEL)
    options = parser.parse_args()
    count, side = {
        "speed": (100, 1024), "memory": (1000, 256), "kills": (40, 512), "processes": (24, 512)
    }[options.what]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder), options.device, options.size, options.model)
        draw(desk, options.count or count, options.side or side)
        if options.what == "speed":
            speed(desk, options.shell or len(desk.sketches))
        elif options.what == "memory":
            memory(desk, options.first)
        elif options.what == "kills":
            kills(desk, options.kills)
        else:
            processes(desk)


if __name__ == "__main__":
    main()
