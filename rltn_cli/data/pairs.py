"""Pairs on disk: `color/NAME.*`, optional `line/NAME.*`, optional `index.csv`."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.errors import DataError
from rltn_cli.lineart import xdog

PICTURE_SUFFIXES = frozenset({".png", ".webp", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"})
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Pair:
    """A colour picture and, where there is one, its line art."""

    id: str
    color: Path
    line: Path | None
    split: str = "train"
    source: str = ""
    license: str = ""
    group: str = ""
    """Pictures of one group are good references for each other; the picture's own id where none is given."""
    palette: str = ""
    """Within a group, pictures of one palette share their true colours; the id where none is given."""
    native_line: bool = False
    """Whether the line art is the drawing's own line layer."""


def read_pairs(folder: Path) -> list[Pair]:
    """List the pairs of a folder, by id.

    Args:
        folder: holds `color/NAME.*`, and may hold `line/NAME.*` and `index.csv` (column `id`, and optionally
            `split`, `source`, `license`, `group`, `palette`, `native_line`).

    Raises:
        DataError: no such folder, no pictures, a broken index, or an id without a picture.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder of pairs")
    colors = pictures_in(folder / "color")
    if not colors:
        raise DataError(f"{folder}: no pictures in its folder color/; put the colour pictures there")
    lines = pictures_in(folder / "line")
    index = folder / "index.csv"
    rows = _read_index(index) if index.is_file() else {name: {} for name in colors}
    missing = sorted(set(rows) - set(colors))
    if missing:
        raise DataError(f"{index}: no picture color/{missing[0]}.* ({len(missing)} such ids)")
    return [
        Pair(
            id=name,
            color=colors[name],
            line=lines.get(name),
            split=row.get("split") or "train",
            source=row.get("source") or "",
            license=row.get("license") or "",
            group=row.get("group") or name,
            palette=row.get("palette") or name,
            native_line=row.get("native_line") == "1",
        )
        for name, row in sorted(rows.items())
    ]


def load_pair(pair: Pair, size: int) -> tuple[Pixels, Pixels]:
    """Return a pair's pictures, both `size` x `size`.

    Pictures that are not square are padded with white paper first. Line art that is missing is extracted.

    Returns:
        (color, line): uint8 RGB (size, size, 3) and uint8 grey (size, size), black lines on white.

    Raises:
        DataError: a picture that cannot be read, or two of different proportions.
    """
    color = _read(pair.color, cv2.IMREAD_COLOR)[:, :, ::-1]
    if pair.line is None:
        line = xdog(np.ascontiguousarray(color))
    else:
        line = _read(pair.line, cv2.IMREAD_GRAYSCALE)
        _check_proportions(pair.line, line, pair.color, color)
    return _fit(color, size), _fit(line, size)


def load_color(path: Path, size: int, *, like: Path | None = None) -> Pixels:
    """Return one colour picture as `load_pair` does, uint8 RGB (size, size, 3).

    Args:
        path: the picture.
        size: sides of the result in pixels.
        like: a picture that must have the same proportions.

    Raises:
        DataError: a picture that cannot be read, or other proportions.
    """
    color = _read(path, cv2.IMREAD_COLOR)[:, :, ::-1]
    if like:
        _check_proportions(path, color, like, _read(like, cv2.IMREAD_COLOR))
    return _fit(color, size)


def of_split(pairs: Sequence[Pair], split: str) -> list[Pair]:
    """Return the pairs of one split.

    Raises:
        DataError: the split is empty.
    """
    chosen = [pair for pair in pairs if pair.split == split]
    if not chosen:
        known = ", ".join(sorted({pair.split for pair in pairs}))
        raise DataError(f"no pairs of split {split!r}; there are: {known}")
    return chosen


def pictures_in(folder: Path) -> dict[str, Path]:
    """Return the pictures of a folder by stem."""
    if not folder.is_dir():
        return {}
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in PICTURE_SUFFIXES:
            if path.stem in found:
                raise DataError(f"{path}: a second picture of that name beside {found[path.stem].name}")
            found[path.stem] = path
    return found


def _read_index(path: Path) -> dict[str, dict[str, str]]:
    """Return the rows of index.csv by id."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: not a readable CSV file ({error})") from error
    if not rows or "id" not in rows[0]:
        raise DataError(f"{path}: needs a first line with a column 'id', and one line a picture")
    return {row["id"]: row for row in rows}


def _read(path: Path, flag: int) -> Pixels:
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    picture = cv2.imdecode(data, flag) if data.size else None
    if picture is None:
        raise DataError(f"{path}: not a picture that can be decoded")
    return picture.astype(np.uint8, copy=False)


def _check_proportions(path: Path, picture: Pixels, like: Path, other: Pixels) -> None:
    """Raise DataError where two pictures cannot be the same drawing at two sizes."""
    height, width = picture.shape[:2]
    other_height, other_width = other.shape[:2]
    if abs(height * other_width - width * other_height) > max(height, width, other_height, other_width):
        raise DataError(
            f"{path} is {width}x{height} but {like} is {other_width}x{other_height}: "
            "pictures of one drawing must have the same proportions"
        )


def _fit(picture: Pixels, size: int) -> Pixels:
    """Pad with white to a square, then resize."""
    height, width = picture.shape[:2]
    if height != width:
        side = max(height, width)
        top, left = (side - height) // 2, (side - width) // 2
        picture = cv2.copyMakeBorder(
            picture,
            top,
            side - height - top,
            left,
            side - width - left,
            cv2.BORDER_CONSTANT,
            value=(255, 255, 255),
        ).astype(np.uint8, copy=False)
    if picture.shape[0] != size:
        shrinks = picture.shape[0] > size
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        picture = cv2.resize(picture, (size, size), interpolation=method).astype(np.uint8, copy=False)
    return np.ascontiguousarray(picture)
