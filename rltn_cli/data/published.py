"""The paper's data sets as published: CelebAMask-HQ, Anime Sketch Colorization Pair, and MetFaces."""

import logging
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from rltn_cli.data.file_headers import find_file_fault, read_header_size
from rltn_cli.data.pairs import Pair, pictures_by_stem
from rltn_cli.errors import DataError

ARCHIVES = frozenset({".zip", ".tar", ".gz", ".tgz", ".7z", ".rar"})
CELEBAHQ_TRAIN, CELEBAHQ_VAL = 24_000, 6_000
ASCP_TRAIN, ASCP_VAL = 14_224, 3_545
METFACES_TRAIN, METFACES_VAL = 1_069, 267
"""Pictures of the splits (RLTN, table 1)."""

_IMAGES, _MASKS = "CelebA-HQ-img", "CelebAMask-HQ-mask-anno"
_MASKS_PER_FOLDER = 2_000
"""Number of pictures whose part masks lie in each of CelebAMask-HQ's numbered folders."""
_log = logging.getLogger(__name__)


def read_celebahq(path: Path) -> list[Pair]:
    """Read CelebAMask-HQ: lines are the contours of the merged part masks; split by number (RLTN, table 1).

    The files are `CelebA-HQ-img/ID.jpg` and `CelebAMask-HQ-mask-anno/0..14/IIIII_part.png`, as unpacked from
    CelebAMask-HQ.zip.

    Raises:
        DataError: pictures or masks are missing or not unpacked, or those of one split are missing.
    """
    root = _find_root(path, "celebahq", _IMAGES)
    found = {int(stem): file for stem, file in pictures_by_stem(root / _IMAGES).items() if stem.isdecimal()}
    if not found:
        raise DataError(
            f"{root / _IMAGES}: no pictures named 0.jpg to 29999.jpg; unpack CelebAMask-HQ.zip again"
        )
    _check_some("CelebA-HQ", [found[min(found)], found[max(found)]], sides=1)
    if not (root / _MASKS).is_dir():
        raise DataError(
            f"{root}: no folder {_MASKS}/, whose masks give the lines; unpack the whole of CelebAMask-HQ.zip"
        )
    masked = _find_masked(root / _MASKS, sorted({number // _MASKS_PER_FOLDER for number in found}))
    bare = sorted(set(found) - masked)
    if bare:
        files = _list_some(f"{number}.jpg" for number in bare)
        if len(bare) == len(found):
            raise DataError(
                f"{root / _MASKS}: no mask for any picture ({files}); unpack CelebAMask-HQ.zip again"
            )
        _log.warning("%s: no mask for %s; these are left out", root / _MASKS, files)
    pairs = [
        Pair(
            id=f"{number:05d}",
            color=found[number],
            line=None,
            split="train" if number < CELEBAHQ_TRAIN else "val",
            source="celebahq",
            license="CelebAMask-HQ, non-commercial research",
            group=f"{number:05d}",
            palette=f"{number:05d}",
            masks=root / _MASKS / str(number // _MASKS_PER_FOLDER) / f"{number:05d}",
        )
        for number in sorted(set(found) & masked)
    ]
    return _check_complete("celebahq", root, pairs, CELEBAHQ_TRAIN, CELEBAHQ_VAL)


def read_ascp(path: Path) -> list[Pair]:
    """Read Anime Sketch Colorization Pair: 1024x512, colours left and sketch right, in train/ and val/.

    Raises:
        DataError: a split is missing or empty, or its pictures do not hold both side by side.
    """
    root = _find_root(path, "ascp", "train")
    pairs = []
    for split in ("train", "val"):
        if not (root / split).is_dir():
            raise DataError(f"{root}: has train/ but no {split}/; unpack the whole of the data set's archive")
        files = pictures_by_stem(root / split)
        if not files:
            raise DataError(f"{root / split}: no pictures in it; unpack the data set's archive again")
        names = sorted(files)
        _check_some("ASCP", [files[names[0]], files[names[-1]]], sides=2)
        pairs += [
            Pair(
                id=f"{split}-{name}",
                color=files[name],
                line=None,
                split=split,
                source="ascp",
                group=f"{split}-{name}",
                palette=f"{split}-{name}",
                native_line=True,
                beside="right",
            )
            for name in names
        ]
    return _check_complete("ascp", root, pairs, ASCP_TRAIN, ASCP_VAL)


def read_metfaces(path: Path) -> list[Pair]:
    """Read MetFaces: `images/OBJECT-FACE.png`; the first 1,069 by name are for training; lines by HED.

    Faces of one work of art are a group. The paper gives the sizes of its splits but not their members.

    Raises:
        DataError: the pictures are missing, or only the unprocessed ones are there.
    """
    root = _find_root(path, "metfaces", "images")
    files = pictures_by_stem(root / "images")
    names = sorted(name for name in files if re.fullmatch(r"\d+-\d\d", name))
    if not names:
        raise DataError(
            f"{root / 'images'}: no pictures named like 11713-00.png; MetFaces' images/ belongs here"
        )
    _check_some("MetFaces", [files[names[0]], files[names[-1]]], sides=1)
    train = len(names) * METFACES_TRAIN // (METFACES_TRAIN + METFACES_VAL)
    pairs = [
        Pair(
            id=name,
            color=files[name],
            line=None,
            split="train" if place < train else "val",
            source="metfaces",
            license="CC-BY-NC-2.0",
            group=name.partition("-")[0],
            palette=name,
            method="hed",
        )
        for place, name in enumerate(names)
    ]
    return _check_complete("metfaces", root, pairs, METFACES_TRAIN, METFACES_VAL)


def list_archives(folder: Path) -> list[str]:
    """Return the names of the archives in a folder."""
    return sorted(entry.name for entry in folder.iterdir() if entry.suffix.lower() in ARCHIVES)


def _find_root(path: Path, recipe: str, marker: str) -> Path:
    """Return the folder that contains the folder `marker`: the one named, or one at most two levels below."""
    if not path.is_dir():
        packed = path.is_file() and path.suffix.lower() in ARCHIVES
        what = "is an archive; unpack it and name the folder" if packed else "there is no such folder"
        raise DataError(f"{recipe}:{path}: {what}")
    if path.name == marker:
        return path.parent
    folders = [path]
    for _ in range(3):
        for folder in folders:
            if (folder / marker).is_dir():
                return folder
        folders = [below for folder in folders for below in _folders_in(folder)]
    packed_files = list_archives(path)
    there = ", ".join(f"{folder.name}/" for folder in _folders_in(path)[:5]) or "no folders"
    hint = f"unpack {packed_files[0]} first" if packed_files else f"it contains {there}"
    raise DataError(f"{recipe}:{path}: no folder {marker}/ in it or in its subfolders; {hint}")


def _folders_in(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        names = [e.name for e in entries if e.is_dir() and not e.name.startswith((".", "__MACOSX"))]
    return [folder / name for name in sorted(names)]


def _find_masked(folder: Path, numbers: Sequence[int]) -> set[int]:
    """Return the numbers of the pictures that have at least one part mask.

    Raises:
        DataError: a numbered folder with masks of these pictures is missing.
    """
    missing = [number for number in numbers if not (folder / str(number)).is_dir()]
    if missing:
        raise DataError(
            f"{folder}: no folders {_list_some(f'{number}/' for number in missing)} of its 0/ to 14/; "
            "unpack CelebAMask-HQ.zip again"
        )
    found: set[int] = set()
    for number in numbers:
        with os.scandir(folder / str(number)) as entries:
            figures = [entry.name.partition("_") for entry in entries]
        found |= {int(figure) for figure, _, part in figures if part and figure.isdecimal()}
    return found


def _check_some(name: str, files: Iterable[Path], sides: int) -> None:
    """Look at some pictures of a data set, so that a wrong download is reported at once.

    Raises:
        DataError: a file that is not a picture, or that is not `sides` times as wide as high.
    """
    for file in files:
        fault = find_file_fault(file)
        size = read_header_size(file)
        if fault or size is None:
            raise DataError(f"{file}: {fault or 'not a readable picture'}; download {name} again")
        height, width = size
        if width != sides * height:
            shape = "square" if sides == 1 else f"{sides} times as wide as high"
            raise DataError(
                f"{file} is {width}x{height}, but pictures of {name} are {shape}; this is another data set"
            )


def _check_complete(recipe: str, root: Path, pairs: list[Pair], train: int, val: int) -> list[Pair]:
    """Check that both splits are there, and warn if published pictures are missing."""
    for split, wanted in (("train", train), ("val", val)):
        count = sum(pair.split == split for pair in pairs)
        if not count:
            raise DataError(
                f"{recipe}:{root}: none of the {wanted:,} pictures of split {split} is there; download all"
            )
        if count < wanted:
            _log.warning(
                "%s:%s: %s of the %s pictures of split %s are there; results will differ from the paper's",
                recipe, root, f"{count:,}", f"{wanted:,}", split,
            )  # fmt: skip
    return pairs


def _list_some(names: Iterable[str]) -> str:
    """Return the first few names, and how many more there are."""
    names = list(names)
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
