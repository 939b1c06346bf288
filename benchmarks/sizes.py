"""What painting takes at larger sizes, and whether matching from coarse to fine changes its quality.

    python benchmarks/sizes.py time [--sizes 256 512 1024 2048] [--full] [--precision bf16] [--threads 1]
    python benchmarks/sizes.py quality DATA... [--size 1024] [--limit 10]

`time` paints the example `creature` and prints processor and wall seconds, and the peak memory of the process
so far; `--full` matches all with all, as at 512 and below. `quality` paints a few drawings of each set both
ways and prints colour error and region accuracy, and how far the pictures are apart.
"""

import argparse
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch

from rltn_cli.data.recipes import read_data
from rltn_cli.engine.evaluation.metrics import Metrics, Target, measure
from rltn_cli.engine.evaluation.protocols import load, plan
from rltn_cli.engine.inference.colorizer import Colorizer
from rltn_cli.imaging.pixels import Bytes, to_eight_bit
from rltn_cli.models import blocks, rltn
from rltn_cli.painting.finish import FinishOptions

EXAMPLES = Path(__file__).parent.parent / "examples"
_FLAT = FinishOptions("flat")


@contextmanager
def full_match() -> Iterator[None]:
    """Let every token be matched with every other, and all attention see all, whatever the size."""
    everything = 1 << 40
    with (
        patch.object(rltn, "SIDE_FULL_MATCH", everything),
        patch.object(blocks, "LONGEST", everything),
        patch.object(blocks, "_CRISS_CROSS_WEIGHTS", everything),
    ):
        yield


def paint_timed(colorizer: Colorizer, size: int) -> list[tuple[str, float, float]]:
    """Paint the example at a size, and return the processor and wall seconds of each step."""
    steps: list[tuple[str, float, float]] = []
    marks = time.process_time(), time.perf_counter()

    def done(step: str) -> None:
        nonlocal marks
        now = time.process_time(), time.perf_counter()
        steps.append((step, now[0] - marks[0], now[1] - marks[1]))
        marks = now

    drawing = colorizer.prepare(EXAMPLES / "creature.png", size=size)
    done("prepare")
    references = colorizer.encode(EXAMPLES / "creature_reference.png", size=size)
    done("encode")
    outputs = colorizer.paint(drawing, references)
    done("paint")
    colorizer.finish(drawing, references, outputs, _FLAT)
    done("finish (flat)")
    return steps


def print_times(colorizer: Colorizer, sizes: list[int]) -> None:
    """Print a table of sizes."""
    print("| size | step | processor s | wall s | peak MiB |\n|---|---|---|---|---|")
    for size in sizes:
        steps = paint_timed(colorizer, size)
        steps.append(("all", sum(step[1] for step in steps), sum(step[2] for step in steps)))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        for name, processor, wall in steps:
            print(f"| {size} | {name} | {processor:.2f} | {wall:.2f} | {peak if name == 'all' else ''} |")


def paint(colorizer: Colorizer, sketch: Bytes, reference: Bytes, size: int) -> Bytes:
    """Paint flats at a size."""
    result = colorizer(sketch, [reference], size=size, finish="flat", alpha="drop", margins="keep")
    return to_eight_bit(result.image)


def print_quality(colorizer: Colorizer, folders: list[str], size: int, limit: int) -> None:
    """Print what both ways of matching make of the same drawings."""
    print("| data | match | colour error | region accuracy | levels between the pictures |")
    print("|---|---|---|---|---|")
    for folder in folders:
        found: dict[str, list[Metrics]] = {"full": [], "coarse to fine": []}
        apart = []
        for sample in plan(read_data([folder]), "group", split="val", limit=limit, seed=0):
            batch = load([sample])
            target = Target.of(batch.targets[0], batch.sketches[0])
            with full_match():
                full = paint(colorizer, batch.sketches[0], batch.references[0], size)
            fine = paint(colorizer, batch.sketches[0], batch.references[0], size)
            for name, picture in zip(found, (full, fine), strict=True):
                found[name].append(measure(picture, target))
            apart.append(float(np.abs(full.astype(np.float32) - fine).mean()))
        for name, metrics in found.items():
            error = np.mean([one.color_error for one in metrics])
            right = sum(one.regions_right for one in metrics) / max(1, sum(one.regions for one in metrics))
            print(f"| {folder} | {name} | {error:.2f} | {right:.3f} | {np.mean(apart):.2f} |", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("what", choices=("time", "quality"))
    parser.add_argument("data", nargs="*")
    parser.add_argument("--model", default="rltn-small")
    parser.add_argument("--sizes", nargs="+", type=int, default=[256, 512, 1024, 2048])
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--limit", type=int, default=10)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    colorizer = Colorizer.from_pretrained(options.model, device="cpu", precision=options.precision)
    if options.what == "quality":
        print_quality(colorizer, options.data, options.size, options.limit)
    elif options.full:
        with full_match():
            print_times(colorizer, options.sizes)
    else:
        print_times(colorizer, options.sizes)


if __name__ == "__main__":
    main()
