"""OpenRaster (openraster.org, version 0.0.3): layers as PNG in a ZIP archive, for Krita, GIMP and MyPaint."""

import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Mapping
from pathlib import Path

from rltn_cli.imaging.files.encoding import encode_picture
from rltn_cli.imaging.files.formats import PNG
from rltn_cli.output_files import replacement
from rltn_cli.painting.archives import add_file
from rltn_cli.painting.layers import Blend, Layer, LayeredPicture
from rltn_cli.painting.thumbnails import thumbnail

_OPERATIONS: Mapping[Blend, str] = {
    "normal": "svg:src-over",
    "multiply": "svg:multiply",
    "add": "svg:plus",
}


def write_openraster(path: Path, picture: LayeredPicture, *, overwrite: bool = False) -> None:
    """Write layers as an OpenRaster file, which appears whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    merged = picture.merged
    with replacement(path, overwrite=overwrite) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        add_file(archive, "mimetype", b"image/openraster")
        add_file(archive, "stack.xml", _stack(picture), packed=True)
        for layer in picture.layers:
            add_file(archive, _source(layer), encode_picture(layer.render(), PNG))
        add_file(archive, "mergedimage.png", encode_picture(merged, PNG, picture.dpi))
        add_file(archive, "Thumbnails/thumbnail.png", encode_picture(thumbnail(merged), PNG))


def _source(layer: Layer) -> str:
    return f"data/{layer.name}.png"


def _stack(picture: LayeredPicture) -> bytes:
    """Return the list of the layers as XML, the uppermost first."""
    height, width = picture.merged.shape[:2]
    image = ElementTree.Element("image", version="0.0.3", w=str(width), h=str(height))
    if picture.dpi is not None:
        image.set("xres", str(round(picture.dpi[0])))
        image.set("yres", str(round(picture.dpi[1])))
    stack = ElementTree.SubElement(image, "stack")
    for layer in reversed(picture.layers):
        ElementTree.SubElement(
            stack, "layer", {
                "name": layer.name, "src": _source(layer), "x": "0", "y": "0", "opacity": "1.0",
                "visibility": "visible" if layer.visible else "hidden",
                "composite-op": _OPERATIONS[layer.blend],
            },
        )  # fmt: skip
    text: bytes = ElementTree.tostring(image, encoding="utf-8", xml_declaration=True)
    return text
