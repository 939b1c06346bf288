"""What a user names as data: a folder of pairs, a folder of colour pictures, or a published data set."""

import dataclasses
import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rltn_cli.data.pairs import Pair, read_pairs
from rltn_cli.data.published import archives_in, read_ascp, read_celebahq, read_metfaces
from rltn_cli.errors import DataError
from rltn_cli.imaging.formats import is_picture

SPLITS: Mapping[str, str] = {
    "train": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}
"""Names of folders that say which split their pictures are of."""
_OTHER_COLOR = ("colour", "colors", "colours", "colored", "coloured")
_OTHER_LINE = ("line", "lines", "lineart", "sketch", "sketches")
_SIGNS: Mapping[str, str] = {"CelebA-HQ-img": "celebahq", "metfaces.json": "metfaces", "colorgram": "ascp"}
"""What a published data set is recognised by when it is named without its recipe."""
_log = logging.getLogger(__name__)


def read_data(specs: Sequence[str]) -> list[Pair]:
    """List the pairs of everything that was named.

    A folder with `color/` holds pairs (see `read_pairs`). Another folder holds colour pictures alone, whose
    lines are extracted: the pictures of one subfolder are a group. In both, folders `train/` and `val/` say
    the split. `RECIPE:PATH` is a published data set, RECIPE one of `RECIPES`.

    Args:
        specs: folders and recipes. Of several, ids, groups and palettes begin with the folder's name, so that
            equal names in two folders are not taken for one another.

    Returns:
        The pairs in the order of the specs; those without a source have the folder's name as source.

    Raises:
        DataError: nothing named, something named twice, an unknown recipe, or a folder that cannot be used.
    """
    if not specs:
        raise DataError("no data; name a folder of pictures to train on")
    named: dict[str, list[Pair]] = {}
    places: set[Path] = set()
    for spec in specs:
        reader, path = _reader(spec)
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
    return [_prefixed(pair, label) for label, members in named.items() for pair in members]


def read_folder(folder: Path) -> list[Pair]:
    """List the pairs of a folder: of pairs, of colour pictures alone, or of `train/` and `val/` of these.

    Raises:
        DataError: no such folder, nothing in it to train on, or a folder that looks like something else.
    """
    if not folder.is_dir():
        packed = folder.is_file() and "is a file; unpack it if it is packed, and name a folder of pictures"
        raise DataError(f"{folder}: {packed or 'there is no such folder'}")
    if (folder / "color").is_dir():
        return read_pairs(folder)
    _refuse_other_layouts(folder)
    if (folder / "train").is_dir():
        return _read_splits(folder)
    return _read_colors(folder)


def read_openlines(path: Path) -> list[Pair]:
    """List the pairs of openlines: a folder of pairs whose every part is there.

    Raises:
        DataError: pictures, lines or the index are missing.
    """
    return _read_complete("openlines", path)


def _read_complete(recipe: str, path: Path) -> list[Pair]:
    """List the pairs of a folder that has every part of a recipe."""
    if not path.is_dir():
        raise DataError(f"{recipe}:{path}: there is no such folder")
    for part, what in (
        ("color", "the pictures"),
        ("line", "the line art"),
        ("index.csv", "splits and groups"),
    ):
        if not (path / part).exists():
            raise DataError(f"{recipe}:{path}: {part} is missing, which holds {what}; copy the whole folder")
    pairs = read_pairs(path)
    bare = [pair.id for pair in pairs if pair.line is None]
    if bare:
        raise DataError(
            f"{recipe}:{path}: no line art line/{bare[0]}.* ({len(bare):,} missing); copy the whole folder"
        )
    return pairs


def read_openposes(path: Path) -> list[Pair]:
    """List the pairs of openposes: as openlines, and with `coords/`, which not every picture has.

    Raises:
        DataError: pictures, lines, coords or the index are missing.
    """
    if not (path / "coords").is_dir():
        raise DataError(
            f"openposes:{path}: coords is missing, which holds places on figures; copy the whole folder"
        )
    return _read_complete("openposes", path)


RECIPES: Mapping[str, Callable[[Path], list[Pair]]] = {
    "openlines": read_openlines,
    "openposes": read_openposes,
    "celebahq": read_celebahq,
    "ascp": read_ascp,
    "metfaces": read_metfaces,
}
"""Published data sets by the name that stands before the colon."""


def _reader(spec: str) -> tuple[Callable[[Path], list[Pair]], Path]:
    """Return who reads what was named, and the folder; the letter of a drive is no recipe."""
    name, colon, rest = spec.partition(":")
    if colon and name.lower() in RECIPES and not Path(spec).exists():
        if not rest:
            raise DataError(f"{spec}: name the folder after the colon, as in {name}:PATH")
        return RECIPES[name.lower()], Path(rest).expanduser()
    if re.fullmatch(r"[A-Za-z]\w+", name) and colon and not Path(spec).exists():
        raise DataError(f"{spec}: no recipe is called {name}; recipes are {', '.join(RECIPES)}")
    return read_folder, Path(spec).expanduser()


def _prefixed(pair: Pair, label: str) -> Pair:
    """Return a pair whose names cannot be those of a pair of another folder."""
    return dataclasses.replace(
        pair,
        id=f"{label}/{pair.id}",
        group=f"{label}/{pair.group or pair.id}",
        palette=f"{label}/{pair.palette or pair.id}",
    )


def _refuse_other_layouts(folder: Path) -> None:
    """Raise DataError where a folder was not meant as colour pictures alone."""
    for sign, recipe in _SIGNS.items():
        if (folder / sign).exists():
            raise DataError(f"{folder}: this is a published data set; name it as {recipe}:{folder}")
    below = {entry.name.lower(): entry.name for entry in folder.iterdir() if entry.is_dir()}
    colors = [below[name] for name in _OTHER_COLOR if name in below]
    lines = [below[name] for name in _OTHER_LINE if name in below]
    if lines and colors:
        raise DataError(
            f"{folder}: has {colors[0]}/ and {lines[0]}/; name them color/ and line/, which hold pairs"
        )
    if lines:
        raise DataError(f"{folder}: has {lines[0]}/ but no color/; put the coloured pictures in color/")


def _read_splits(folder: Path) -> list[Pair]:
    """List the pairs of the folders that are named for a split."""
    pairs = []
    for entry in sorted(entry for entry in folder.iterdir() if not entry.name.startswith(".")):
        split = SPLITS.get(entry.name.lower())
        if entry.is_dir() and split:
            found = [_prefixed(pair, entry.name) for pair in read_folder(entry)]
            pairs += [dataclasses.replace(pair, split=split) for pair in found]
        elif entry.is_dir() or is_picture(entry):
            _log.warning("%s: left out; beside train/ only val/ and test/ are read", entry)
    return pairs


def _read_colors(folder: Path) -> list[Pair]:
    """List the colour pictures of a folder and of those below it; a subfolder is a group."""
    pairs: dict[str, Pair] = {}
    for parent, below, files in os.walk(folder, onerror=_raise):
        below[:] = sorted(name for name in below if not name.startswith((".", "__MACOSX")))
        place = Path(parent).relative_to(folder)
        for name in sorted(files):
            path = Path(parent, name)
            if not is_picture(path) or name.startswith("."):
                continue
            key = (place / path.stem).as_posix()
            if key in pairs:
                raise DataError(f"{path}: a second picture of that name beside {pairs[key].color.name}")
            group = place.as_posix() if place.parts else key
            pairs[key] = Pair(id=key, color=path, line=None, group=group, palette=key)
    if not pairs:
        packed = archives_in(folder)
        hint = f"unpack {packed[0]} first" if packed else "put PNG, JPEG or WebP pictures there"
        raise DataError(f"{folder}: no pictures in it or in its folders; {hint}")
    return list(pairs.values())


def _raise(error: OSError) -> None:
    raise error
