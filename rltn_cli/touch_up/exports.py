"""Finished pictures as files that a browser can download."""

import tempfile
from pathlib import Path

from rltn_cli.imaging.files.encoding import encode_picture
from rltn_cli.imaging.files.formats import PNG
from rltn_cli.painting.finish import FinishOptions, finish_painting
from rltn_cli.painting.layer_files import write_layers
from rltn_cli.painting.painting import Painting

EXPORTS = {"png": "image/png", "ora": "image/openraster", "psd": "image/vnd.adobe.photoshop"}
"""Formats, with their media types."""


def export(painting: Painting, options: FinishOptions, kind: str) -> bytes:
    """Return a painting, finished at the drawing's own size, as a file of one of `EXPORTS`.

    Raises:
        UsageError, OutputError: it cannot be made.
    """
    finished = finish_painting(painting, options)
    if kind == "png":
        return encode_picture(finished.image, PNG, painting.dpi)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"export.{kind}"
        write_layers(path, finished)
        return path.read_bytes()
