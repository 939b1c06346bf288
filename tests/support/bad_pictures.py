"""Pictures that cannot be read or painted, for the tests of several commands."""

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 120, 96


def write_bad_picture(name: str) -> None:
    """Write one of the pictures in the working folder; missing.png is not written."""
    path = Path(name)
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8))
    if name == "folder.png":
        path.mkdir()
    elif name == "empty.png":
        path.write_bytes(b"")
    elif name == "text.png":
        path.write_text("this is no picture", encoding="utf-8")
    elif name == "cut.png":
        noise.save(path)
        path.write_bytes(path.read_bytes()[:150])
    elif name == "cut.jpg":
        noise.save(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif name == "bomb.png":
        Image.new("L", (1, 1)).save(path)
        header = struct.pack(">4s2I5B", b"IHDR", 30_000, 30_000, 8, 0, 0, 0, 0)
        data = path.read_bytes()
        path.write_bytes(data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:])
    elif name in SIZES:
        Image.new("RGBA", SIZES[name][0], SIZES[name][1]).save(path)


SIZES = {
    "dot.png": ((1, 1), "black"),
    "thread.png": ((10_000, 10), "black"),
    "clear.png": ((WIDTH, HEIGHT), (0, 0, 0, 0)),
    "blank.png": ((WIDTH, HEIGHT), "white"),
}
BAD = ("missing.png", "folder.png", "empty.png", "text.png", "cut.png", "cut.jpg", "bomb.png", "dot.png")
