"""Redraw pairs as prints of four inks on brown paper: a style of one's own, to try `rltn train` on.

    python tools/make_style.py openlines/ style/ --source wesnoth --source duelyst --train 40

Every picture is smoothed, each pixel takes the ink of its lightness and warmth, the lines are printed in the
darkest ink, the plates are slightly misaligned, as in a cheap press, and paper and inks get a fine
grain. Line art, groups and palettes stay as they are. Whole groups go to the split train until it is
full, the others to val.
"""

import argparse
import csv
import dataclasses
import sys
from collections import Counter, defaultdict
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from rltn_cli.data.pairs import Pair, load_pair, read_pairs
from rltn_cli.data.references import hash_to_number
from rltn_cli.errors import DataError, RltnError

Bytes = NDArray[np.uint8]
PAPER = (194, 158, 114)
"""sRGB of the unprinted paper."""
INKS = ((46, 40, 62), (192, 64, 46), (68, 126, 124), (246, 238, 218))
"""sRGB: a dark violet, a vermilion, a teal and an opaque white, each for tones of its own."""
SHIFT = 1
"""Pixels by which the second printing is off the first, at 256 pixels."""
GRAIN = 2.0
"""Standard deviation of the grain before it is smoothed, of 255."""


def main(arguments: list[str] | None = None) -> int:
    """Write the redrawn pairs and return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        pairs = choose(read_pairs(options.data), options.source, options.split, options.train)
        write(pairs, options.out, options.size, options.grain)
    except RltnError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    splits = Counter(pair.split for pair in pairs)
    print(f"{options.out}: {splits['train']} pairs to train on, {splits['val']} to measure on")
    return 0


def choose(pairs: list[Pair], sources: list[str], split: str, train: int) -> list[Pair]:
    """Deal the groups of some sources out to training and validation, in an order that is always the same.

    Raises:
        DataError: there are too few pairs.
    """
    groups: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        if pair.source in sources and pair.split == split:
            groups[pair.group].append(pair)
    count = sum(map(len, groups.values()))
    if count < train + 2:
        raise DataError(
            f"{count} pairs of {', '.join(sources)}, split {split}: {train + 2} are needed at least"
        )
    chosen: list[Pair] = []
    for name in sorted(groups, key=hash_to_number):
        room = train - sum(pair.split == "train" for pair in chosen)
        part = "train" if room > 0 else "val"
        taken = groups[name][:room] if room > 0 else groups[name]
        chosen += [dataclasses.replace(pair, split=part) for pair in taken]
    return chosen


def write(pairs: list[Pair], folder: Path, size: int, grain: float = GRAIN) -> None:
    """Write a pairs folder of the redrawn pictures."""
    for part in ("color", "line"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    with (folder / "index.csv").open("w", encoding="utf-8", newline="") as file:
        index = csv.writer(file)
        index.writerow(["id", "split", "source", "license", "group", "palette", "native_line"])
        for pair in pairs:
            color, line = load_pair(pair, size)
            printed = print_in_inks(color, line, hash_to_number(pair.id) % 2**31, grain)
            cv2.imwrite(str(folder / "color" / f"{pair.id}.png"), printed[:, :, ::-1])
            cv2.imwrite(str(folder / "line" / f"{pair.id}.png"), line)
            index.writerow([pair.id, pair.split, "print", pair.license, pair.group, pair.palette, 0])


def print_in_inks(color: Bytes, line: Bytes, seed: int, grain: float = GRAIN) -> Bytes:
    """Return a picture (H, W, 3) with its line art (H, W) as a print, uint8 RGB.

    Args:
        color: (H, W, 3) uint8 RGB.
        line: (H, W) uint8, black on white.
        seed: of the grain.
        grain: its standard deviation before it is smoothed, of 255.
    """
    smooth = cv2.pyrMeanShiftFiltering(np.ascontiguousarray(color), 12, 30)
    smooth = cv2.medianBlur(smooth, 7)
    lab = cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB).astype(np.float32)
    lightness, warmth = lab[..., 0] / 255, (lab[..., 1] + lab[..., 2] - 256) / 60
    bare = smooth.min(axis=2) >= 248
    light, dark = lightness >= 0.72, lightness < 0.28
    middle = ~light & ~dark
    plates = [dark, middle & (warmth > 0.35), middle & (warmth <= 0.35), light & ~bare]
    result = np.empty(color.shape, np.float32)
    result[:] = PAPER
    for number, (ink, plate) in enumerate(zip(INKS, plates, strict=True)):
        cover = cv2.GaussianBlur(plate.astype(np.float32), (0, 0), 0.6)
        cover = np.roll(cover, SHIFT if number % 2 else 0, axis=1)[..., None]
        result += cover * (np.array(ink, np.float32) - result)
    drawn = (1 - line.astype(np.float32) / 255)[..., None]
    result += drawn * (np.array(INKS[0], np.float32) - result)
    spots = np.random.default_rng(seed).normal(0, grain, color.shape[:2]).astype(np.float32)
    result += cv2.GaussianBlur(spots, (0, 0), 0.7)[..., None] * 2
    return np.asarray(np.clip(np.rint(result), 0, 255), np.uint8)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder of pairs")
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--source", action="append", required=True, help="whose pictures; can be repeated")
    parser.add_argument("--split", default="val", help="of the data, to take pictures from")
    parser.add_argument(
        "--train", type=int, default=40, help="pairs to train on; the others are for measuring"
    )
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--grain", type=float, default=GRAIN, help="of paper and inks; 0 for none")
    return parser


if __name__ == "__main__":
    sys.exit(main())
