"""Where the processor time of a sketch in a batch goes.

    python benchmarks/stages.py [--count 6] [--side 1024]

One thread paints sketches that the program draws, one after the other; the first is painted once more before.
"""

import argparse
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import rltn_cli  # noqa: F401  before PyTorch, whose threads then sleep while they wait

# isort: split
import cv2
import torch
from batch import MODEL, Desk, draw

from rltn_cli.engine.inference.colorizer import Colorizer
from rltn_cli.engine.inference.references import References
from rltn_cli.imaging.files.encoding import encode_picture
from rltn_cli.imaging.files.formats import format_of_output
from rltn_cli.imaging.files.pictures import read_picture

T = TypeVar("T")


class Stages:
    """Paints sketches, and keeps the processor seconds of each stage."""

    def __init__(self, colorizer: Colorizer, references: References) -> None:
        """Take what the sketches share."""
        self._colorizer, self._references = colorizer, references
        self.seconds: dict[str, list[float]] = defaultdict(list)

    def paint(self, path: Path) -> None:
        """Take a sketch from its file to the bytes of its result."""
        colorizer, references = self._colorizer, self._references
        picture = self._timed("decode", lambda: read_picture(path))
        drawing = self._timed("prepare", lambda: colorizer.prepare(picture, size=references.size))
        outputs = self._timed("network, with its labels", lambda: colorizer.paint(drawing, references))
        result = self._timed("finish", lambda: colorizer.finish(drawing, references, outputs))
        self._timed("encode", lambda: encode_picture(result.image, format_of_output("result.png")))

    def _timed(self, stage: str, work: Callable[[], T]) -> T:
        begun = time.process_time()
        result = work()
        self.seconds[stage].append(time.process_time() - begun)
        return result


def main() -> None:
    """Draw, paint, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=6, help="sketches")
    parser.add_argument("--side", type=int, default=1024, help="pixels per side of a sketch")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder), "cpu", 256, MODEL)
        draw(desk, options.count, options.side)
        colorizer = Colorizer.from_pretrained(MODEL, device="cpu")
        stages = Stages(colorizer, colorizer.encode(desk.reference, size=desk.size))
        for path in [desk.sketches[0], *desk.sketches]:
            stages.paint(path)
    means = {stage: statistics.mean(seconds[1:]) for stage, seconds in stages.seconds.items()}
    print("| stage | processor ms a sketch |\n|---|---:|")
    for stage, mean in (means | {"all": sum(means.values())}).items():
        print(f"| {stage} | {1000 * mean:.0f} |")


if __name__ == "__main__":
    main()
