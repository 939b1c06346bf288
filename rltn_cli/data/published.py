"""The paper's data sets as they are published: CelebAMask-HQ, Anime Sketch Colorization Pair, MetFaces."""

import logging
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from rltn_cli.data.file_headers import file_fault, header_size
from rltn_cli.data.pairs import Pair, pictures_by_stem
from rltn_cli.errors import DataError

ARCHIVES = frozenset({".zip", ".tar", ".gz", ".tgz", ".7z", ".rar"})
CELEBAHQ_TRAIN, CELEBAHQ_VAL = 24_000, 6_000
ASCP_TRAIN, ASCP_VAL = 14_224, 3_545
METFACES_TRAIN, METFACES_VAL = 1_069, 267
"""Pictures of the splits (RLTN, table 1)."""

_IMAGES, _MASKS = "CelebA-HQ-img", "CelebAMask-HQ-mask-anno"
_MASKS_A_FOLDER = 2_000
"""Figures whose part masks lie in one of CelebAMask-HQ's numbered folders."""
_log = logging.getLogger(__name__)


def read_celebahq(path: Path) -> list[Pair]:
    """Read CelebAMask-HQ: lines are the contours of the merged part masks; split by number (RLTN, table 1).

    `CelebA-HQ-img/ID.jpg` and `CelebAMask-HQ-mask-anno/0..14/IIIII_part.png`, as CelebAMask-HQ.zip unpacks.

    Raises:
        DataError: pictures or masks are not there, not unpacked, or those of one split are missing.
    """
    root = _root(path, "celebahq", _IMAGES)
    found = {int(stem): file for stem, file in pictures_by_stem(root / _IMAGES).items() if stem.isdecimal()}
    if not found:
        raise DataError(
            f"{root / _IMAGES}: no pictures named 0.jpg to 29999.jpg; unpack CelebAMask-HQ.zip again"
        )
    _probe("CelebA-HQ", [found[min(found)], found[max(found)]], sides=1)
    if not (root / _MASKS).is_dir():
        raise DataError(
            f"{root}: no folder {_MASKS}/, whose masks give the lines; unpack the whole of CelebAMask-HQ.zip"
        )
    masked = _masked_figures(root / _MASKS, sorted({number // _MASKS_A_FOLDER for number in found}))
    bare = sorted(set(found) - masked)
    if bare:
        files = _some(f"{number}.jpg" for number in bare)
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
            masks=root / _MASKS / str(number // _MASKS_A_FOLDER) / f"{number:05d}",
        )
        for number in sorted(set(found) & masked)
    ]
    return _complete("celebahq", root, pairs, CELEBAHQ_TRAIN, CELEBAHQ_VAL)


def read_ascp(path: Path) -> list[Pair]:
    """Read Anime Sketch Colorization Pair: 1024x512, colours left and sketch right, in train/ and val/.

    Raises:
        DataError: a split is not there or empty, or its pictures are not side by side.
    """
    root = _root(path, "ascp", "train")
    pairs = []
    for split in ("train", "val"):
        if not (root / split).is_dir():
            raise DataError(f"{root}: has train/ but no {split}/; unpack the whole of the data set's archive")
        files = pictures_by_stem(root / split)
        if not files:
            raise DataError(f"{root / split}: no pictures in it; unpack the data set's archive again")
        names = sorted(files)
        _probe("ASCP", [files[names[0]], files[names[-1]]], sides=2)
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
                beside=True,
            )
            for name in names
        ]
    return _complete("ascp", root, pairs, ASCP_TRAIN, ASCP_VAL)


def read_metfaces(path: Path) -> list[Pair]:
    """Read MetFaces: `images/OBJECT-FACE.png`; the first 1,069 by name are trained on; lines by HED.

    Faces of one work of art are a group. The paper names the sizes of its splits and not their members.

    Raises:
        DataError: the pictures are not there, or only the unprocessed ones are.
    """
    root = _root(path, "metfaces", "images")
    files = pictures_by_stem(root / "images")
    names = sorted(name for name in files if re.fullmatch(r"\d+-\d\d", name))
    if not names:
        raise DataError(
            f"{root / 'images'}: no pictures named like 11713-00.png; MetFaces' images/ belongs here"
        )
    _probe("MetFaces", [files[names[0]], files[names[-1]]], sides=1)
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
    return _complete("metfaces", root, pairs, METFACES_TRAIN, METFACES_VAL)


def archives_in(folder: Path) -> list[str]:
    """Return the names of packed files of a folder."""
    return sorted(entry.name for entry in folder.iterdir() if entry.suffix.lower() in ARCHIVES)


def _root(path: Path, recipe: str, marker: str) -> Path:
    """Return the folder that holds the folder `marker`: the one named, or at most two below it."""
    if not path.is_dir():
        packed = path.is_file() and path.suffix.lower() in ARCHIVES
        what = "is packed; unpack it and name the folder" if packed else "there is no such folder"
        raise DataError(f"{recipe}:{path}: {what}")
    if path.name == marker:
        return path.parent
    folders = [path]
    for _ in range(3):
        for folder in folders:
            if (folder / marker).is_dir():
                return folder
        folders = [below for folder in folders for below in _folders_in(folder)]
    packed_files = archives_in(path)
    there = ", ".join(f"{folder.name}/" for folder in _folders_in(path)[:5]) or "no folders"
    hint = f"unpack {packed_files[0]} first" if packed_files else f"it holds {there}"
    raise DataError(f"{recipe}:{path}: no folder {marker}/ in it or in its folders; {hint}")


def _folders_in(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        names = [e.name for e in entries if e.is_dir() and not e.name.startswith((".", "__MACOSX"))]
    return [folder / name for name in sorted(names)]


def _masked_figures(folder: Path, numbers: Sequence[int]) -> set[int]:
    """Return the numbers of the figures that have at least one part mask.

    Raises:
        DataError: a numbered folder that these pictures need is missing.
    """
    missing = [number for number in numbers if not (folder / str(number)).is_dir()]
    if missing:
        raise DataError(
            f"{folder}: no folders {_some(f'{number}/' for number in missing)} of its 0/ to 14/; "
            "unpack CelebAMask-HQ.zip again"
        )
    found: set[int] = set()
    for number in numbers:
        with os.scandir(folder / str(number)) as entries:
            figures = [entry.name.partition("_") for entry in entries]
        found |= {int(figure) for figure, _, part in figures if part and figure.isdecimal()}
    return found


def _probe(name: str, files: Iterable[Path], sides: int) -> None:
    """Look at some pictures of a data set, so that a false download is named at once.

    Raises:
        DataError: a file that is no picture, or that is not `sides` times as wide as high.
    """
    for file in files:
        fault = file_fault(file)
        size = header_size(file)
        if fault or size is None:
            raise DataError(f"{file}: {fault or 'not a picture that can be read'}; download {name} again")
        height, width = size
        if width != sides * height:
            shape = "square" if sides == 1 else f"{sides} times as wide as high"
            raise DataError(
                f"{file} is {width}x{height}, but pictures of {name} are {shape}; this is another set"
            )


def _complete(recipe: str, root: Path, pairs: list[Pair], train: int, val: int) -> list[Pair]:
    """Check that both splits are there, and say how many of the published pictures are missing."""
    for split, wanted in (("train", train), ("val", val)):
        count = sum(pair.split == split for pair in pairs)
        if not count:
            raise DataError(
                f"{recipe}:{root}: none of the {wanted:,} pictures of its {split} is there; download all"
            )
        if count < wanted:
            _log.warning(
                "%s:%s: %s of the %s pictures of the split %s are there; figures will not be the paper's",
                recipe, root, f"{count:,}", f"{wanted:,}", split,
            )  # fmt: skip
    return pairs


def _some(names: Iterable[str]) -> str:
    """Return the first few names, and how many there are."""
    listed = list(names)
    more = f" and {len(listed) - 3:,} more" if len(listed) > 3 else ""
    return ", ".join(listed[:3]) + more
