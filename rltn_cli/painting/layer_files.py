"""Where layers go: an OpenRaster file, a PSD, or a folder of PNG files."""

import json
from pathlib import Path

from rltn_cli.errors import OutputError, UsageError
from rltn_cli.imaging.files.encoding import write_picture
from rltn_cli.imaging.files.formats import FORMATS
from rltn_cli.output_files import check_file, check_folder, make_folder, write_file
from rltn_cli.painting.finish import Finished
from rltn_cli.painting.layers import LayeredPicture, layers_of
from rltn_cli.painting.openraster import write_openraster
from rltn_cli.painting.photoshop import LARGEST_SIDE, psd_tools, write_photoshop

LAYERS = ("reference", "flats", "shading", "light", "paint", "lines")
"""Names of the layers, the lowest first."""
_WRITERS = {".ora": write_openraster, ".psd": write_photoshop}
_LIST, _MERGED = "layers.json", "merged.png"
_OTHERS = {suffix for row in FORMATS for suffix in row.suffixes} | {".xcf", ".clip", ".psb", ".zip"}
"""Suffixes of files, which therefore do not name folders."""


def check_layers(path: Path, overwrite: bool = False) -> None:
    """Check, before any work is done, that layers can be written.

    Raises:
        UsageError: the name's suffix is another program's, or psd-tools is missing for a PSD.
        OutputError: it cannot be written there.
    """
    suffix = path.suffix.lower()
    if suffix in _WRITERS:
        check_file(path, overwrite)
        if suffix == ".psd":
            psd_tools()
    elif suffix in _OTHERS and not path.is_dir():
        raise UsageError(f"{path}: layers are written as .ora or .psd, or as PNG files into a folder")
    else:
        check_folder(path, _files(), overwrite)


def check_layers_size(path: Path, size: tuple[int, int]) -> None:
    """Check, before any work is done, that the file holds layers of a size (H, W).

    Raises:
        OutputError: they are too large for a PSD.
    """
    if path.suffix.lower() == ".psd" and max(size) > LARGEST_SIDE:
        raise OutputError(f"{path}: a PSD holds at most {LARGEST_SIDE:,} pixels per side; write .ora instead")


def write_layers(path: Path, finished: Finished, *, overwrite: bool = False) -> None:
    """Write the layers of a finished painting.

    Args:
        path: ends in `.ora` or `.psd`; else a folder, which gets one PNG per layer, the picture as
            `merged.png`, and `layers.json`, which says how they are stacked.
        finished: with the attention among its clues.
        overwrite: whether existing files may be replaced.

    Raises:
        UsageError, OutputError: see `check_layers`.
    """
    check_layers(path, overwrite)
    check_layers_size(path, finished.painting.size)
    layers, dpi = layers_of(finished), finished.painting.dpi
    writer = _WRITERS.get(path.suffix.lower())
    if writer is not None:
        writer(path, LayeredPicture(layers, finished.image, dpi), overwrite=overwrite)
        return
    make_folder(path)
    for layer in layers:
        write_picture(path / f"{layer.name}.png", layer.render(), dpi=dpi, overwrite=overwrite)
    write_picture(path / _MERGED, finished.image, dpi=dpi, overwrite=overwrite)
    rows = [
        {"file": f"{layer.name}.png", "name": layer.name, "blend": layer.blend, "visible": layer.visible}
        for layer in layers
    ]
    text = json.dumps({"merged": _MERGED, "layers": rows}, indent=2) + "\n"
    write_file(path / _LIST, text.encode(), overwrite=overwrite)


def layer_paths(path: Path) -> list[Path]:
    """Return the files that `write_layers` writes."""
    return [path] if path.suffix.lower() in _WRITERS else [path / name for name in _files()]


def _files() -> tuple[str, ...]:
    """Return the names of the files in a folder of layers."""
    return (*(f"{name}.png" for name in LAYERS), _MERGED, _LIST)
