"""Erase pieces of the lines of validation drawings, and measure what closing wide openings is worth.

python tools/measure_openings.py openposes:FOLDER --limit 75 -o docs/openings.webp

Prints the colour error (CIEDE2000) and the region accuracy, averaged over the sources, of drawings as they
are and with twelve discs, 4 to 10 pixels across, erased from the lines of each, with regions divided at wide
openings or not. The sheet shows drawings with openings, in turn from the sources that are CC0 or MIT: the
drawing, its reference, cel without division, cel with it, and the target.
"""

import argparse
import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
from make_finishes_sheet import SOURCES
from PIL import Image
from sheet_grid import SheetGrid

from rltn_cli import Colorizer
from rltn_cli.choices import Finish
from rltn_cli.data.recipes import read_data
from rltn_cli.engine.evaluation.aggregation import Tally, tabulate
from rltn_cli.engine.evaluation.metrics import Target, measure
from rltn_cli.engine.evaluation.protocols import EvaluationBatch, load, plan, spread
from rltn_cli.imaging.colors.decision import decide
from rltn_cli.imaging.colors.evidence import gather_evidence
from rltn_cli.imaging.finishes.finishing import lay_lines, under_lines
from rltn_cli.imaging.pixels import Bytes
from rltn_cli.imaging.regions.region_map import map_regions
from rltn_cli.painting.finish import FinishOptions, finish_painting
from rltn_cli.painting.painting import Painting

DISCS, RADII, INK = 12, (2.0, 5.0), 160
FINISHES: tuple[Finish, ...] = ("flat", "cel", "paint", "auto")
GRID = SheetGrid(rows=6, columns=2, pictures=5, side=150)
SEED = 0


def main() -> None:
    """Erase, paint, measure and lay out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="+", help="folders of pairs, as rltn evaluate takes them")
    parser.add_argument("-m", "--model", default="rltn-small")
    parser.add_argument("--limit", type=int, default=75, help="drawings to measure")
    parser.add_argument("-o", "--output", type=Path, help="the sheet")
    options = parser.parse_args()
    colorizer = Colorizer.from_pretrained(options.model, device="cpu")
    pairs = read_data(options.data)
    samples = plan(pairs, "group", limit=options.limit)
    sources = [sample.pair.source for sample in samples]
    batch = load(samples)
    targets = [Target.of(*pair) for pair in zip(batch.targets, batch.sketches, strict=True)]
    for name, sketches in (("as they are", batch.sketches), ("with openings", erase_pieces(batch.sketches))):
        paintings = [paint(colorizer, *pictures) for pictures in zip(sketches, batch.references, strict=True)]
        divided = sum(painting.regions().count > map_regions(painting.grey).count for painting in paintings)
        print(f"{name}: {divided} of {len(paintings)} drawings are divided at openings")
        tallies = {}
        for division, finish in itertools.product((False, True), FINISHES):
            images = [finished(painting, finish, division=division) for painting in paintings]
            label = f"{name}, {'divided' if division else 'whole'}, {finish}"
            tallies[label] = Tally([measure(*pair) for pair in zip(images, targets, strict=True)])
        for row in tabulate(tallies, {}, dict.fromkeys(tallies, "outputs"), sources):
            error, accuracy = (row.scores[key].average for key in ("color_error", "region_accuracy"))
            print(f"{row.name}: colour error {error:.2f}, region accuracy {accuracy:.3f}")
    if options.output is not None:
        shown = spread(
            plan([pair for pair in pairs if pair.source in SOURCES], "group"), GRID.rows * GRID.columns, SEED
        )
        lay_out(colorizer, load(shown)).save(options.output, quality=80, method=6)


def erase_pieces(sketches: Bytes) -> Bytes:
    """Return drawings (N, H, W) with discs around pixels of their lines erased, always the same ones."""
    chance, result = np.random.default_rng(SEED), sketches.copy()
    rows, columns = np.ogrid[: sketches.shape[1], : sketches.shape[2]]
    for sketch in result:
        inked = np.argwhere(sketch < INK)
        for _ in range(DISCS):
            row, column = inked[chance.integers(len(inked))]
            radius = chance.uniform(*RADII)
            sketch[(rows - row) ** 2 + (columns - column) ** 2 < radius**2] = 255
    return result


def paint(colorizer: Colorizer, sketch: Bytes, reference: Bytes) -> Painting:
    """Paint a drawing by its reference."""
    return colorizer(sketch, [reference], finish="flat", alpha="drop", margins="keep").painting


def finished(painting: Painting, finish: Finish, *, division: bool) -> Bytes:
    """Finish a painting, its regions divided at wide openings or not."""
    options, _ = FinishOptions(finish).resolve(painting.grey)
    if division:
        return np.asarray(finish_painting(painting, options).image, np.uint8)
    clues, grey, decision = painting.clues, painting.grey, None
    if options.decides:
        decision = decide(gather_evidence(clues, grey, map_regions(grey)))
    else:
        clues = replace(clues, attention=None)  # without which nothing is divided
    under = under_lines(clues, grey, options.finish, decision)
    return np.asarray(lay_lines(under, clues, painting.ink, finish=options.finish), np.uint8)


def lay_out(colorizer: Colorizer, batch: EvaluationBatch) -> Image.Image:
    """Return the sheet."""
    samples = []
    erased = erase_pieces(batch.sketches)
    for sketch, reference, target in zip(erased, batch.references, batch.targets, strict=True):
        painting = paint(colorizer, sketch, reference)
        cels = [finished(painting, "cel", division=division) for division in (False, True)]
        samples.append((sketch, reference, *cels, target))
    return GRID.lay_out(samples)


if __name__ == "__main__":
    main()
