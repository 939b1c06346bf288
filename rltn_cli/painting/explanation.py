"""What `--explain` writes: where the colours of a painted drawing came from.

The network did its part when the drawing was painted.
"""

import json
from pathlib import Path

import cv2
import numpy as np

from rltn_cli.imaging.files.encoding import write_picture
from rltn_cli.imaging.pixels import Bytes, to_bytes
from rltn_cli.output_files import check_folder, make_folder, write_file
from rltn_cli.painting.finish import Finished, decision_of
from rltn_cli.painting.match_sheet import draw_sheet
from rltn_cli.painting.painting import Matches, Painting
from rltn_cli.painting.region_facts import region_facts
from rltn_cli.result_folders import EXPLANATION
from rltn_cli.sizes import PATCH

_SHEET, _REGIONS = "sheet.png", "regions.json"
FILES = (*EXPLANATION, _SHEET, _REGIONS)
_GAP = 8
_STRENGTH = 0.65
"""How much of a place's code colour covers the reference on the match sheet."""


def check_explanation(folder: Path, overwrite: bool = False) -> None:
    """Check, before any work is done, that an explanation can be written.

    Raises:
        OutputError: the folder is a file, its parent is missing, or it already has such files.
    """
    check_folder(folder, FILES, overwrite)


def write_explanation(
    painting: Painting, finished: Finished, folder: Path, *, overwrite: bool = False
) -> None:
    """Write where the colours came from.

    `sheet.png` shows it in one picture (`match_sheet.draw_sheet`), `regions.json` region by region
    (`region_facts`). Three pictures at the network's size show the places:

    `warped.png` holds the references' colours at the drawing's places, `confidence.png` how well each place
    was matched (white is a cosine of 1, black of 0 or less), `matches.png` the drawing and its references,
    each place of the drawing in the code colour of the place that it matched.

    Args:
        painting: with its attention and matches.
        finished: the picture that was made from it.
        folder: is made where it is missing.
        overwrite: whether existing files may be replaced.

    Raises:
        OutputError: see `check_explanation`.
    """
    check_explanation(folder, overwrite)
    make_folder(folder)
    confidence = to_bytes(np.clip(_matches(painting).confidence, 0, 1))
    warped = to_bytes(painting.seen.warped)
    pictures = (warped, _upsample(confidence, painting), match_sheet(painting))
    for name, picture in zip(EXPLANATION, pictures, strict=True):
        write_picture(folder / name, picture, overwrite=overwrite)
    options = finished.options
    decision = finished.decision or decision_of(painting, options)
    regions = region_facts(painting, decision)
    write_picture(folder / _SHEET, draw_sheet(painting, finished, regions), overwrite=overwrite)
    values = {"palette": decision.palette.hexes, "regions": [region.to_json() for region in regions]}
    text = json.dumps(values, indent=1) + "\n"
    write_file(folder / _REGIONS, text.encode(), overwrite=overwrite)


def match_sheet(painting: Painting) -> Bytes:
    """Draw the matched places of the drawing, then every reference under its code colours.

    A place's code is red from left to right, green from top to bottom, and blue by the reference's number.
    """
    count = len(painting.references)
    codes = [
        _code(picture.shape[0], picture.shape[1], number, count)
        for number, picture in enumerate(painting.references)
    ]
    number, rows, columns = np.moveaxis(_matches(painting).places, 2, 0)
    drawing = np.zeros((*number.shape, 3), np.uint8)
    for index, code in enumerate(codes):
        here = number == index
        drawing[here] = code[rows[here], columns[here]]
    panels = [_upsample(drawing, painting)]
    for picture, code in zip(painting.references, codes, strict=True):
        panels.append(np.asarray(cv2.addWeighted(code, _STRENGTH, picture, 1 - _STRENGTH, 0), np.uint8))
    tallest = max(panel.shape[0] for panel in panels)
    sheet = np.full((tallest, sum(panel.shape[1] + _GAP for panel in panels) - _GAP, 3), 255, np.uint8)
    left = 0
    for panel in panels:
        sheet[: panel.shape[0], left : left + panel.shape[1]] = panel
        left += panel.shape[1] + _GAP
    return sheet


def _matches(painting: Painting) -> Matches:
    assert painting.matches is not None
    return painting.matches


def _upsample(places: Bytes, painting: Painting) -> Bytes:
    """Repeat the value of each place for all of its pixels in the network's picture."""
    height, width = painting.seen.warped.shape[:2]
    return places.repeat(PATCH, axis=0).repeat(PATCH, axis=1)[:height, :width]


def _code(height: int, width: int, number: int, count: int) -> Bytes:
    """Return the code colours of a reference's pixels, (height, width, 3) RGB."""
    code = np.empty((height, width, 3), np.uint8)
    code[..., 0] = np.linspace(0, 255, width)
    code[..., 1] = np.linspace(0, 255, height)[:, None]
    code[..., 2] = 255 * (number + 1) // (count + 1)
    return code
