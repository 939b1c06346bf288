"""Face parts as CelebAMask-HQ publishes them, one mask per file, merged into one label map."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltn_cli.errors import PictureError
from rltn_cli.imaging.files.pictures import read_picture
from rltn_cli.imaging.pixels import Bytes

FACE_PARTS = (
    "skin", "nose", "eye_g", "l_eye", "r_eye", "l_brow", "r_brow", "l_ear", "r_ear", "mouth", "u_lip",
    "l_lip", "hair", "hat", "ear_r", "neck_l", "neck", "cloth",
)  # fmt: skip
"""The parts in the order in which the data set's own script merges them; where two overlap, the later wins.

A part's label is its place in this list, from 1; 0 is the background (Lee et al., 2020)."""

_PART_FILE = re.compile(rf"(?P<figure>.+)_(?P<part>{'|'.join(FACE_PARTS)})\.png", re.IGNORECASE)


def group_parts(paths: Iterable[Path]) -> tuple[dict[Path, dict[str, Path]], list[Path]]:
    """Sort files into the part masks of figures, named like `00012_hair.png`, and others.

    Args:
        paths: files; they need not exist.

    Returns:
        (figures, others): for each figure, by its folder and number (`0/00012`), its files by part; and the
        files that are named otherwise, in their order.
    """
    figures: dict[Path, dict[str, Path]] = {}
    others = []
    for path in paths:
        match = _PART_FILE.fullmatch(path.name)
        if match:
            figures.setdefault(path.parent / match["figure"], {})[match["part"].lower()] = path
        else:
            others.append(path)
    return figures, others


def read_parts(files: Mapping[str, Path]) -> Bytes:
    """Read the part masks of one figure and merge them.

    Args:
        files: by part, a name of `FACE_PARTS`; parts that are missing are skipped, as in the data set.

    Returns:
        (H, W) labels from 0 to 18.

    Raises:
        PictureError: no part, a part that cannot be read, or parts that differ in size.
    """
    masks = {}
    for part in sorted(files, key=FACE_PARTS.index):
        picture = read_picture(files[part])
        masks[part] = picture.flatten().max(axis=2) > 0
        first = next(iter(masks))
        if masks[part].shape != masks[first].shape:
            height, width = masks[first].shape
            raise PictureError(
                f"{files[part]}: {picture.size[1]}x{picture.size[0]}, but {files[first]} has "
                f"{width}x{height}; masks of one figure have one size"
            )
    return merge_parts(masks)


def merge_parts(masks: Mapping[str, NDArray[Any]]) -> Bytes:
    """Merge part masks in the published order.

    Args:
        masks: by part, a name of `FACE_PARTS`: (H, W), where not 0 the part is.

    Returns:
        (H, W) labels from 0 to 18.

    Raises:
        PictureError: no mask, or a name that is not a part.
    """
    unknown = sorted(set(masks) - set(FACE_PARTS))
    if unknown or not masks:
        raise PictureError(
            f"face masks: {', '.join(unknown) or 'there is none'}; parts are {', '.join(FACE_PARTS)}"
        )
    labels = np.zeros(next(iter(masks.values())).shape, np.uint8)
    for label, part in enumerate(FACE_PARTS, start=1):
        if part in masks:
            labels[masks[part] != 0] = label
    return labels
