"""Each command alongside a busy program: with threads that sleep while they wait (as in rltn), and without.

    python benchmarks/beside.py [--runs 3] [--commands colorize batch extract-lines evaluate train]

A busy program is one endless loop per processor core, in a process of its own. "Without" is what GNU's OpenMP
does where nobody has set anything: threads spin for some milliseconds before they sleep. The four cases of a
command alternate, so that whatever else the machine does meets all alike. Prints medians of wall seconds and
of processor seconds, and the ratio of the wall seconds alongside busy programs.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

EXAMPLES = Path(__file__).parents[1] / "examples"
RLTN = [sys.executable, "-m", "rltn_cli"]
SPINNING = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "300000"}
"""GNU's OpenMP as it comes: the number of spins, which goes before the policy, is its own default."""
LOOP = "import os; parent = os.getppid()\nwhile os.getppid() == parent: pass"
"""A busy program, which ends with this one even if that is killed."""
SKETCHES, PAIRS, STEPS = 6, 8, 3


def commands(desk: Path) -> dict[str, list[str]]:
    """Return the arguments of every command that is measured.

    Args:
        desk: a folder as `draw` leaves it.
    """
    reference = ["--ref", str(EXAMPLES / "reference.png")]
    pairs, out = str(desk / "pairs"), str(desk / "out")
    return {
        "colorize": ["colorize", str(EXAMPLES / "drawing.png"), *reference, "-o", f"{out}.png"],
        "batch": ["batch", str(desk / "sketches"), *reference, "-o", f"{out}-batch"],
        "extract-lines": ["extract-lines", str(EXAMPLES / "reference.png"), "-o", f"{out}-lines.png"],
        "evaluate": ["evaluate", pairs, "--quick"],
        "train": ["train", pairs, "--init", "rltn-small", "--steps", str(STEPS), "--batch", "2",
                  "--size", "128", "-o", f"{out}-run"],
    }  # fmt: skip


def draw(desk: Path) -> None:
    """Draw the sketches of the batch, and pairs to evaluate and train on."""
    for name in ("sketches", "pairs/color", "pairs/line"):
        (desk / name).mkdir(parents=True)
    for number in range(max(SKETCHES, PAIRS)):
        rng = np.random.default_rng(number)
        line = np.full((512, 512), 255, np.uint8)
        color = np.full((512, 512, 3), 255, np.uint8)
        for _ in range(8):
            x, y = (int(value) for value in rng.integers(80, 432, 2))
            radius = int(rng.integers(30, 120))
            cv2.circle(color, (x, y), radius, [int(value) for value in rng.integers(0, 256, 3)], cv2.FILLED)
            cv2.circle(line, (x, y), radius, 0, 3, cv2.LINE_AA)
        if number < SKETCHES:
            cv2.imwrite(str(desk / "sketches" / f"{number}.png"), line)
        if number < PAIRS:
            cv2.imwrite(str(desk / "pairs/color" / f"{number}.png"), np.minimum(color, line[..., None]))
            cv2.imwrite(str(desk / "pairs/line" / f"{number}.png"), line)


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """Keep so many cores busy meanwhile."""
    running = [subprocess.Popen([sys.executable, "-c", LOOP]) for _ in range(loops)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def measure(arguments: list[str], settings: dict[str, str]) -> tuple[float, float]:
    """Run a command and return wall seconds and processor seconds; stop where it fails.

    Args:
        arguments: of rltn.
        settings: what is added to the environment.
    """
    kept = {name: value for name, value in os.environ.items() if name not in SPINNING}
    command = [*RLTN, *arguments, "--device", "cpu", "--overwrite", "--quiet"]
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**kept, **settings})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"failed: {' '.join(command)}")
    return time.monotonic() - begun, usage.ru_utime + usage.ru_stime


def compare(arguments: list[str], runs: int, loops: int) -> list[tuple[float, float]]:
    """Return a command's medians: alone without and with sleeping threads, then alongside busy loops."""
    cases = [(number, settings) for number in (0, loops) for settings in (SPINNING, {})]
    rows: list[list[tuple[float, float]]] = [[] for _ in cases]
    for _ in range(runs):
        for row, (number, settings) in zip(rows, cases, strict=True):
            with busy(number):
                row.append(measure(arguments, settings))
    return [
        (statistics.median(wall for wall, _ in row), statistics.median(used for _, used in row))
        for row in rows
    ]


def main() -> None:
    """Draw, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = list(commands(Path()))
    parser.add_argument("--commands", nargs="+", default=names, choices=names)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--loops", type=int, default=os.cpu_count(), help="how many; one per core if unset")
    options = parser.parse_args()
    print("wall seconds / processor seconds\n")
    print(
        "| command | alone, spinning | alone, sleeping | beside, spinning | beside, sleeping | wall ratio |"
    )
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        desk = Path(folder)
        draw(desk)
        for name in options.commands:
            costs = compare(commands(desk)[name], options.runs, options.loops)
            cells = " | ".join(f"{wall:.1f} / {used:.1f}" for wall, used in costs)
            print(f"| {name} | {cells} | {costs[2][0] / costs[3][0]:.1f} |", flush=True)


if __name__ == "__main__":
    main()
