"""Photoshop's PSD with layers, by psd-tools, which is an extra."""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rltn_cli.imaging.files.encoding import encode_picture, srgb_profile
from rltn_cli.imaging.files.formats import format_of_output
from rltn_cli.imaging.pixels import Bytes, lay_on_paper
from rltn_cli.optional_packages import library
from rltn_cli.output_files import replacement
from rltn_cli.painting.layers import Blend, LayeredPicture
from rltn_cli.painting.thumbnails import thumbnail

LARGEST_SIDE = 30_000
"""Pixels of a side that a PSD holds."""
_MODES: Mapping[Blend, str] = {"normal": "NORMAL", "multiply": "MULTIPLY", "add": "LINEAR_DODGE"}


def psd_tools() -> Any:
    """Import psd-tools.

    Raises:
        UsageError: it is not installed.
    """
    return library("psd_tools", extra="layers")


def write_photoshop(path: Path, picture: LayeredPicture, *, overwrite: bool = False) -> None:
    """Write layers as a PSD, which appears whole or not at all.

    Raises:
        UsageError: psd-tools is not installed.
        OutputError: it cannot be written.
    """
    merged = picture.merged
    package, constants = psd_tools(), library("psd_tools.constants", extra="layers")
    height, width, channels = merged.shape
    depth = 8 * merged.dtype.itemsize
    document = package.PSDImage.new("RGBA" if channels == 4 else "RGB", (width, height), depth=depth)
    record = document._record
    if depth == 16:  # Photoshop keeps layers of 16 bits in a block of their own
        blocks = library("psd_tools.psd.tagged_blocks", extra="layers").TaggedBlocks()
        blocks.set_data(constants.Tag.LAYER_16)
        record.layer_and_mask_information.tagged_blocks = blocks
    for layer in picture.layers:
        mode = getattr(constants.BlendMode, _MODES[layer.blend])
        made = document.create_pixel_layer_from_array(layer.render(), name=layer.name, blend_mode=mode)
        made.visible = layer.visible
    if channels == 4:  # says that the fourth channel of the merged picture is its transparency
        stored = record._get_layer_info()
        stored.layer_count = -abs(stored.layer_count)
        merged = np.dstack(
            [lay_on_paper(np.ascontiguousarray(merged[..., :3]), merged[..., 3]), merged[..., 3]]
        )
    _set_resources(record, constants, thumbnail(merged[..., :3]), picture.dpi)
    record.image_data.compression = constants.Compression.RLE
    planes = np.moveaxis(merged, 2, 0).astype(merged.dtype.newbyteorder(">"))
    record.image_data.set_data([plane.tobytes() for plane in planes], record.header)
    with replacement(path, overwrite=overwrite) as temporary, temporary.open("wb") as file:
        record.write(file)


def _set_resources(record: Any, constants: Any, small: Bytes, dpi: tuple[float, float] | None) -> None:
    """Tag the colours sRGB, state the density, and add a thumbnail."""
    resources = library("psd_tools.psd.image_resources", extra="layers")
    jpeg = encode_picture(small, format_of_output("thumbnail.jpg"))
    height, width = small.shape[:2]
    row = (24 * width + 31) // 32 * 4
    header = struct.pack(">6I2H", 1, width, height, row, row * height, len(jpeg), 24, 1)
    found = {
        constants.Resource.ICC_PROFILE: srgb_profile(),
        constants.Resource.THUMBNAIL_RESOURCE: header + jpeg,
    }
    if dpi is not None:
        across, down = (round(value * 65536) for value in dpi)
        found[constants.Resource.RESOLUTION_INFO] = struct.pack(">IHHIHH", across, 1, 1, down, 1, 1)
    for key, value in found.items():
        record.image_resources[key] = resources.ImageResource(key=key.value, data=value)
