"""Saved paintings, `.rltn`: a ZIP archive of PNG, safetensors and JSON that every finish can be made from.

    mimetype             application/x-rltn-painting, stored first and without compression
    painting.json        `Description`
    drawing.png          the artist's pixels on white, 8 or 16 bits
    grey.png             the same in grey, as the network saw it
    alpha.png            only where results get the drawing's alpha back
    reference-1.png ...  the references, as the network saw them
    arrays.safetensors   the network's picture, the warped reference, the attention on the palette's colours,
                         which colours touch, matches and confidence, regions, palette

Reading trusts nothing: names that are not these are refused, and none is ever used as a path; sizes are
compared with the description before anything is decoded; numbers are checked before they are used.
"""

import io
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from rltn_cli import __version__
from rltn_cli.config_files import to_json
from rltn_cli.errors import OutputError, PaintingError, RltnError, UsageError
from rltn_cli.imaging.colors.evidence import Clues
from rltn_cli.imaging.colors.palette import Palette
from rltn_cli.imaging.files.encoding import encode_picture
from rltn_cli.imaging.files.formats import PAINTING_MEDIA_TYPE, PAINTING_SUFFIX, PNG
from rltn_cli.imaging.files.pictures import MAX_BYTES
from rltn_cli.imaging.margins import Box
from rltn_cli.imaging.regions.region_map import known_regions
from rltn_cli.output_files import check_file as check_output_file
from rltn_cli.output_files import write_file
from rltn_cli.painting.archives import add_file
from rltn_cli.painting.arrays import pack_arrays
from rltn_cli.painting.description import (
    StoredOptions,
    damaged,
    find_fault,
    new_description,
)
from rltn_cli.painting.finish import FinishOptions
from rltn_cli.painting.painting import Matches, Painting
from rltn_cli.painting.region_edits import check_edits
from rltn_cli.painting.stored import ARRAYS, DAMAGE, DESCRIPTION, GREY, RGB, Stored

_END = struct.Struct("<4s4H2LH")
"""The record that ends an archive: signature, disks, entries, size and place of the directory, comment."""
_MOST_DIRECTORY = 1 << 17


def is_saved_painting(path: str | Path) -> bool:
    """Return whether a file's name is that of a saved painting."""
    return Path(path).suffix.lower() == PAINTING_SUFFIX


def check_saving(path: Path, overwrite: bool = False) -> None:
    """Check, before any work is done, that a painting can be saved under a name.

    Raises:
        UsageError: the name has another suffix.
        OutputError: it cannot be written there.
    """
    if not is_saved_painting(path):
        raise UsageError(f"{path}: paintings are saved as {PAINTING_SUFFIX}")
    check_output_file(path, overwrite)


def save_painting(
    path: Path, painting: Painting, options: FinishOptions | None = None, *, overwrite: bool = False
) -> None:
    """Save a painting.

    Args:
        path: ends in `.rltn`; appears whole or not at all.
        painting: with its attention and matches.
        options: how it was finished, taken up again when it is opened.
        overwrite: whether an existing file may be replaced.

    Raises:
        UsageError, OutputError: it cannot be saved.
    """
    check_saving(path, overwrite)
    write_file(path, encode_painting(painting, options or FinishOptions(), str(path)), overwrite=overwrite)


def encode_painting(painting: Painting, options: FinishOptions, name: str = "painting") -> bytes:
    """Return a painting as the bytes of a file; arguments as in `save_painting`."""
    seen, matches = painting.seen, painting.matches
    assert seen.attention is not None and seen.contacts is not None and matches is not None
    share = painting.share_of(options.gap)
    box = painting.figure
    described = new_description(
        program=__version__,
        size=painting.size,
        depth=8 * painting.ink.dtype.itemsize,
        alpha=painting.alpha is not None,
        dpi=painting.dpi,
        figure=None if box is None else (box.top, box.bottom, box.left, box.right),
        network=seen.colors.shape[:2],
        references=tuple(picture.shape[:2] for picture in painting.references),
        colors=len(seen.palette),
        gap=share,
        origin=painting.origin,
        options=StoredOptions.of(options),
    )
    if (reason := find_fault(described)) is not None:
        raise OutputError(f"{name}: the painting cannot be saved: {reason}")
    arrays: dict[str, NDArray[Any]] = {
        "colors": seen.colors,
        "warped": seen.warped,
        "attention": seen.attention,
        "contacts": seen.contacts,
        "confidence": matches.confidence,
        "matches": matches.places,
        "regions": painting.regions(options.gap).labels,
        "palette": seen.palette.colors,
    }
    files = {"drawing": painting.ink, "grey": painting.grey}
    if painting.alpha is not None:
        files["alpha"] = painting.alpha
    files |= {f"reference-{number}": picture for number, picture in enumerate(painting.references, 1)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        add_file(archive, "mimetype", PAINTING_MEDIA_TYPE)
        add_file(archive, DESCRIPTION, to_json(described).encode(), packed=True)
        for file, pixels in files.items():
            add_file(archive, f"{file}.png", encode_picture(pixels, PNG))
        add_file(archive, ARRAYS, pack_arrays(arrays), packed=True)
    return buffer.getvalue()


def open_painting(path: Path) -> tuple[Painting, FinishOptions]:
    """Open a saved painting, without the network and without PyTorch.

    Returns:
        (painting, options): how it was finished when it was saved.

    Raises:
        PaintingError: it is missing, damaged, of another kind, or of a newer version.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PaintingError(f"{path}: larger than a saved painting can be")
        data = path.read_bytes()
    except OSError as error:
        raise PaintingError(f"{path}: cannot be read ({error.strerror or error})") from error
    return decode_painting(data, str(path))


def read_options(path: Path) -> FinishOptions:
    """Return how a saved painting was finished, and read nothing large; errors as `open_painting`."""
    try:
        with zipfile.ZipFile(path) as archive:
            return Stored(archive, str(path)).described.options.options()
    except OSError as error:
        raise PaintingError(f"{path}: cannot be read ({error.strerror or error})") from error
    except PaintingError:
        raise
    except (*DAMAGE, RltnError) as error:
        raise damaged(str(path), str(error) or "unreadable") from error


def decode_painting(data: bytes, name: str = "painting") -> tuple[Painting, FinishOptions]:
    """Read a saved painting from the bytes of its file; see `open_painting`.

    Args:
        data: the file.
        name: what to call it in messages.
    """
    if not data.startswith(b"PK\x03\x04"):
        raise PaintingError(f"{name}: not a painting that rltn saved")
    signature, *_, directory, _, _ = _END.unpack(data[-_END.size :].ljust(_END.size))
    if signature != b"PK\5\6" or directory > _MOST_DIRECTORY:
        raise damaged(name, "its end is missing")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            stored = Stored(archive, name)
            options = stored.described.options.options()
            check_edits(options.edits, stored.described.size)
            return _assemble(stored), options
    except PaintingError:
        raise
    except (*DAMAGE, RltnError) as error:
        raise damaged(name, str(error) or "unreadable") from error


def _clues(arrays: Mapping[str, NDArray[Any]]) -> Clues:
    """Return what the network says, from the arrays."""
    colors, warped, attention, contacts = (
        arrays[name] for name in ("colors", "warped", "attention", "contacts")
    )
    return Clues(colors, warped, Palette(arrays["palette"]), attention, contacts)


def _assemble(stored: Stored) -> Painting:
    """Put a painting together from its files."""
    described = stored.described
    size, depth = described.size, described.depth
    arrays = stored.arrays()
    grey = stored.picture("grey", size, 8, GREY)
    references = tuple(
        stored.picture(f"reference-{number}", shape, 8, RGB)
        for number, shape in enumerate(described.references, 1)
    )
    return Painting(
        stored.picture("drawing", size, depth, RGB),
        grey,
        stored.picture("alpha", size, depth, GREY) if described.alpha else None,
        described.dpi,
        None if described.figure is None else Box(*described.figure),
        _clues(arrays),
        references,
        Matches(arrays["matches"], arrays["confidence"]),
        described.origin,
        {described.gap: known_regions(arrays["regions"], grey)},
    )
