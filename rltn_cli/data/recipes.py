"""What a user can name as data: folders of pairs, folders of colour pictures, and published data sets."""

import dataclasses
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rltn_cli.data.pairs import Pair, read_pairs
from rltn_cli.data.published import list_archives, read_ascp, read_celebahq, read_metfaces
from rltn_cli.data.side_by_side import find_line_side
from rltn_cli.data.splits import SPLITS, TRAIN
from rltn_cli.errors import DataError
from rltn_cli.imaging.files.formats import is_picture
from rltn_cli.imaging.files.picture_folders import list_pictures
from rltn_cli.result_folders import is_result_folder

_OTHER_COLOR = ("colour", "colors", "colours", "colored", "coloured")
_OTHER_LINE = ("line", "lines", "lineart", "sketch", "sketches")
_SIGNS: Mapping[str, str] = {"CelebA-HQ-img": "celebahq", "metfaces.json": "metfaces", "colorgram": "ascp"}
"""Files or folders by which a published data set is recognised that was named without its recipe."""
_log = logging.getLogger(__name__)


def read_data(specs: Sequence[str]) -> list[Pair]:
    """List the pairs of everything that was named.

    A folder with `color/` holds pairs (see `read_pairs`). Any other folder holds only colour pictures, whose
    lines are extracted, or which hold colours and line art side by side; the pictures of a subfolder are a
    group. In both, folders `train/`, `val/` and `test/` (by any name of `SPLITS`) tell the split.
    `RECIPE:PATH` is a published data set, RECIPE being one of `RECIPES`.

    Args:
        specs: folders and recipes. If there are several, ids, groups and palettes begin with the name of the
            folder, so that equal names in two folders are not confused.

    Returns:
        The pairs in the order of the specs; the source of those that name none is the folder's name.

    Raises:
        DataError: nothing named, something named twice, an unknown recipe, or an unusable folder.
    """
    if not specs:
        raise DataError("no data; name a folder of pictures to train on")
    named: dict[str, list[Pair]] = {}
    places: set[Path] = set()
    for spec in specs:
        reader, path = _find_reader(spec)
        if path.resolve() in places:
            raise DataError(f"{path}: named twice; name each folder once")
        places.add(path.resolve())
        label = base = path.resolve().name or "data"
        count = 1
        while label in named:
            count += 1
            label = f"{base}-{count}"
        try:
            pairs = reader(path)
        except OSError as error:
            raise DataError(f"{error.filename or path}: cannot be read ({error.strerror})") from error
        named[label] = [dataclasses.replace(pair, source=pair.source or label) for pair in pairs]
    if len(named) == 1:
        return next(iter(named.values()))
    return [_prefix_names(pair, label) for label, members in named.items() for pair in members]


def read_folder(folder: Path) -> list[Pair]:
    """List the pairs of a folder of pairs, of only pictures, or of folders for splits with either.

    Raises:
        DataError: no such folder, nothing in it to train on, or a folder that looks like something else.
    """
    if not folder.is_dir():
        packed = (
            folder.is_file() and "is a file; if it is an archive, unpack it, and name a folder of pictures"
        )
        raise DataError(f"{folder}: {packed or 'there is no such folder'}")
    if (folder / "color").is_dir():
        return _recognise_halves(folder, read_pairs(folder))
    _refuse_other_layouts(folder)
    if any(SPLITS.get(entry.name.lower()) == TRAIN for entry in folder.iterdir() if entry.is_dir()):
        return _read_splits(folder)
    return _recognise_halves(folder, _read_colors(folder))


def _recognise_halves(folder: Path, pairs: list[Pair]) -> list[Pair]:
    """Read pictures that hold colours and line art side by side as pairs."""
    if any(pair.has_lines for pair in pairs):
        return pairs
    side = find_line_side([pair.color for pair in pairs])
    if side is None:
        return pairs
    _log.warning(
        "%s: each picture holds colours and line art (%s) side by side; they are read as pairs",
        folder, side,
    )  # fmt: skip
    return [dataclasses.replace(pair, beside=side) for pair in pairs]


def read_openlines(path: Path) -> list[Pair]:
    """List the pairs of openlines: a complete folder of pairs.

    Raises:
        DataError: pictures, lines or the index are missing.
    """
    return _read_complete("openlines", path)


def _read_complete(recipe: str, path: Path) -> list[Pair]:
    """List the pairs of a folder that must be complete: pictures, all line art, and an index."""
    if not path.is_dir():
        raise DataError(f"{recipe}:{path}: there is no such folder")
    for part, what in (
        ("color", "the pictures"),
        ("line", "the line art"),
        ("index.csv", "splits and groups"),
    ):
        if not (path / part).exists():
            raise DataError(f"{recipe}:{path}: {part}, which holds {what}, is missing; copy the whole folder")
    pairs = read_pairs(path)
    bare = [pair.id for pair in pairs if pair.line is None]
    if bare:
        raise DataError(
            f"{recipe}:{path}: no line art line/{bare[0]}.* ({len(bare):,} missing); copy the whole folder"
        )
    return pairs


def read_openposes(path: Path) -> list[Pair]:
    """List the pairs of openposes: like openlines, with `coords/` for some of the pictures.

    Raises:
        DataError: pictures, lines, coords or the index are missing.
    """
    if not (path / "coords").is_dir():
        raise DataError(
            f"openposes:{path}: coords, which holds places on figures, is missing; copy the whole folder"
        )
    return _read_complete("openposes", path)


RECIPES: Mapping[str, Callable[[Path], list[Pair]]] = {
    "openlines": read_openlines,
    "openposes": read_openposes,
    "celebahq": read_celebahq,
    "ascp": read_ascp,
    "metfaces": read_metfaces,
}
"""Readers of published data sets, by the name before the colon."""


def _find_reader(spec: str) -> tuple[Callable[[Path], list[Pair]], Path]:
    """Return the reader of what was named, and the folder; the letter of a drive is not a recipe."""
    name, colon, rest = spec.partition(":")
    if colon and name.lower() in RECIPES and not Path(spec).exists():
        if not rest:
            raise DataError(f"{spec}: name the folder after the colon, as in {name}:PATH")
        return RECIPES[name.lower()], Path(rest).expanduser()
    if re.fullmatch(r"[A-Za-z]\w+", name) and colon and not Path(spec).exists():
        raise DataError(f"{spec}: there is no recipe {name}; the recipes are {', '.join(RECIPES)}")
    return read_folder, Path(spec).expanduser()


def _prefix_names(pair: Pair, label: str) -> Pair:
    """Return a pair whose names begin with a label, so that they differ from those of other folders."""
    return dataclasses.replace(
        pair,
        id=f"{label}/{pair.id}",
        group=f"{label}/{pair.group or pair.id}",
        palette=f"{label}/{pair.palette or pair.id}",
    )


def _refuse_other_layouts(folder: Path) -> None:
    """Raise DataError if a folder seems to hold something other than colour pictures alone."""
    for sign, recipe in _SIGNS.items():
        if (folder / sign).exists():
            raise DataError(f"{folder}: this is a published data set; name it as {recipe}:{folder}")
    below = {entry.name.lower(): entry.name for entry in folder.iterdir() if entry.is_dir()}
    colors = [below[name] for name in _OTHER_COLOR if name in below]
    lines = [below[name] for name in _OTHER_LINE if name in below]
    if lines and colors:
        raise DataError(
            f"{folder}: has {colors[0]}/ and {lines[0]}/; a folder of pairs must name them color/ and line/"
        )
    if lines:
        raise DataError(f"{folder}: has {lines[0]}/ but no color/; put the coloured pictures in color/")


def _read_splits(folder: Path) -> list[Pair]:
    """List the pairs of the subfolders that are named for a split; an index in `train/` may name another."""
    pairs = []
    for entry in sorted(entry for entry in folder.iterdir() if not entry.name.startswith(".")):
        split = SPLITS.get(entry.name.lower())
        if entry.is_dir() and split:
            found = [_prefix_names(pair, entry.name) for pair in read_folder(entry)]
            pairs += [
                dataclasses.replace(pair, split=split) if pair.split == TRAIN else pair for pair in found
            ]
        elif (entry.is_dir() and not is_result_folder(entry)) or is_picture(entry):
            _log.warning("%s: left out; next to folders for training, only val/ and test/ are read", entry)
    return pairs


def _read_colors(folder: Path) -> list[Pair]:
    """List the colour pictures of a folder and its subfolders; a subfolder is a group."""
    pairs: dict[str, Pair] = {}
    for path in list_pictures(folder, recursive=True, onerror=_raise):
        place = path.relative_to(folder).parent
        key = (place / path.stem).as_posix()
        if key in pairs:
            raise DataError(f"{path}: a second picture of the same name as {pairs[key].color.name}")
        group = place.as_posix() if place.parts else key
        pairs[key] = Pair(id=key, color=path, line=None, group=group, palette=key)
    if not pairs:
        packed = list_archives(folder)
        hint = f"unpack {packed[0]} first" if packed else "put PNG, JPEG or WebP pictures there"
        raise DataError(f"{folder}: no pictures in it or in its subfolders; {hint}")
    return list(pairs.values())


def _raise(error: OSError) -> None:
    raise error
