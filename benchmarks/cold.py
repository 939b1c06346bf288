"""Whole commands from a cold start: wall seconds, processor seconds, and peak memory.

python benchmarks/cold.py [--side 2048] [--runs 3]

Prints the median of the runs of `python -c pass`, `rltn --help`, and `rltn colorize` with each finish of the
example drawing scaled to SIDE x SIDE, then of its saved painting; and, for the last, how many pixels break
the promise that lines are kept.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

EXAMPLES = Path(__file__).parents[1] / "examples"
RLTN = [sys.executable, "-m", "rltn_cli"]


def measured(command: list[str], runs: int) -> tuple[float, float, float]:
    """Run a command and return the medians of wall seconds, processor seconds and peak MiB."""
    rows = []
    for _ in range(runs):
        begun = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"failed: {' '.join(command)}")
        rows.append((time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
    wall, processor, memory = (statistics.median(column) for column in zip(*rows, strict=True))
    return wall, processor, memory


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--side", type=int, default=2048)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        drawing, painted = Path(folder) / "drawing.png", Path(folder) / "painted.png"
        square = (options.side, options.side)
        Image.open(EXAMPLES / "drawing.png").resize(square, Image.Resampling.LANCZOS).save(drawing)
        colorize = [*RLTN, "colorize", str(drawing), "-r", str(EXAMPLES / "reference.png")]
        colorize += ["-o", str(painted), "--overwrite", "--quiet"]
        saved = str(Path(folder) / "painting.rltn")
        if subprocess.run([*colorize, "--finish", "flat", "--save", saved]).returncode:
            sys.exit("failed: colorize --save")
        again = [*RLTN, "colorize", saved, "-o", str(painted), "--overwrite", "--quiet"]
        for name, command in (
            ("python -c pass", [sys.executable, "-c", "pass"]),
            ("rltn --help", [*RLTN, "--help"]),
            *(
                (f"colorize {options.side}x{options.side} {finish}", [*colorize, "--finish", finish])
                for finish in ("raw", "flat", "cel", "paint")
            ),
            *(
                (f"saved {options.side}x{options.side} {finish}", [*again, "--finish", finish])
                for finish in ("flat", "cel", "paint")
            ),
        ):
            wall, processor, memory = measured(command, options.runs)
            print(f"{name:28} {wall:6.2f} s wall  {processor:6.2f} s processor  {memory:6.0f} MiB peak")
        lines = np.asarray(Image.open(drawing).convert("L"), np.int16)
        result = np.asarray(Image.open(painted).convert("RGB"), np.int16)
        lighter = (result.max(axis=2) > lines).sum()
        black = lines == 0
        print(f"output {result.shape[1]}x{result.shape[0]}; lighter than the drawing: {lighter} pixels;")
        wrong = result[black].any(axis=1).sum()
        print(f"black in the drawing: {black.sum()} pixels, of which not black: {wrong}")


if __name__ == "__main__":
    main()
