"""Extracted line art, kept on disk: each picture is extracted once for each way to do it."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from rltn_cli.data.pairs import EXTRACTION_SIDE, Pair, reduced
from rltn_cli.errors import DataError, PictureError
from rltn_cli.imaging.encoding import encode_picture
from rltn_cli.imaging.formats import PNG
from rltn_cli.imaging.pictures import read_bytes, read_picture
from rltn_cli.imaging.pixels import Bytes, to_eight_bit
from rltn_cli.output_files import make_folder, write_file

_VERSION = "1"
"""Of what lies between the file and the extractor; a change of it makes older entries unused."""


class LineCache:
    """Lines of colour pictures, extracted when first asked for and kept in a folder.

    An entry's name is the SHA-256 of the colour file's bytes and of everything that decides the result, so a
    picture that changed, or another method, is another entry; a renamed or copied picture is the same one.
    Entries appear whole or not at all, so several processes may share a folder.
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
            folder: for the entries; made when the first is written.
            extract: from a colour picture, uint8 RGB (H, W, 3), to its lines, uint8 (H, W), black on white.
            settings: all that decides what `extract` returns, in a text that is always the same for it.
            longest: longer side in pixels to which larger pictures are reduced before.
        """
        self.folder = folder
        self._extract = extract
        self._key = f"{_VERSION}\n{longest}\n{settings}\n".encode()
        self._longest = longest

    def lines(self, pair: Pair) -> Bytes:
        """Return the lines of a pair's colour picture, from the folder if they are there.

        Returns:
            (H, W) uint8, black lines on white, in the picture's proportions.

        Raises:
            DataError: the picture cannot be read.
            OutputError: the entry cannot be written.
        """
        data = self._data(pair)
        entry = self._entry(data)
        kept = _read_entry(entry)
        return self._extracted(pair, data, entry) if kept is None else kept

    def _extracted(self, pair: Pair, data: bytes, entry: Path) -> Bytes:
        """Extract the lines of a picture's bytes, and keep them."""
        try:
            picture = read_picture(data, name=str(pair.color))
        except PictureError as error:
            raise DataError(str(error)) from error
        lines = self._extract(reduced(to_eight_bit(picture.flattened()), self._longest))
        self._keep(entry, lines)
        return lines

    def fill(self, pairs: Sequence[Pair], progress: Callable[[int], None] | None = None) -> int:
        """Extract the lines of those of the pairs that have none and are not in the folder yet.

        Extraction then runs once and here, not in processes that load pictures while training.

        Args:
            pairs: any pairs.
            progress: called with the number of pairs that are done, after each.

        Returns:
            How many were extracted.

        Raises:
            DataError: a picture cannot be read.
            OutputError: an entry cannot be written.
        """
        extracted = 0
        for done, pair in enumerate(pairs, start=1):
            if not pair.has_lines:
                data = self._data(pair)
                entry = self._entry(data)
                if not entry.is_file():
                    self._extracted(pair, data, entry)
                    extracted += 1
            if progress:
                progress(done)
        return extracted

    def _data(self, pair: Pair) -> bytes:
        try:
            return read_bytes(pair.color)
        except PictureError as error:
            raise DataError(str(error)) from error

    def _entry(self, data: bytes) -> Path:
        """Return the file of the lines of a picture's bytes."""
        digest = hashlib.sha256(self._key + data).hexdigest()
        return self.folder / digest[:2] / f"{digest}.png"

    def _keep(self, entry: Path, lines: Bytes) -> None:
        make_folder(entry.parent)
        write_file(entry, encode_picture(lines, PNG), overwrite=True)


def _read_entry(path: Path) -> Bytes | None:
    """Return an entry's lines; None where there is none, or where its file was damaged."""
    if not path.is_file():
        return None
    try:
        return to_eight_bit(read_picture(path).pixels[..., 0])
    except PictureError:
        return None
