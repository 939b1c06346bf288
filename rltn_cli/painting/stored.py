"""The files in a saved painting, read one by one; none is larger or other than its description says."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.errors import PaintingError
from rltn_cli.imaging.files.formats import PAINTING_MEDIA_TYPE
from rltn_cli.imaging.files.integrity import check_file
from rltn_cli.imaging.files.opencv_log import quiet_opencv
from rltn_cli.imaging.pixels import Pixels
from rltn_cli.painting.arrays import largest_file, unpack_arrays
from rltn_cli.painting.description import Description, damaged, parse_description

DESCRIPTION, ARRAYS = "painting.json", "arrays.safetensors"
GREY, RGB = 0, 2
"""PNG's colour types."""
DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, RuntimeError, KeyError, IndexError,
    NotImplementedError, cv2.error,
)  # fmt: skip
"""What reading a damaged archive raises."""
_MOST_JSON = 1 << 21


class Stored:
    """The files of an archive, by the names that are expected."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._archive, self._name = archive, name
        names = archive.namelist()
        if "mimetype" not in names or self._read("mimetype", 100).strip() != PAINTING_MEDIA_TYPE:
            raise PaintingError(f"{name}: not a painting that rltn saved")
        self.described: Description = parse_description(self._read(DESCRIPTION, _MOST_JSON), name)
        wanted = {"mimetype", DESCRIPTION, ARRAYS, *self._pictures()}
        if len(names) != len(wanted) or set(names) != wanted:
            raise damaged(name, "its files are not those that its description names")

    def _pictures(self) -> Iterator[str]:
        yield from ("drawing.png", "grey.png")
        if self.described.alpha:
            yield "alpha.png"
        yield from (f"reference-{number}.png" for number in range(1, len(self.described.references) + 1))

    def _read(self, file: str, most: int) -> bytes:
        """Return a file's bytes, at most `most` of them."""
        entry = self._archive.getinfo(file)
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.flag_bits & 1:
            raise ValueError(f"{file} is compressed in an unknown way")
        if entry.file_size > most:
            raise ValueError(f"{file} is larger than it can be")
        return self._archive.read(entry)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays, with their numbers checked."""
        specs = self.described.specs()
        found = unpack_arrays(self._read(ARRAYS, largest_file(specs)), specs)
        for name, array in found.items():
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise ValueError(f"its array {name} holds values that are not numbers")
        for name in ("colors", "warped", "attention", "contacts"):
            if found[name].min() < 0 or found[name].max() > 1.001:
                raise ValueError(f"its array {name} is out of range")
        regions = found["regions"]
        if regions.min() < 1 or regions.max() > regions.size:
            raise ValueError("its regions are out of range")
        if not np.bincount(regions.reshape(-1))[1:].all():
            raise ValueError("its regions are not numbered one after the other")
        sides = np.array([(1, 1), *self.described.references], np.int64)
        number, rows, columns = np.moveaxis(found["matches"], 2, 0)
        if number.min() < 0 or number.max() >= len(sides) - 1 or min(rows.min(), columns.min()) < 0:
            raise ValueError("its matches are out of range")
        if (rows >= sides[number + 1, 0]).any() or (columns >= sides[number + 1, 1]).any():
            raise ValueError("its matches are out of range")
        return found

    def picture(self, name: str, size: tuple[int, int], depth: int, kind: int) -> Pixels:
        """Return a picture, which must have a size (H, W), a depth and a colour type."""
        channels = 3 if kind == RGB else 1
        raw = size[0] * size[1] * channels * depth // 8
        data = self._read(f"{name}.png", 2 * raw + (1 << 20))
        if data[12:16] != b"IHDR" or struct.unpack_from(">IIBB", data, 16) != (*size[::-1], depth, kind):
            raise ValueError(f"{name}.png is not as the description says")
        if check_file("PNG", data):
            raise ValueError(f"{name}.png lacks its end")
        with quiet_opencv():
            pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        shape = (*size, 3) if kind == RGB else size
        if pixels is None or pixels.shape != shape or pixels.dtype.itemsize != depth // 8:
            raise ValueError(f"{name}.png cannot be decoded")
        return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB) if kind == RGB else pixels
