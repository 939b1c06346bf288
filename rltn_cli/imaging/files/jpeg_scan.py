"""JPEGs that are cut short or damaged inside: they have no checksums, and Pillow ignores most damage."""

import re
import struct

from rltn_cli.imaging.files.libjpeg_warnings import warning_about

NO_END = "its last bytes are missing; the picture is complete"
_END = b"\xff\xd9"
_SCAN = 0xDA
_ALONE = {0x01, *range(0xD0, 0xD9)}
"""Markers without a length."""
_AFTER_SCAN = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
_SURPLUS = re.compile(r"(\d+) extraneous bytes before marker 0x(..)")
_IN_SCANS = {"c4", "d9", "da", *(f"d{number}" for number in range(8))}


def find_scans(data: bytes) -> tuple[list[tuple[int, int]], bool]:
    """Return where the scans of a JPEG begin and end, and whether its end marker is there.

    Raises:
        ValueError, struct.error: its segments are invalid.
    """
    scans: list[tuple[int, int]] = []
    place = 2
    while place + 2 <= len(data):
        marker = data[place + 1]
        if data[place] != 0xFF:
            raise ValueError("a marker is missing")
        if marker == _END[1]:
            return scans, True
        if marker == 0xFF or marker in _ALONE:
            place += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", data, place + 2)
        place += 2 + length
        if marker == _SCAN:
            found = _AFTER_SCAN.search(data, place)
            end = found.start() if found else len(data)
            scans.append((place, end))
            place = end
    return scans, False


def complete(data: bytes) -> tuple[bytes, bool]:
    """Return a JPEG with its end marker, and whether that had to be added.

    Raises:
        ValueError, struct.error: its segments are invalid.
    """
    _, ended = find_scans(data)
    return (data, False) if ended else (data.removesuffix(b"\xff") + _END, True)


def check_scans(data: bytes) -> None:
    """Check that a JPEG's scans are valid and hold its whole picture.

    A wrong bit that leaves the number of codes unchanged makes another picture of it, and cannot be detected.

    Args:
        data: the file, with its end marker.

    Raises:
        ValueError: they do not.
    """
    warning = warning_about(data)
    if warning is None:
        return
    surplus = _SURPLUS.match(warning)
    if surplus is None:
        raise ValueError(warning)
    scans, _ = find_scans(data)
    end = scans[-1][1] if scans else 0
    filler = data[max(0, end - int(surplus[1])) : end]
    padded = surplus[2] == "d9" and len(set(filler.replace(b"\xff\x00", b"\xff"))) <= 1
    if surplus[2] in _IN_SCANS and not padded:  # some cameras pad with one value
        raise ValueError(warning)
