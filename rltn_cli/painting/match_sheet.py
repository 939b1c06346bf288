"""One picture of where a painting's colours came from: regions by number, their sources, and confidence."""

from collections.abc import Sequence

import cv2
import numpy as np

from rltn_cli.imaging.pixels import Bytes, Floats, Pixels, lay_on_paper, to_eight_bit
from rltn_cli.painting.finish import Finished
from rltn_cli.painting.painting import Painting
from rltn_cli.painting.region_facts import RegionFacts

_HEIGHT = 900
"""Pixels of each panel."""
_SPACE, _TITLE, _LEGEND = 16, 30, 44
_ROOM = 7
"""Pixels on the sheet that a region must have around its number."""
_FONT, _SIZE = cv2.FONT_HERSHEY_SIMPLEX, 0.45
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)


def draw_sheet(painting: Painting, finished: Finished, regions: Sequence[RegionFacts]) -> Bytes:
    """Draw the sheet.

    From left to right: the picture with its regions' numbers, where there is room; each reference, with the
    same numbers where those regions' colours came from; how well each place was matched.

    Args:
        painting: with its matches.
        finished: the picture.
        regions: of `region_facts`.
    """
    picture = _flatten(finished.image)
    scale = _HEIGHT / picture.shape[0]
    numbered = [region for region in regions if region.room * scale >= _ROOM]
    left = _scale(picture)
    for region in numbered:
        _write(left, str(region.number), region.x * scale, region.y * scale)
    panels = [("picture", left)]
    for number, reference in enumerate(painting.references, 1):
        panels.append((f"reference {number}", _with_sources(reference, number, numbered)))
    panels.append(("match (cosine)", _heat_map(painting)))
    return _join_panels(panels)


def _with_sources(reference: Bytes, number: int, regions: Sequence[RegionFacts]) -> Bytes:
    """Draw a reference with the numbers of the regions whose colours came from it."""
    scale = _HEIGHT / reference.shape[0]
    panel = _scale(reference)
    for region in reversed(regions):  # the largest on top
        source = region.source
        if source is not None and source.reference == number:
            place = round(source.x * scale), round(source.y * scale)
            cv2.circle(panel, place, 5, _BLACK, -1, cv2.LINE_AA)
            cv2.circle(panel, place, 4, _WHITE, -1, cv2.LINE_AA)
            cv2.circle(panel, place, 3, tuple(bytes.fromhex(region.color[1:])), -1, cv2.LINE_AA)
            _write(panel, str(region.number), place[0], place[1] - 10)
    return panel


def _heat_map(painting: Painting) -> Bytes:
    """Draw the confidence of the figure's places in the drawing's frame, with a legend below."""
    assert painting.matches is not None
    height, width = painting.size
    panel = np.full((_HEIGHT, max(1, round(width * _HEIGHT / height)), 3), 200, np.uint8)
    box = painting.figure
    top, bottom, left, right = (
        (0, height, 0, width) if box is None else (box.top, box.bottom, box.left, box.right)
    )
    frame = (top, bottom), (left, right)
    rows, columns = (slice(*(round(side * _HEIGHT / height) for side in pair)) for pair in frame)
    confidence = painting.matches.confidence
    lowest = float(np.clip(np.floor(10 * np.percentile(confidence, 1)) / 10, 0, 0.9))
    size = columns.stop - columns.start, rows.stop - rows.start
    colored = _heat(confidence, lowest)
    panel[rows, columns] = cv2.resize(colored, size, interpolation=cv2.INTER_NEAREST)
    return np.concatenate([panel, _legend(panel.shape[1], lowest)])


def _legend(width: int, lowest: float) -> Bytes:
    """Draw the colours of the heat map from the lowest value to 1."""
    legend = np.full((_LEGEND, width, 3), 255, np.uint8)
    legend[8:22] = _heat(np.linspace(lowest, 1, width, dtype=np.float32)[None], lowest)
    for value in (lowest, (1 + lowest) / 2, 1):
        text = f"{value:g}"
        (wide, _), _ = cv2.getTextSize(text, _FONT, _SIZE, 1)
        place = round((value - lowest) / (1 - lowest) * (width - wide))
        cv2.putText(legend, text, (place, 38), _FONT, _SIZE, _BLACK, 1, cv2.LINE_AA)
    return legend


def _heat(values: Floats, lowest: float) -> Bytes:
    """Return the colours (H, W, 3) of values (H, W) between the lowest and 1."""
    grey = np.rint(255 * np.clip((values - lowest) / (1 - lowest), 0, 1)).astype(np.uint8)
    colored = cv2.applyColorMap(grey, cv2.COLORMAP_VIRIDIS)
    return np.asarray(cv2.cvtColor(colored, cv2.COLOR_BGR2RGB), np.uint8)


def _flatten(image: Pixels) -> Bytes:
    """Return a finished picture on white, with 8 bits."""
    eight = to_eight_bit(image)
    return eight if eight.shape[2] == 3 else lay_on_paper(np.ascontiguousarray(eight[..., :3]), eight[..., 3])


def _scale(picture: Bytes) -> Bytes:
    """Bring a picture to the panels' height."""
    width = max(1, round(picture.shape[1] * _HEIGHT / picture.shape[0]))
    method = cv2.INTER_AREA if picture.shape[0] > _HEIGHT else cv2.INTER_LINEAR
    return np.array(cv2.resize(picture, (width, _HEIGHT), interpolation=method), np.uint8)


def _write(panel: Bytes, text: str, x: float, y: float) -> None:
    """Write a text about a point, black with a white rim."""
    (wide, high), _ = cv2.getTextSize(text, _FONT, _SIZE, 1)
    place = round(min(max(x - wide / 2, 0), panel.shape[1] - wide)), round(max(y + high / 2, high))
    cv2.putText(panel, text, place, _FONT, _SIZE, _WHITE, 3, cv2.LINE_AA)
    cv2.putText(panel, text, place, _FONT, _SIZE, _BLACK, 1, cv2.LINE_AA)


def _join_panels(panels: Sequence[tuple[str, Bytes]]) -> Bytes:
    """Put panels next to each other, each under its title."""
    width = sum(panel.shape[1] + _SPACE for _, panel in panels) + _SPACE
    sheet = np.full((_TITLE + _HEIGHT + _LEGEND, width, 3), 255, np.uint8)
    left = _SPACE
    for title, panel in panels:
        cv2.putText(sheet, title, (left, _TITLE - 10), _FONT, 0.55, _BLACK, 1, cv2.LINE_AA)
        sheet[_TITLE : _TITLE + panel.shape[0], left : left + panel.shape[1]] = panel
        left += panel.shape[1] + _SPACE
    return sheet
