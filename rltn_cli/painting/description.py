"""What a saved painting says of itself: the JSON in it, checked before anything large is read."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from rltn_cli.choices import Finish, Lines
from rltn_cli.config_files import from_mapping
from rltn_cli.errors import ConfigError, PaintingError
from rltn_cli.imaging.colors.palette_files import parse_palette
from rltn_cli.imaging.files.pictures import MAX_PIXELS
from rltn_cli.imaging.regions.region_map import map_size
from rltn_cli.painting.arrays import Spec
from rltn_cli.painting.finish import FinishOptions
from rltn_cli.painting.fixes import parse_fixes
from rltn_cli.painting.painting import Origin
from rltn_cli.painting.region_edits import parse_edit
from rltn_cli.sizes import PATCH, PICTURE_SHORTEST, SIDE_MAXIMUM

FORMAT = 2
"""Version of the files; raised when an older program could not read them. Version 1 had no edits."""
_KIND = "rltn painting"
_MOST_REFERENCES = 256
_MOST_COLORS = 256
_MOST_NETWORK_PIXELS = 8 * SIDE_MAXIMUM**2
_MOST_REFERENCE_PIXELS = 1 << 26


@dataclass(frozen=True, slots=True)
class StoredOptions:
    """`FinishOptions` as plain values."""

    finish: Finish
    lines: Lines
    gap: float | None
    palette: tuple[str, ...] | None
    """Hex values."""
    fixes: tuple[str, ...]
    """As on a command line."""
    fix_alike: bool
    transparent_paper: bool
    edits: tuple[str, ...]
    """As `RegionEdit` writes them."""

    @classmethod
    def of(cls, options: FinishOptions) -> "StoredOptions":
        """Return options as plain values."""
        palette = None if options.palette is None else tuple(options.palette.hexes)
        fixes = tuple(map(str, options.fixes))
        return cls(
            options.finish, options.lines, options.gap, palette, fixes, options.fix_alike,
            options.transparent_paper, tuple(map(str, options.edits)),
        )  # fmt: skip

    def options(self) -> FinishOptions:
        """Return the options.

        Raises:
            UsageError: a value out of range.
        """
        palette = None if self.palette is None else parse_palette(",".join(self.palette))
        options = FinishOptions(
            self.finish, self.lines, self.gap, palette, parse_fixes(self.fixes), self.fix_alike,
            self.transparent_paper, tuple(map(parse_edit, self.edits)),
        )  # fmt: skip
        options.check()
        return options


@dataclass(frozen=True, slots=True)
class Description:
    """What `painting.json` says."""

    kind: str
    format: int
    program: str
    """The version of rltn that wrote it."""
    size: tuple[int, int]
    """(H, W) of the drawing."""
    depth: int
    """Bits of a channel, 8 or 16."""
    alpha: bool
    """Whether the drawing's alpha is restored in results."""
    dpi: tuple[float, float] | None
    figure: tuple[int, int, int, int] | None
    """Top, bottom, left and right of what the network saw; None for all."""
    network: tuple[int, int]
    """(h, w) of the network's picture."""
    references: tuple[tuple[int, int], ...]
    """(H', W') of each."""
    colors: int
    """How many the palette has."""
    gap: float
    """Which was closed when the regions were found, as a share of the shorter side."""
    origin: Origin
    options: StoredOptions

    def specs(self) -> dict[str, Spec]:
        """Return the types and the shapes of the arrays."""
        grid = tuple(-(-side // PATCH) for side in self.network)
        return {
            "colors": ("F32", (*self.network, 3)),
            "warped": ("F32", (*self.network, 3)),
            "attention": ("F32", (*grid, self.colors)),
            "contacts": ("F32", (self.colors, self.colors)),
            "confidence": ("F32", grid),
            "matches": ("I32", (*grid, 3)),
            "regions": ("I32", map_size(self.size)),
            "palette": ("U8", (self.colors, 3)),
        }


def parse_description(text: bytes, name: str) -> Description:
    """Read and check what a saved painting says of itself.

    Args:
        text: JSON.
        name: what to call the file in messages.

    Raises:
        PaintingError: it is damaged, of another kind, or of a newer version.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise damaged(name, "its description is not JSON") from error
    if not isinstance(values, dict) or values.get("kind") != _KIND:
        raise PaintingError(f"{name}: not a painting that rltn saved")
    version = values.get("format")
    if type(version) is int and version > FORMAT:
        raise PaintingError(
            f"{name}: saved by a newer rltn (format {version}, this one reads {FORMAT}); update rltn"
        )
    if type(version) is not int or not 1 <= version <= FORMAT:
        raise damaged(name, "its format has no number that is known")
    if version == 1 and isinstance(options := values.get("options"), dict):
        options.setdefault("edits", [])
    _check_keys(values, name)
    try:
        described = from_mapping(Description, values, "its description")
    except (ConfigError, TypeError) as error:
        raise damaged(name, str(error)) from error
    if (reason := find_fault(described)) is not None:
        raise damaged(name, reason)
    return described


def damaged(name: str, reason: str) -> PaintingError:
    """Return the error for a file that is not whole."""
    return PaintingError(f"{name}: damaged or cut short ({reason}); save it again with --save")


def new_description(**values: Any) -> Description:
    """Return a description of this version."""
    return Description(kind=_KIND, format=FORMAT, **values)


def _check_keys(values: Mapping[str, Any], name: str) -> None:
    """Refuse a description that lacks a key; unknown ones are refused anyway."""
    for cls, found in ((Description, values), (StoredOptions, values.get("options"))):
        missing = [key.name for key in fields(cls) if not isinstance(found, Mapping) or key.name not in found]
        if missing:
            raise damaged(name, f"its description lacks {missing[0]}")


def find_fault(described: Description) -> str | None:
    """Return what is invalid in a description; None if nothing is."""
    height, width = described.size
    (rows, columns), most = described.network, _MOST_NETWORK_PIXELS
    if min(height, width) < PICTURE_SHORTEST or height * width > MAX_PIXELS:
        return "its size is invalid"
    if described.depth not in (8, 16):
        return "its depth is invalid"
    if described.dpi and not all(math.isfinite(value) and 0 < value < 1e6 for value in described.dpi):
        return "its density is invalid"
    if min(rows, columns) < PATCH or rows * columns > most:
        return "the network's size is invalid"
    if not 1 <= len(described.references) <= _MOST_REFERENCES or not 1 <= described.colors <= _MOST_COLORS:
        return "its number of references or of colours is invalid"
    if any(min(size) < PATCH or size[0] * size[1] > most for size in described.references):
        return "a reference's size is invalid"
    if sum(size[0] * size[1] for size in described.references) > _MOST_REFERENCE_PIXELS:
        return "its references are too large"
    if not 0 <= described.gap <= 1:
        return "its gap is invalid"
    if described.figure is not None:
        top, bottom, left, right = described.figure
        if not (0 <= top < bottom <= height and 0 <= left < right <= width):
            return "its figure is invalid"
    return None
