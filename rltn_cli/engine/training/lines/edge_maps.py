"""What the original HED sees on some paintings: edge maps that a network learns to draw lines from."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from rltn_cli.data.pairs import Pair, load_pair
from rltn_cli.data.tensors import to_tensor
from rltn_cli.imaging.files.encoding import write_picture
from rltn_cli.imaging.pixels import Bytes, to_bytes
from rltn_cli.models.hed import HED
from rltn_cli.output_files import make_folder

LOOKED_AT = {"peppercarrot": 280, "wesnoth": 90, "duelyst": 70, "robohash": 70}
"""Number of paintings that HED looks at, by source."""
LOOK_SIZE = 384
"""Sides in pixels of the pictures that HED sees: enlarged, since its lines are several pixels wide."""


def choose_paintings(pairs: Sequence[Pair]) -> list[Pair]:
    """Return some pairs of each painted source; the sources take turns, so that a part is balanced too."""
    rng = np.random.default_rng(0)
    turns = []
    for source, count in LOOKED_AT.items():
        found = [pair for pair in pairs if pair.source == source]
        order = rng.choice(len(found), min(count, len(found)), replace=False)
        turns += [
            ((number + 0.5) / count, found[index].id, found[index]) for number, index in enumerate(order)
        ]
    return [pair for *_, pair in sorted(turns, key=lambda turn: turn[:2])]


def missing_maps(pairs: Sequence[Pair], folder: Path) -> list[Pair]:
    """Return the paintings whose edges HED has not found yet."""
    return [pair for pair in choose_paintings(pairs) if not _path(folder, pair).exists()]


def write_edge_maps(
    network: HED, paintings: Sequence[Pair], folder: Path, stop: threading.Event
) -> Iterator[Path]:
    """Write the edge map of each painting, `ID.png`, black on white, until all are there or `stop` is set.

    Raises:
        DataError: a painting cannot be read.
        OutputError: a map cannot be written.
    """
    make_folder(folder)
    for pair in paintings:
        if stop.is_set():
            return
        path = _path(folder, pair)
        write_picture(path, _see(network, load_pair(pair, 256)[0]), overwrite=True)
        yield path


def _path(folder: Path, pair: Pair) -> Path:
    return folder / f"{pair.id}.png"


def _see(network: HED, color: Bytes) -> Bytes:
    """Return the edges (S, S) of a picture (H, W, 3)."""
    color = cv2.resize(color, (LOOK_SIZE, LOOK_SIZE), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    with torch.inference_mode():
        edges = network(to_tensor(color[None]))[-1].sigmoid()[0, 0].numpy()
    return to_bytes(1 - edges)
