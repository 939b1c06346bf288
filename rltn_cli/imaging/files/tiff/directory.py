"""Directories of TIFFs: what a file says of its pages (TIFF 6.0, BigTIFF)."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from PIL.TiffTags import TAGS, TAGS_V2

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIPS, CHANNELS, STRIP_HEIGHT, STRIP_BYTES, PLANAR = 273, 277, 278, 279, 284
PREDICTOR, TILE_WIDTH, TILE_HEIGHT, TILES, TILE_BYTES = 317, 322, 323, 324, 325
EXTRA_SAMPLES, KIND, RAW_PHOTO = 338, 339, 50706
NONE, LZW, DEFLATE, OLD_DEFLATE, PACKBITS = 1, 5, 8, 32946, 32773

_SIZES = {
    kind: size for size, kinds in ((1, (1, 2, 6, 7)), (2, (3, 8)), (4, (4, 9, 11, 13))) for kind in kinds
}
_SIZES |= dict.fromkeys((5, 10, 12, 16, 17, 18), 8)
"""Bytes of a value by its kind."""
_CODES = {1: "B", 3: "H", 4: "I", 5: "2I", 6: "b", 7: "B", 8: "h", 9: "i", 13: "I", 16: "Q", 18: "Q"}
_NUMBERS = {WIDTH, HEIGHT, COMPRESSION, PHOTOMETRIC, CHANNELS, STRIP_HEIGHT, PLANAR, PREDICTOR}
"""Tags of one whole number."""
_TEXT, _TEXT_KINDS, _WHOLE = 2, (1, 2, 7), (1, 3, 4, 16)
_PRIVATE = 32_768
_MOST_PAGES = 4096
_KINDS = {1: "u", 2: "i", 3: "f", 4: "u"}


@dataclass(frozen=True, slots=True)
class Directory:
    """What a TIFF says of one page."""

    order: str
    """`<` or `>`, the order of bytes."""
    tags: Mapping[int, tuple[int, ...]]
    """Tags that hold whole numbers, bytes or fractions (two numbers each)."""

    def get(self, tag: int, default: int) -> int:
        """Return a tag's first value."""
        return self.tags.get(tag, (default,))[0]

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return self.get(HEIGHT, 0), self.get(WIDTH, 0)

    @property
    def channels(self) -> int:
        """Channels, including those in addition to the colours."""
        return self.get(CHANNELS, 1)

    @property
    def bits(self) -> int:
        """Bits of a sample; 0 where channels differ."""
        values = set(self.tags.get(BITS, (1,)))
        return values.pop() if len(values) == 1 else 0

    @property
    def kind(self) -> str:
        """`u` for whole numbers, `i` for those with a sign, `f` for floats; empty for others."""
        values = set(self.tags.get(KIND, (1,)))
        return _KINDS.get(values.pop(), "") if len(values) == 1 else ""

    def describe(self) -> str:
        """Return what a page holds, in words."""
        kind = {"u": "", "i": " with a sign", "f": " of floating point"}.get(self.kind, " of several kinds")
        return f"{self.channels} channels of {self.bits or 'differing'} bits{kind}"


def read_directories(data: bytes) -> list[Directory]:
    """Return the pages of a TIFF or BigTIFF.

    Raises:
        ValueError, struct.error: it is not a TIFF, or is damaged.
    """
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 8:
        raise ValueError("no TIFF")
    version = struct.unpack_from(order + "H", data, 2)[0]
    big = version == 43
    if version not in (42, 43):
        raise ValueError("no TIFF")
    place = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)[0]
    pages: list[Directory] = []
    seen: set[int] = set()
    while place and place not in seen and len(pages) < _MOST_PAGES:
        seen.add(place)
        tags, place = _read_directory(data, place, order, big)
        pages.append(Directory(order, tags))
    return pages


def _read_directory(data: bytes, place: int, order: str, big: bool) -> tuple[dict[int, tuple[int, ...]], int]:
    """Return a page's tags, and the place of the next page or 0."""
    count = struct.unpack_from(order + ("Q" if big else "H"), data, place)[0]
    place += 8 if big else 2
    entry, short = (20, 8) if big else (12, 4)
    if place + entry * count > len(data):
        raise ValueError("a directory is cut short")
    tags: dict[int, tuple[int, ...]] = {}
    for at in range(place, place + entry * count, entry):
        tag, kind = struct.unpack_from(order + "2H", data, at)
        number = struct.unpack_from(order + ("Q" if big else "I"), data, at + 4)[0]
        value_at = at + entry - short
        size = number * _SIZES.get(kind, 0)
        if size > short:
            value_at = struct.unpack_from(order + ("Q" if big else "I"), data, value_at)[0]
        _check_tag(tag, kind, number)
        if kind in _CODES and size:
            if value_at + size > len(data):
                raise ValueError("a directory points past the end of the file")
            code = _CODES[kind]
            number *= int(code[:-1] or 1)
            tags[tag] = struct.unpack_from(f"{order}{number}{code[-1]}", data, value_at)
    end = place + entry * count
    following = data[end : end + short]
    if len(following) < short:
        return tags, 0
    return tags, struct.unpack(order + ("Q" if big else "I"), following)[0]


def _check_tag(tag: int, kind: int, number: int) -> None:
    """Refuse tags that no program writes: they are others with a changed byte."""
    known = TAGS_V2.get(tag)
    if tag < _PRIVATE and known is None and tag not in TAGS:
        raise ValueError(f"tag {tag} is unknown")
    texts = known is not None and known.type == _TEXT
    if (texts and kind not in _TEXT_KINDS) or (tag in _NUMBERS and (kind not in _WHOLE or number != 1)):
        raise ValueError(f"tag {tag} is of the wrong kind")
