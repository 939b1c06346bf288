"""The picture formats: one table that reading, writing, folders and `--format` all follow.

A format that Pillow reads and writes well enough needs only its row; an encoder of our own is named in
`rltn_cli.imaging.files.encoding`. Nothing heavy is imported here, so that commands can show what there is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rltn_cli.errors import OutputError

STANDARD_STREAM = "-"
"""Names standard input or output where a path is asked for."""
PAINTING_SUFFIX = ".rltn"
"""The suffix of a saved painting, which is not a picture but can be finished into one."""
PAINTING_MEDIA_TYPE = b"application/x-rltn-painting"


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """The properties of a picture format."""

    name: str
    """The name that users see."""
    codec: str
    """Pillow's name of the codec, or a similar name if the reader is our own."""
    suffixes: tuple[str, ...]
    """Suffixes of its files, in lower case; files in folders are recognised by them."""
    written: tuple[str, ...] = ()
    """Those of `suffixes` that a result may have, the usual one first; none where it is only read."""
    alpha: bool = False
    """Whether transparency is written; otherwise pictures are laid on white paper."""
    deep: bool = False
    """Whether 16 bits per channel are written, by an encoder of our own; otherwise 8."""
    profile: bool = False
    """Whether colours are tagged sRGB."""
    largest_side: int | None = None
    """Largest side in pixels, for formats with a low limit."""
    options: Mapping[str, object] = field(default_factory=dict)
    """Options for Pillow's encoder: quality and compression."""
    package: str = ""
    """The package that must be installed to read it."""
    several: str = ""
    """What a file may contain several of, `frames` or `pages`; only the first is read."""


PNG = PictureFormat(
    "PNG", "PNG", (".png", ".apng"), (".png",), alpha=True, deep=True, profile=True, several="frames"
)
FORMATS: tuple[PictureFormat, ...] = (
    PNG,
    PictureFormat(
        "JPEG",
        "JPEG",
        (".jpg", ".jpeg", ".jpe", ".jfif"),
        (".jpg", ".jpeg"),
        profile=True,
        largest_side=65_500,
        options={"quality": 95, "subsampling": 0},  # thin coloured lines keep their colours
    ),
    PictureFormat("GIF", "GIF", (".gif",), several="frames"),
    PictureFormat(
        "WebP",
        "WEBP",
        (".webp",),
        (".webp",),
        alpha=True,
        profile=True,
        largest_side=16_383,
        options={"lossless": True, "quality": 40, "method": 2},
        several="frames",
    ),
    PictureFormat(
        "TIFF",
        "TIFF",
        (".tif", ".tiff"),
        (".tif", ".tiff"),
        alpha=True,
        deep=True,
        profile=True,
        options={"compression": "tiff_adobe_deflate"},
        several="pages",
    ),
    PictureFormat("BMP", "BMP", (".bmp",), (".bmp",)),
    PictureFormat("PSD", "PSD", (".psd", ".psb")),
    PictureFormat("OpenRaster", "ORA", (".ora",)),
    PictureFormat("Krita", "KRA", (".kra",)),
    PictureFormat("TGA", "TGA", (".tga",)),
    PictureFormat("PPM", "PPM", (".ppm", ".pgm", ".pbm", ".pnm")),
    PictureFormat("AVIF", "AVIF", (".avif",), several="frames"),
    PictureFormat("JPEG 2000", "JPEG2000", (".jp2", ".j2k", ".jpx")),
    PictureFormat("HEIC", "HEIF", (".heic", ".heif", ".hif"), package="pillow-heif"),
    PictureFormat("JPEG XL", "JXL", (".jxl",), package="pillow-jxl-plugin"),
)
"""A closed list, because some other readers of Pillow's start programs; they are tried in this order."""


def is_picture(path: str | Path) -> bool:
    """Return whether a file has the suffix of a readable picture format."""
    return _find(path) is not None


def is_picture_file(path: Path) -> bool:
    """Return whether a path in a folder is a picture by its name, and a file: not a folder, pipe or device.

    A link that leads nowhere counts as a file, so that it is reported as missing and not skipped.
    """
    return is_picture(path) and (path.is_file() or not path.exists())


def written_suffixes() -> tuple[str, ...]:
    """Return the suffixes that a result may have."""
    return tuple(suffix for row in FORMATS for suffix in row.written)


def formats_with_alpha() -> str:
    """Return the formats that transparency can be written in, in words: `PNG, WebP or TIFF`."""
    *names, last = [row.name for row in FORMATS if row.written and row.alpha]
    return f"{', '.join(names)} or {last}"


def format_of_output(path: str | Path) -> PictureFormat:
    """Return the format that a result's name asks for.

    Raises:
        OutputError: no format that can be written has this suffix.
    """
    if str(path) == STANDARD_STREAM:
        return PNG
    found = _find(path)
    if found is None or Path(path).suffix.lower() not in found.written:
        known = ", ".join(written_suffixes())
        raise OutputError(f"{path}: unknown picture format; end the name in one of {known}")
    return found


def codecs() -> list[str]:
    """Return Pillow's names of what may be read, in the order in which they are tried."""
    return [row.codec for row in FORMATS]


def of_codec(codec: str | None) -> PictureFormat | None:
    """Return the format with a certain name of Pillow's codec."""
    return next((row for row in FORMATS if row.codec == codec), None)


def _find(path: str | Path) -> PictureFormat | None:
    """Return the format of a file's suffix."""
    suffix = Path(path).suffix.lower()
    return next((row for row in FORMATS if suffix in row.suffixes), None)
