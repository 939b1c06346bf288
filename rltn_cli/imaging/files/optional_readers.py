"""Readers of picture formats that a user may have installed in addition to Pillow."""

import importlib
import re
from collections.abc import Callable
from typing import Any

from rltn_cli.imaging.files.foreign_files import ForeignFileError

_HEIC = re.compile(rb"(?s).{4}ftyp(.{8})?(heic|heix|heim|heis|hevc|hevx|mif1|msf1)")
_JPEG_XL = re.compile(rb"\xff\x0a|\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a")
_AVIF = re.compile(rb"(?s).{4}ftyp.{0,64}?avi[fs]")


def codec_of(data: bytes) -> str | None:
    """Return Pillow's name of the reader of a HEIC or JPEG XL picture, once it is loaded; None for others.

    Raises:
        ForeignFileError: the package that reads it is not installed.
    """
    if _HEIC.match(data) and not _AVIF.match(data[:96]):
        return _load("HEIF", "a HEIC picture", "pillow-heif", "pillow_heif", _register_heif)
    if _JPEG_XL.match(data):
        return _load("JXL", "a JPEG XL picture", "pillow-jxl-plugin", "pillow_jxl", lambda module: None)
    return None


def _load(codec: str, what: str, package: str, module: str, register: Callable[[Any], None]) -> str:
    """Import a package that adds a reader to Pillow."""
    try:
        register(importlib.import_module(module))
    except ImportError as error:
        raise ForeignFileError(
            f"{what}; to read it, python -m pip install {package}, or export it as PNG or JPEG"
        ) from error
    return codec


def _register_heif(module: Any) -> None:
    module.register_heif_opener()
