"""PackBits, the run lengths of PSD and TIFF, decoded strictly: what does not fit exactly is damage."""

import numpy as np
from PIL import Image

from rltn_cli.imaging.pixels import Bytes


def count_bytes(data: bytes) -> int:
    """Return how many bytes packed ones give; -1 where they end within a code. One may be left over."""
    place = given = 0
    while place < len(data):
        code = data[place]
        if code > 128:
            place, given = place + 2, given + 257 - code
        elif code < 128:
            if place + 1 == len(data):
                return given
            place, given = place + 2 + code, given + code + 1
        else:
            place += 1
    return given if place == len(data) else -1


def unpack_rows(data: bytes, length: int) -> bytes:
    """Unpack one run of bytes.

    Args:
        data: packed.
        length: bytes that it must give.

    Raises:
        ValueError: it gives more or fewer.
    """
    if count_bytes(data) != length:
        raise ValueError("its packed rows do not fit their size")
    return unpack(data, length)


def unpack(data: bytes, length: int) -> bytes:
    """Unpack bytes whose rows were checked."""
    return Image.frombytes("L", (length, 1), data, "packbits", "L").tobytes()


def check_rows(
    data: Bytes,
    starts: np.ndarray[tuple[int], np.dtype[np.int64]],
    ends: np.ndarray[tuple[int], np.dtype[np.int64]],
    lengths: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> None:
    """Follow the runs of many packed rows side by side.

    Args:
        data: all of them.
        starts: (N,) where each begins.
        ends: (N,) where each ends.
        lengths: (N,) bytes that each must give.

    Raises:
        ValueError: a row ends within a run, or gives more or fewer bytes.
    """
    places, given = starts.copy(), np.zeros_like(starts)
    while (open_rows := np.flatnonzero(places < ends)).size:
        codes = data[places[open_rows]].astype(np.int64)
        repeated = codes > 128
        skipped = codes == 128
        given[open_rows] += np.where(skipped, 0, np.where(repeated, 257 - codes, codes + 1))
        places[open_rows] += np.where(skipped, 1, np.where(repeated, 2, codes + 2))
    if (places != ends).any() or (given != lengths).any():
        raise ValueError("its packed rows do not fit their size")
