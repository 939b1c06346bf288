"""Paint 40 validation drawings with two models and lay them out, with the target next to them.

python tools/make_before_after_sheet.py BEFORE AFTER openposes:FOLDER -o docs/before-after.webp

The drawings are chosen by a fixed seed among those of groups with two pictures, in turn from the sources
that are CC0 or MIT. Each row shows the drawing, the reference, both paintings and the target; the colour
error (CIEDE2000) of both is printed, the worst after first, and how many regions are right.
"""

import argparse
from pathlib import Path
from typing import get_args

from make_finishes_sheet import SOURCES
from sheet_grid import SheetGrid

from rltn_cli import Colorizer
from rltn_cli.choices import Finish
from rltn_cli.data.recipes import read_data
from rltn_cli.engine.evaluation.methods import make_model_method
from rltn_cli.engine.evaluation.metrics import Target, measure
from rltn_cli.engine.evaluation.protocols import load, plan, spread

GRID = SheetGrid(rows=20, columns=2, pictures=5, side=128)
SEED = 0


def main() -> None:
    """Choose, paint, measure and lay out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", help="a model, as rltn colorize --model takes it")
    parser.add_argument("after", help="another")
    parser.add_argument("data", nargs="+", help="folders of pairs, as rltn evaluate takes them")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--finish", choices=get_args(Finish), default="auto", help="how both are finished")
    options = parser.parse_args()
    pairs = [pair for pair in read_data(options.data) if pair.source in SOURCES]
    samples = spread(plan(pairs, "group"), GRID.rows * GRID.columns, SEED)
    drawings = load(samples)
    methods = [
        make_model_method(Colorizer.from_pretrained(model, device="cpu"), options.finish)
        for model in (options.before, options.after)
    ]
    rows, errors, right, regions = [], [], [0, 0], 0
    for number, sample in enumerate(samples):
        sketch, reference, target = (
            pictures[number : number + 1]
            for pictures in (drawings.sketches, drawings.references, drawings.targets)
        )
        painted = [method(sketch, reference, [sample.pair.id]).images[0] for method in methods]
        before, after = (measure(image, Target.of(target[0], sketch[0])) for image in painted)
        errors.append((after.color_error, before.color_error, sample.pair.id))
        right = [right[0] + before.regions_right, right[1] + after.regions_right]
        regions += after.regions
        rows.append((sketch[0], reference[0], *painted, target[0]))
    for late, early, name in sorted(errors, reverse=True):
        print(f"{name:40} before {early:5.1f}, after {late:5.1f}")
    print(f"better: {sum(late < early for late, early, _ in errors)} of {len(errors)}")
    print(f"regions right: {right[0]} before, {right[1]} after, of {regions}")
    GRID.lay_out(rows).save(options.output, quality=80, method=6)


if __name__ == "__main__":
    main()
