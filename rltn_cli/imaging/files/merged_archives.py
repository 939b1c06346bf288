"""OpenRaster and Krita: archives that hold the merged picture as PNG in addition to the layers."""

import io
import zipfile
import zlib

from rltn_cli.imaging.files.foreign_files import ForeignFileError, name_foreign
from rltn_cli.imaging.files.formats import PAINTING_MEDIA_TYPE

_MERGED = "mergedimage.png"
_MEDIA_TYPES = {b"image/openraster": "OpenRaster", b"application/x-krita": "Krita"}
_MOST = 1 << 30


def merged_png(data: bytes) -> bytes:
    """Return the merged picture of an OpenRaster or Krita file.

    Raises:
        ForeignFileError: it is another archive, or holds no merged picture.
        ValueError: it is damaged.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if "Document.archive" in names:
                raise ForeignFileError("a drawing of Procreate; export it as PSD or PNG")
            media_type = archive.read("mimetype").strip() if "mimetype" in names else b""
            if media_type == PAINTING_MEDIA_TYPE:
                raise ForeignFileError("a saved painting; finish it to a picture with rltn colorize")
            kind = _MEDIA_TYPES.get(media_type)
            if kind is None:
                raise ForeignFileError(name_foreign(b"PK\x03\x04"))
            if _MERGED not in names:
                raise ForeignFileError(
                    f"a {kind} drawing without its merged picture; export it as PNG or PSD"
                )
            if archive.getinfo(_MERGED).file_size > _MOST:
                raise ForeignFileError(f"a {kind} drawing larger than 1 GiB; save it smaller")
            return archive.read(_MERGED)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, KeyError) as error:
        raise ValueError(str(error)) from error
