"""A small folder of pairs and a tiny run, for the tests of `rltn train`."""

from pathlib import Path

import cv2
import numpy as np

TINY = """
preset = "tiny"
batch = 2
sizes = [[0, 64]]
warmup = 1
device = "cpu"
precision = "fp32"
checkpoint_every = 2
sample_every = 100
val_pictures = 2
[losses]
adv = 1
fm = 0
perc = 0
ctx = 0
scl = 0
"""


def draw_pair(folder: Path, name: str, number: int, colored: bool = True) -> None:
    """Write one pair: a disc and a bar of two colours on paper, with their outlines."""
    rng = np.random.default_rng(number)
    color, line = np.full((80, 80, 3), 255, np.uint8), np.full((80, 80), 255, np.uint8)
    center, radius = (24 + number % 30, 30 + number % 20), 14 + number % 7
    corner, other = (8, 52), (70, 72)
    if colored:
        cv2.circle(color, center, radius, rng.integers(0, 220, 3).tolist(), -1)
        cv2.rectangle(color, corner, other, rng.integers(0, 220, 3).tolist(), -1)
    for picture in (color, line):
        ink = (0, 0, 0) if picture is color else 0
        cv2.circle(picture, center, radius, ink, 2)
        cv2.rectangle(picture, corner, other, ink, 2)
    for part, picture in (("color", color), ("line", line)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / part / f"{name}.png"), picture)


def make_pairs(folder: Path, count: int = 10) -> Path:
    """Write a folder of so many pairs and return it."""
    for number in range(count):
        draw_pair(folder, f"p{number:02}", 7 * number)
    return folder


def write_toml(path: Path, *more: str) -> Path:
    """Write the settings of a tiny run, with more lines at the top, and return the file."""
    path.write_text("\n".join([*more, TINY]), encoding="utf-8")
    return path
