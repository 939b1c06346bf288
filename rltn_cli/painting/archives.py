"""ZIP archives that are the same bytes whenever they are written."""

import zipfile

_WRITTEN = (2024, 1, 1, 0, 0, 0)
_LEVEL = 3


def add_file(archive: zipfile.ZipFile, name: str, data: bytes, *, packed: bool = False) -> None:
    """Add a file to an archive.

    Args:
        archive: open for writing.
        name: in the archive.
        data: the file.
        packed: whether to deflate it; PNG files are packed already.
    """
    entry = zipfile.ZipInfo(name, _WRITTEN)
    entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    archive.writestr(entry, data, compresslevel=_LEVEL)
