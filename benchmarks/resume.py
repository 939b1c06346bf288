"""What it takes to resume a batch of which all is done: wall seconds, processor seconds, and peak memory.

    python benchmarks/resume.py [--counts 1 1000 10000] [--side 256]

A sketch is painted once; copies of it, of its result and of its line in the manifest stand for the others, so
that no time goes into painting them. Nothing may be painted again.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from batch import MODEL, RLTN, Desk, draw
from cold import measured


def multiply(folder: Path, count: int) -> None:
    """Make a finished batch of one sketch one of so many.

    Args:
        folder: with `sketches/`, and `out/` as a batch of one sketch left it.
        count: how many sketches there are to be.
    """
    manifest = folder / "out" / "manifest.jsonl"
    entry = json.loads(manifest.read_text(encoding="utf-8").splitlines()[0])
    sketch, result = (folder / "sketches" / "0000.png", folder / "out" / "0000.png")
    drawn, painted = sketch.read_bytes(), result.read_bytes()
    lines = []
    for number in range(count):
        name = f"{number:04}.png"
        if number:
            sketch.with_name(name).write_bytes(drawn)
            result.with_name(name).write_bytes(painted)
        lines.append(json.dumps({**entry, "output": name, "sketch": str(sketch.with_name(name))}))
    manifest.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Paint one, multiply it, resume, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--counts", nargs="+", type=int, default=[1, 1000, 10000])
    parser.add_argument("--side", type=int, default=256)
    options = parser.parse_args()
    print("| finished files | wall s | processor s | peak MiB |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        desk = Desk(Path(name), "cpu", 256, MODEL)
        draw(desk, 1, options.side)
        command = [*RLTN, *desk.batch("out", "--quiet")]
        measured(command, 1)
        for count in sorted(options.counts):
            multiply(desk.folder, count)
            before = (desk.folder / "out" / "0000.png").stat().st_mtime_ns
            wall, processor, memory = measured(command, 1)
            if (desk.folder / "out" / "0000.png").stat().st_mtime_ns != before:
                sys.exit("a finished sketch was painted again")
            print(f"| {count} | {wall:.1f} | {processor:.1f} | {memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
