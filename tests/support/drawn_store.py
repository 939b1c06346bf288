"""A tiny training configuration, and pictures for it that are drawn by number."""

import numpy as np
import torch

from rltn_cli.data.pairs import Pair
from rltn_cli.training_config import LossConfig, TrainConfig

PLAIN = LossConfig(adv=0, fm=0, perc=0, ctx=0, scl=0)
CONFIG = TrainConfig(preset="tiny", steps=6, batch=3, sizes=((0, 64),), warmup=1, losses=PLAIN)


class DrawnStore:
    """Flat discs on paper, drawn by number; pictures 0 and 1 share their colours, and so do 2 and 3."""

    def __init__(self, count=4, size=64):
        self.pairs = [
            Pair(id=str(i), color=None, line=None, group=str(i // 2), palette=str(i // 2))
            for i in range(count)
        ]
        self.size = size

    def disc(self, i):
        y, x = np.mgrid[: self.size, : self.size]
        return np.hypot(x - 24 - 4 * i, y - 32) - 16

    def colors(self, indices):
        pictures = np.full((len(indices), 3, self.size, self.size), 255, np.uint8)
        for picture, i in zip(pictures, indices, strict=True):
            color = np.random.default_rng(i // 2).integers(0, 200, 3)
            picture[:, self.disc(i) < 0] = color[:, None]
        return torch.from_numpy(pictures)

    def lines(self, indices, variants):
        del variants
        return torch.from_numpy(
            np.stack([np.where(np.abs(self.disc(i)) < 1.5, 0, 255).astype(np.uint8) for i in indices])
        )[:, None]

    def coords(self, indices):
        return torch.zeros(len(indices), 4, self.size // 4, self.size // 4, dtype=torch.uint8)

    def paper(self, indices):
        return torch.stack([torch.from_numpy(np.uint8(255) * (self.disc(i) > 2)) for i in indices])[:, None]

    def paper_share(self, index):
        return float((self.disc(index) > 2).mean())
