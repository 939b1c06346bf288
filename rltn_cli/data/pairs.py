"""Pairs on disk: `color/NAME.*`, optional `line/NAME.*`, optional `index.csv`; and reading their pictures."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from rltn_cli.data.index import read_index
from rltn_cli.data.side_by_side import Side, halves, is_wide
from rltn_cli.data.splits import TRAIN, split_of
from rltn_cli.errors import DataError, PictureError
from rltn_cli.imaging.canvas import shrink_lines
from rltn_cli.imaging.drawings.sketch import ink_darkness, is_inverted
from rltn_cli.imaging.files.formats import is_picture_file
from rltn_cli.imaging.files.pictures import read_picture
from rltn_cli.imaging.line_art.contours import draw_contours
from rltn_cli.imaging.line_art.part_masks import FACE_PARTS, read_parts
from rltn_cli.imaging.line_art.xdog import xdog
from rltn_cli.imaging.pixels import Bytes, to_eight_bit

EXTRACTION_SIDE = 512
"""Longer side in pixels of pictures whose lines are extracted, at most: twice the training size."""
_CONTOUR = 1.5
"""Width in pixels of the contours of masks, in a picture of 256x256."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A colour picture and, where there is one, its line art."""

    id: str
    color: Path
    line: Path | None
    split: str = TRAIN
    source: str = ""
    license: str = ""
    group: str = ""
    """Pictures of one group are good references for each other; the picture's own id where none is given."""
    palette: str = ""
    """Within a group, pictures of one palette share their true colours; the id where none is given."""
    coords: Path | None = None
    """Picture that tells where on its figure each place of the colour picture is; see `load_coords`."""
    native_line: bool = False
    """Whether the line art is the drawing's own line layer."""
    beside: Side | None = None
    """On which side the line art is, if `color` holds both side by side."""
    masks: Path | None = None
    """If the line art is contours of masks, how their names begin: `FOLDER/00012` of `00012_hair.png`."""
    method: str = ""
    """How the publication of the data set extracts missing line art, such as `hed`; empty if unknown."""

    @property
    def has_lines(self) -> bool:
        """Whether the pair has line art of its own, so that none is extracted."""
        return any(part is not None for part in (self.line, self.beside, self.masks))


class LineSource(Protocol):
    """Extracts line art, or returns what was extracted before."""

    def lines(self, pair: Pair) -> Bytes:
        """Return the lines of a pair's colour picture: (H, W), black on white, in its proportions."""


def read_pairs(folder: Path) -> list[Pair]:
    """List the pairs of a folder, by id.

    Args:
        folder: holds `color/NAME.*`, and may hold `line/NAME.*` and `index.csv` (column `id`, and optionally
            `split`, `source`, `license`, `group`, `palette`, `native_line`).

    Raises:
        DataError: no such folder, no pictures, a broken index, an id without a picture, or line art none of
            which has the name of a colour picture.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder of pairs")
    colors = pictures_by_stem(folder / "color")
    if not colors:
        raise DataError(f"{folder}: no pictures in its folder color/; put the colour pictures there")
    lines = pictures_by_stem(folder / "line")
    coords = pictures_by_stem(folder / "coords")
    index = folder / "index.csv"
    rows = read_index(index) if index.is_file() else {name: {} for name in colors}
    missing = sorted(set(rows) - set(colors))
    if missing:
        raise DataError(f"{index}: no picture color/{missing[0]}.* ({len(missing)} such ids)")
    if lines and not set(lines) & set(rows):
        names = ", ".join(path.name for path in list(lines.values())[:3])
        raise DataError(
            f"{folder}: none of the {len(lines):,} pictures in line/ has the name of one in color/ "
            f"({names}); the two of a pair must have the same name"
        )
    return [
        Pair(
            id=name,
            color=colors[name],
            line=lines.get(name),
            split=split_of(row.get("split", "")),
            source=row.get("source") or "",
            license=row.get("license") or "",
            group=row.get("group") or name,
            palette=row.get("palette") or name,
            coords=coords.get(name),
            native_line=(row.get("native_line") or "").lower() in ("1", "true", "yes"),
        )
        for name, row in sorted(rows.items())
    ]


def load_pair(pair: Pair, size: int, lines: LineSource | None = None) -> tuple[Bytes, Bytes]:
    """Return a pair's pictures, both `size` x `size`.

    Pictures that are not square are first padded with white paper. White lines on black are inverted. Missing
    line art is extracted.

    Args:
        pair: what to load.
        size: sides of the results in pixels.
        lines: extracts missing line art; extended differences of Gaussians if None.

    Returns:
        (color, line): uint8 RGB (size, size, 3) and uint8 grey (size, size), black lines on white.

    Raises:
        DataError: a picture that cannot be read, or two of different proportions.
    """
    color, line = read_pair(pair, size)
    if line is None:
        line = xdog(limit_size(color, EXTRACTION_SIDE)) if lines is None else lines.lines(pair)
    return _fit(color, size), _fit(line, size)


def read_pair(pair: Pair, size: int = 256) -> tuple[Bytes, Bytes | None]:
    """Return a pair's pictures at the size of their files.

    Args:
        pair: what to read.
        size: longer side in pixels at which contours of masks are drawn.

    Returns:
        (color, line): uint8 RGB (H, W, 3), and uint8 grey (h, w) of the same proportions, black on white, or
        None where the line art must be extracted.

    Raises:
        DataError: a picture that cannot be read, or two of different proportions.
    """
    color, drawn = read_pixels(pair)
    if pair.masks is not None:
        return color, mask_lines(pair, color, size)
    return color, None if drawn is None else _as_lines(drawn)


def read_pixels(pair: Pair) -> tuple[Bytes, Bytes | None]:
    """Return a pair's two pictures as they were drawn, at the size of their files.

    Returns:
        (color, drawn): both uint8 RGB, (H, W, 3) and (h, w, 3) of the same proportions; None where the line
        art is not a picture: it is extracted, or contours of masks.

    Raises:
        DataError: a picture that cannot be read, or two of different proportions.
    """
    color = _read(pair.color)
    if pair.beside:
        height, width = color.shape[:2]
        if not is_wide(height, width):
            raise DataError(
                f"{pair.color} is {width}x{height}; colours and line art side by side are wider than high, "
                "and an even number of pixels wide"
            )
        left, right = halves(color)
        return (left, right) if pair.beside == "right" else (right, left)
    if pair.line is None:
        return color, None
    drawn = _read(pair.line, ink=True)
    _check_proportions(pair.line, drawn, pair.color, color)
    return color, drawn


def load_color(path: Path, size: int, *, like: Path | None = None) -> Bytes:
    """Return one colour picture as `load_pair` does, uint8 RGB (size, size, 3).

    Args:
        path: the picture.
        size: sides of the result in pixels.
        like: a picture that must have the same proportions.

    Raises:
        DataError: a picture that cannot be read, or other proportions.
    """
    color = _read(path)
    if like:
        _check_proportions(path, color, like, _read(like))
    return _fit(color, size)


def pictures_by_stem(folder: Path) -> dict[str, Path]:
    """Return the pictures of a folder by stem, without hidden files and anything that is not a file.

    Raises:
        DataError: two pictures of one stem.
    """
    if not folder.is_dir():
        return {}
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if is_picture_file(path) and not path.name.startswith("."):
            if path.stem in found:
                raise DataError(f"{path}: a second picture of the same name as {found[path.stem].name}")
            found[path.stem] = path
    return found


def limit_size(color: Bytes, longest: int) -> Bytes:
    """Return a picture, reduced if its longer side has more than `longest` pixels."""
    height, width = color.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return np.ascontiguousarray(color)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(color, size, interpolation=cv2.INTER_AREA), np.uint8)


def _read(path: Path, *, ink: bool = False) -> Bytes:
    """Return a picture on white paper, RGB (H, W, 3); `ink` takes light ink on transparency for dark ink."""
    try:
        picture = read_picture(path)
    except PictureError as error:
        raise DataError(str(error)) from error
    color = to_eight_bit(picture.flatten())
    if ink and picture.alpha is not None and color.min() >= 240:
        color = np.repeat(255 - to_eight_bit(picture.alpha)[..., None], 3, axis=2)
    return color


def _as_lines(pixels: Bytes) -> Bytes:
    """Return line art in grey (H, W), black on white whichever way it was drawn."""
    grey = ink_darkness(pixels)
    return 255 - grey if grey.mean() < 128 and is_inverted(grey) else grey


def mask_lines(pair: Pair, color: Bytes, size: int) -> Bytes:
    """Draw the contours of a pair's masks.

    Args:
        pair: has masks.
        color: its colour picture, (H, W, 3), which gives the proportions.
        size: longer side of the result in pixels.

    Returns:
        (h, w), black lines on white.

    Raises:
        DataError: a mask that cannot be read, or other proportions.
    """
    masks = pair.masks
    assert masks is not None
    files = {part: masks.with_name(f"{masks.name}_{part}.png") for part in FACE_PARTS}
    try:
        labels = read_parts({part: file for part, file in files.items() if file.is_file()})
    except PictureError as error:
        raise DataError(f"{masks}_*.png: {error}") from error
    _check_proportions(masks, labels, pair.color, color)
    scale = size / max(color.shape[:2])
    height, width = (max(1, round(side * scale)) for side in color.shape[:2])
    return draw_contours(labels, width=max(1.0, _CONTOUR * size / 256), size=(height, width))


def _check_proportions(path: Path, picture: Bytes, like: Path, other: Bytes) -> None:
    """Raise DataError where two pictures cannot be the same drawing at two sizes."""
    height, width = picture.shape[:2]
    other_height, other_width = other.shape[:2]
    if abs(height * other_width - width * other_height) > max(height, width, other_height, other_width):
        raise DataError(
            f"{path} is {width}x{height} but {like} is {other_width}x{other_height}: "
            "pictures of one drawing must have the same proportions"
        )


def _fit(picture: Bytes, size: int) -> Bytes:
    """Pad with white to a square, then resize; lines of a larger drawing stay dark, as in `rltn colorize`."""
    height, width = picture.shape[:2]
    if height != width:
        side = max(height, width)
        top, left = (side - height) // 2, (side - width) // 2
        bottom, right = side - height - top, side - width - left
        white = (255, 255, 255)
        padded = cv2.copyMakeBorder(picture, top, bottom, left, right, cv2.BORDER_CONSTANT, value=white)
        picture = np.asarray(padded, np.uint8)
    if picture.shape[0] > size and picture.ndim == 2:
        picture = shrink_lines(picture, (size, size))
    elif picture.shape[0] != size:
        method = cv2.INTER_AREA if picture.shape[0] > size else cv2.INTER_LINEAR
        picture = np.asarray(cv2.resize(picture, (size, size), interpolation=method), np.uint8)
    return np.ascontiguousarray(picture)
