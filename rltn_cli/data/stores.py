"""The pictures that training draws from: by number, all of one size."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from rltn_cli.data.backdrops import find_paper
from rltn_cli.data.coords import load_coords
from rltn_cli.data.pairs import LineSource, Pair, load_pair
from rltn_cli.imaging.line_art.xdog import xdog
from rltn_cli.imaging.pixels import Bytes
from rltn_cli.sizes import PATCH

VARIANTS = ((0.5, 1.2), (1.0, 1.5))
"""(sigma, strength) of the line art that is extracted in addition to the pair's own."""


class PairStore(Protocol):
    """Pictures by number, all of one size."""

    @property
    def pairs(self) -> Sequence[Pair]:
        """What each number stands for."""

    def colors(self, indices: Sequence[int]) -> Tensor:
        """Return colour pictures, uint8 (B, 3, S, S)."""

    def lines(self, indices: Sequence[int], variants: Sequence[int]) -> Tensor:
        """Return line art, uint8 (B, 1, S, S); variant 0 is the pair's own, the others are VARIANTS."""

    def coords(self, indices: Sequence[int]) -> Tensor:
        """Return places on figures, uint8 (B, 4, S / 4, S / 4), 0 where unknown; see `load_coords`."""

    def paper(self, indices: Sequence[int]) -> Tensor:
        """Return where there is blank paper around the figures, uint8 (B, 1, S, S), 0 or 255."""

    def paper_share(self, index: int) -> float:
        """Return the share of a picture that is blank paper, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The pictures of a pair; see `PairStore`."""

    color: Bytes
    line: Bytes
    coords: Bytes
    paper: Bytes


class FolderStore:
    """Reads each picture from its file when asked for it, and keeps as many as fit into its memory."""

    def __init__(
        self, pairs: Sequence[Pair], size: int = 256, lines: LineSource | None = None, *, memory: int = 256
    ) -> None:
        """Prepare the store; nothing is read yet.

        Args:
            pairs: in the order of their numbers.
            size: height and width of the pictures, in pixels.
            lines: extracts the line art of pairs that have none; see `load_pair`.
            memory: MiB for pictures that are kept once read; the first pictures read stay.
        """
        self.pairs = pairs
        self.size = size
        self._extract = lines
        bytes_per_pair = 5 * size**2 + 4 * (size // PATCH) ** 2  # RGB, line art and paper; coords
        self._capacity = memory * 2**20 // bytes_per_pair
        self._kept: dict[int, _Loaded] = {}

    def colors(self, indices: Sequence[int]) -> Tensor:
        """Return colour pictures, uint8 (B, 3, S, S)."""
        pictures = np.stack([self._load(i).color for i in indices])
        return torch.from_numpy(pictures).permute(0, 3, 1, 2)

    def lines(self, indices: Sequence[int], variants: Sequence[int]) -> Tensor:
        """Return line art, uint8 (B, 1, S, S); see `PairStore.lines`."""
        pictures = []
        for i, variant in zip(indices, variants, strict=True):
            loaded = self._load(i)
            pictures.append(loaded.line if variant == 0 else extract_variant(loaded.color, variant))
        return torch.from_numpy(np.stack(pictures))[:, None]

    def coords(self, indices: Sequence[int]) -> Tensor:
        """Return places on figures, uint8 (B, 4, S / 4, S / 4)."""
        return torch.from_numpy(np.stack([self._load(i).coords for i in indices])).permute(0, 3, 1, 2)

    def paper(self, indices: Sequence[int]) -> Tensor:
        """Return where there is blank paper, uint8 (B, 1, S, S)."""
        return torch.from_numpy(np.stack([self._load(i).paper for i in indices]))[:, None]

    def paper_share(self, index: int) -> float:
        """Return the share of a picture that is blank paper."""
        return float(self._load(index).paper.mean()) / 255

    def _load(self, index: int) -> _Loaded:
        """Return a pair's pictures, from memory where they are there; safe to call from several threads."""
        found = self._kept.get(index)
        if found is None:
            color, line = load_pair(self.pairs[index], self.size, self._extract)
            coords = load_coords(self.pairs[index], self.size // PATCH)
            found = _Loaded(color, line, coords, find_paper(color, line, coords[..., 3]))
            if len(self._kept) < self._capacity:
                self._kept[index] = found
        return found


def extract_variant(color: Bytes, variant: int) -> Bytes:
    """Return line art number `variant` (1 and up) of an RGB picture (H, W, 3)."""
    sigma, strength = VARIANTS[variant - 1]
    return xdog(color, sigma=sigma, strength=strength)
