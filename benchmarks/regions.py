"""How pure the regions are that the network pools: colours inside them, and their sizes.

    python benchmarks/regions.py DATA [--size 128] [--samples 192] [--clean]

DATA is a folder of pairs with a split `val`, such as `openlines:PATH`. Prints, as means over samples, the Lab
distance of a token's true colour to the mean of its region, the size of a token's region (log2 of tokens),
and the number of regions; tokens of white paper and of lines are left out. Beside it stands the page taken
as one region.
"""

import argparse
import sys

import rltn_cli  # noqa: F401  before PyTorch, whose threads then sleep while they wait

# isort: split
import numpy as np
import torch
from numpy.typing import NDArray

from rltn_cli.data.batches import make_batch
from rltn_cli.data.lab import to_lab
from rltn_cli.data.matching import average_tokens
from rltn_cli.data.recipes import read_data
from rltn_cli.data.sampling import Sampler
from rltn_cli.data.stores import FolderStore
from rltn_cli.training_config import DataConfig

BATCH = 16
WHITE = np.array([100.0, 0.0, 0.0])
FAR_FROM_WHITE = 4.0
"""Largest difference of a Lab value from white's up to which a token counts as paper."""
FEWEST = 10
"""Samples with fewer tokens that count are left out."""


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data")
    parser.add_argument("--size", type=int, default=128, help="height and width of the pictures, in pixels")
    parser.add_argument("--samples", type=int, default=192)
    parser.add_argument("--clean", action="store_true", help="leave the line art as it is")
    options = parser.parse_args(arguments)
    pairs = [pair for pair in read_data([options.data]) if pair.split == "val"]
    config = DataConfig(pseudo=1, foreign=0, recolor=0, degrade=0 if options.clean else 1)
    store, sampler = FolderStore(pairs, 256), Sampler(pairs, config, seed=0)
    pooled, whole = [], []
    for step in range(options.samples // BATCH):
        batch = make_batch(store, [sampler.draw(step, i, BATCH) for i in range(BATCH)], options.size)
        colors = average_tokens(to_lab(batch.target)).numpy()
        for lab, labels in zip(colors, batch.labels.flatten(1).numpy(), strict=True):
            counted = (labels > 0) & (np.abs(lab - WHITE).max(axis=1) > FAR_FROM_WHITE)
            if counted.sum() >= FEWEST:
                pooled.append(measure(lab, labels, counted))
                whole.append(measure(lab, np.ones_like(labels), counted))
    for name, rows in (("regions", pooled), ("the whole page", whole)):
        distance, size, count = np.mean(rows, axis=0)
        print(f"{name}: Lab distance {distance:.2f}, size 2^{size:.2f} tokens, {count:.0f} regions")
    return 0


def measure(
    lab: NDArray[np.float32], labels: NDArray[np.int64], counted: NDArray[np.bool_]
) -> tuple[float, float, int]:
    """Return the distance of colours to their region's mean, log2 of the region's size, and the regions.

    Args:
        lab: (N, 3), one colour per token.
        labels: (N,), the region of each token.
        counted: (N,), which tokens the means are over.
    """
    sizes = np.maximum(np.bincount(labels), 1)
    means = np.stack([np.bincount(labels, lab[:, c]) for c in range(3)], axis=1) / sizes[:, None]
    distance = np.linalg.norm(lab - means[labels], axis=1)[counted].mean()
    return float(distance), float(np.log2(sizes[labels][counted]).mean()), len(np.unique(labels))


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(main())
