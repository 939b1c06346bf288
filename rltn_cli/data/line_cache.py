"""Extracted line art on disk: each picture is extracted only once per method."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from rltn_cli.data.pairs import EXTRACTION_SIDE, Pair, limit_size
from rltn_cli.errors import DataError, PictureError
from rltn_cli.imaging.files.encoding import encode_picture
from rltn_cli.imaging.files.formats import PNG
from rltn_cli.imaging.files.pictures import read_bytes, read_picture
from rltn_cli.imaging.pixels import Bytes, to_eight_bit
from rltn_cli.output_files import make_folder, write_file

_VERSION = "1"
"""Version of what happens between file and extractor; after a change older entries are not used."""


class LineCache:
    """Lines of colour pictures, extracted when first requested and kept in a folder.

    An entry's name is the SHA-256 of the colour file's bytes and of everything that decides the result. A
    picture that was changed, and another method, therefore have entries of their own; renamed or copied
    pictures share one. Entries appear whole or not at all, so that several processes may share a folder.
    """

    def __init__(
        self,
        folder: Path,
        extract: Callable[[Bytes], Bytes],
        settings: str,
        *,
        longest: int = EXTRACTION_SIDE,
    ) -> None:
        """Prepare the cache; nothing is read or written yet.

        Args:
            folder: for the entries; created when the first is written.
            extract: from a colour picture, uint8 RGB (H, W, 3), to its lines, uint8 (H, W), black on white.
            settings: everything that decides what `extract` returns, always in the same words.
            longest: pixels on the longer side, to which larger pictures are reduced first.
        """
        self.folder = folder
        self._extract = extract
        self._key = f"{_VERSION}\n{longest}\n{settings}\n".encode()
        self._longest = longest

    def lines(self, pair: Pair) -> Bytes:
        """Return the lines of a pair's colour picture, from the folder if it has them.

        Returns:
            (H, W) uint8, black lines on white, in the picture's proportions.

        Raises:
            DataError: the picture cannot be read.
            OutputError: the entry cannot be written.
        """
        data = _read_color(pair)
        entry = self._entry(data)
        kept = _read_entry(entry)
        return self._extract_and_keep(pair, data, entry) if kept is None else kept

    def _extract_and_keep(self, pair: Pair, data: bytes, entry: Path) -> Bytes:
        """Extract the lines of a picture from its bytes, and keep them."""
        try:
            picture = read_picture(data, name=str(pair.color))
        except PictureError as error:
            raise DataError(str(error)) from error
        lines = self._extract(limit_size(to_eight_bit(picture.flatten()), self._longest))
        self._keep(entry, lines)
        return lines

    def fill(self, pairs: Sequence[Pair], progress: Callable[[int], None] | None = None) -> int:
        """Extract the lines of pairs that have none, unless the folder has them already.

        Extraction then runs here, once, and not in the processes that load pictures while training.

        Args:
            pairs: any pairs.
            progress: called after each pair with the number of pairs done.

        Returns:
            How many were extracted.

        Raises:
            DataError: a picture cannot be read.
            OutputError: an entry cannot be written.
        """
        extracted = 0
        for done, pair in enumerate(pairs, start=1):
            if not pair.has_lines:
                data = _read_color(pair)
                entry = self._entry(data)
                if not entry.is_file():
                    self._extract_and_keep(pair, data, entry)
                    extracted += 1
            if progress:
                progress(done)
        return extracted

    def _entry(self, data: bytes) -> Path:
        """Return the file that keeps the lines of a picture, given by its bytes."""
        digest = hashlib.sha256(self._key + data).hexdigest()
        return self.folder / digest[:2] / f"{digest}.png"

    def _keep(self, entry: Path, lines: Bytes) -> None:
        make_folder(entry.parent)
        write_file(entry, encode_picture(lines, PNG), overwrite=True)


def _read_color(pair: Pair) -> bytes:
    """Return the bytes of a pair's colour picture."""
    try:
        return read_bytes(pair.color)
    except PictureError as error:
        raise DataError(str(error)) from error


def _read_entry(path: Path) -> Bytes | None:
    """Return an entry's lines; None if there is no entry, or if its file is damaged."""
    if not path.is_file():
        return None
    try:
        return to_eight_bit(read_picture(path).pixels[..., 0])
    except PictureError:
        return None
