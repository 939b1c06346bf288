"""Which picture serves as reference for which: the most similar one, or one of the same group and palette."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from rltn_cli.data.pairs import Pair
from rltn_cli.imaging.pixels import Bytes, Floats

THUMBNAIL = 8
"""Height and width in pixels at which pictures are compared (RLTN, section 3.1)."""
_CHUNK = 1024
"""Pictures that are compared with all others at once; bounds the memory."""


def thumbnail(color: Bytes) -> Floats:
    """Return the picture (H, W, 3) at 8x8, as a vector (192,) of length 1; zeros for a black picture."""
    small = cv2.resize(color, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)
    vector = small.reshape(-1).astype(np.float32)
    return vector / max(float(np.linalg.norm(vector)), 1e-6)


def nearest(thumbnails: Floats) -> npt.NDArray[np.int64]:
    """Return for each picture the most similar other one, by cosine similarity at 8x8 (RLTN, section 3.1).

    Args:
        thumbnails: (N, 192) float32, rows from `thumbnail`; N at least 2.

    Returns:
        (N,) int64 indices; of several equally similar pictures (to a millionth) the first.

    Raises:
        ValueError: fewer than two pictures.
    """
    count = len(thumbnails)
    if count < 2:
        raise ValueError(f"the most similar other picture needs at least two pictures, not {count}")
    best = np.empty(count, np.int64)
    for start in range(0, count, _CHUNK):
        similarity = np.round(thumbnails[start : start + _CHUNK] @ thumbnails.T, 6)
        rows = np.arange(len(similarity))
        similarity[rows, start + rows] = -np.inf
        best[start : start + _CHUNK] = similarity.argmax(axis=1)
    return best


def find_group_mates(pairs: Sequence[Pair]) -> list[list[int]]:
    """Return for each pair the others of its split, group and palette: references that show its true colours.

    Args:
        pairs: any pairs; one without a group or a palette has no mates.

    Returns:
        One list of indices into `pairs` for each pair, in the order of the pictures' ids.
    """
    members: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for index in sorted(range(len(pairs)), key=lambda index: pairs[index].id):
        pair = pairs[index]
        if pair.group and pair.palette:
            members[pair.split, pair.group, pair.palette].append(index)
    return [
        [mate for mate in members.get((pair.split, pair.group, pair.palette), ()) if mate != index]
        for index, pair in enumerate(pairs)
    ]


def choose_group_mates(pairs: Sequence[Pair], *, seed: int = 0) -> list[int | None]:
    """Choose one of each pair's `find_group_mates`.

    The choice depends on the seed, the picture's id and the ids of its mates alone, so it is the same for
    every method and on every machine.

    Returns:
        One index into `pairs` for each pair; None where it has no mate.
    """
    return [
        mates[hash_to_number(f"{seed}:{pair.id}") % len(mates)] if mates else None
        for pair, mates in zip(pairs, find_group_mates(pairs), strict=True)
    ]


def hash_to_number(text: str) -> int:
    """Return a number that looks random, but is always the same for the same text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
