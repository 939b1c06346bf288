"""Lay out drawings of several sets of data, painted by every row of a table that `rltn table2` made.

python tools/make_table2_sheet.py table2/ openlines:FOLDER openposes:FOLDER -o docs/table2.webp

The drawings are validation drawings with their most similar other picture as reference, in turn from the
sources whose pictures may be shown.
"""

import argparse
from pathlib import Path

import numpy as np
from make_finishes_sheet import SOURCES
from PIL import Image

from rltn_cli.data.recipes import read_data
from rltn_cli.data.splits import VAL
from rltn_cli.engine.evaluation.protocols import plan
from rltn_cli.engine.table2.rows import ROWS
from rltn_cli.engine.table2.session import name_of
from rltn_cli.engine.table2.sheet import lay_out, paint_columns
from rltn_cli.result_folders import MODEL

SHOWN = (*SOURCES, "dicebear-adventurer", "facesjs", "openclipart", "openmoji", "robohash")
"""Sources whose pictures may be shown, of openposes and of openlines."""
DRAWINGS, SIDE = 5, 128


def main() -> None:
    """Choose, paint and lay out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("table", type=Path, help="the folder of the table")
    parser.add_argument("data", nargs="+", help="sets of data, as rltn table2 takes them")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    sets = []
    for data in options.data:
        pairs = [pair for pair in read_data([data]) if pair.source in SHOWN]
        samples = plan(pairs, "nearest", split=VAL, limit=DRAWINGS)
        folder = options.table / name_of(data) / "seed-0"
        models = {row: folder / row / MODEL for row in ROWS}
        sets.append(paint_columns(samples, models, device="cpu"))
        print(data, *(sample.pair.id for sample in samples))
    columns = {name: np.concatenate([painted[name] for painted in sets]) for name in sets[0]}
    Image.fromarray(lay_out(columns, SIDE)).save(options.output, quality=80, method=6)


if __name__ == "__main__":
    main()
