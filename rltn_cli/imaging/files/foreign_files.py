"""Files that are not pictures which can be read here: recognised by their first bytes, and named."""

import re


class ForeignFileError(Exception):
    """A file that may be intact, but is of a kind that is not read; says what it is and what to do."""


_SEVERAL = "export it as PNG"
_PAGE = "a web page that was saved under this name; download the picture itself"
_VIDEO = "a video; save one of its frames as PNG"
_RAW = "a camera's raw file; develop it to TIFF or JPEG"
_ARCHIVE = "unpack it"

_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (rb"version https://git-lfs", "a pointer of Git LFS and not the picture itself; run git lfs pull"),
    (rb"(?i)<!doctype html|<html|<head|<body|<script", _PAGE),
    (rb"(?is)(<\?xml.{0,400}?|<!--.{0,400}?|<!doctype )?<?svg\b", f"an SVG drawing; {_SEVERAL}"),
    (rb"(?is)<\?xml.{0,400}<(!doctype )?html", _PAGE),
    (rb"%PDF-", "a PDF; export its page as PNG or TIFF"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript drawing; export it as PNG"),
    (rb"CSFCHUNK", "a drawing of Clip Studio Paint (.clip); export it as PSD or PNG"),
    (rb"SAI-CANVAS", f"a drawing of PaintTool SAI; {_SEVERAL}"),
    (rb"mdipack", f"a drawing of MediBang or FireAlpaca (.mdp); {_SEVERAL}"),
    (rb"gimp xcf", f"a drawing of GIMP (.xcf); {_SEVERAL}"),
    (rb"\x00\xffKA", f"a document of Affinity; {_SEVERAL}"),
    (rb"PDN3", f"a drawing of Paint.NET; {_SEVERAL}"),
    (rb"Paint Shop Pro Image File", f"a drawing of PaintShop Pro; {_SEVERAL}"),
    (rb"(?s).{4}\xe0\xa5", f"a drawing of Aseprite; {_SEVERAL}"),
    (rb"BLENDER", "a scene of Blender; render it to PNG"),
    (rb"\x76\x2f\x31\x01", "an OpenEXR picture; save it as a TIFF of 16 bits"),
    (rb"#\?(RADIANCE|RGBE)", "a Radiance HDR picture; save it as a TIFF of 16 bits"),
    (rb"DDS ", f"a DirectDraw surface (.dds); {_SEVERAL}"),
    (rb"qoif", f"a QOI picture; {_SEVERAL}"),
    (rb"II\xbc\x01", f"a JPEG XR picture; {_SEVERAL}"),
    (rb"\x00\x00\x01\x00[\x01-\x20]\x00", f"an icon (.ico); {_SEVERAL}"),
    (rb"AT&TFORM", "a DjVu document; export its page as PNG"),
    (rb"\x01\x00\x00\x00.{36} EMF|\xd7\xcd\xc6\x9a", f"a Windows metafile; {_SEVERAL}"),
    (rb"FUJIFILMCCD-RAW|II\*\x00.{4}CR\x02|II(RO|RS|U\x00)|MMOR", _RAW),
    (rb"(?s).{4}ftypcrx ", _RAW),
    (rb"(?s).{4}ftyp(isom|iso[2-9]|mp4|avc1|M4V|qt  |3gp|dash|MSNV)", _VIDEO),
    (rb"(?s)\x1aE\xdf\xa3|RIFF.{4}AVI |.{4}(moov|mdat)", _VIDEO),
    (rb"PK\x03\x04|PK\x05\x06", f"a ZIP archive; {_ARCHIVE}"),
    (rb"Rar!|7z\xbc\xaf|\x1f\x8b|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd", f"an archive; {_ARCHIVE}"),
    (rb"\xd0\xcf\x11\xe0", "a document of an office program; export the picture from it"),
)  # fmt: skip
"""Regular expressions of how files begin, after white space and a byte order mark, and what they are."""

_PATTERNS = tuple((re.compile(beginning), name) for beginning, name in _BEGINNINGS)
_LOOKED_AT = 1500


def name_foreign(data: bytes) -> str | None:
    """Return what a file is that is not a picture, and what to do about it; None if it is not recognised.

    Args:
        data: the file, or its first 1,500 bytes.
    """
    start = data[:_LOOKED_AT]
    if not start:
        return "the file is empty; its download or copy was cut off"
    if not start.strip(b"\0"):
        return "the file contains only zeros; its download or copy was cut off"
    for candidate in (start, start.removeprefix(b"\xef\xbb\xbf").lstrip()):
        for pattern, name in _PATTERNS:
            if pattern.match(candidate):
                return name
    return None
