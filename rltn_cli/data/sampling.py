"""Training batches: which picture, which reference, which augmentation; all from (seed, step, index)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from rltn_cli.config import DataConfig
from rltn_cli.data.augmentation import Deformation, LineWear, Recoloring, deform, recolor, wear_lines
from rltn_cli.data.pairs import LineSource, Pair, load_pair
from rltn_cli.data.tensors import to_floats
from rltn_cli.errors import DataError
from rltn_cli.imaging.pixels import Bytes
from rltn_cli.imaging.xdog import xdog

VARIANTS = ((0.5, 1.2), (1.0, 1.5))
"""(sigma, strength) of the line art that is extracted beside the pair's own."""


class Kind(Enum):
    """Where a sample's reference comes from."""

    PSEUDO = "pseudo"
    """The deformed ground truth."""
    SHARED = "shared"
    """Another picture with the same true colours."""
    FOREIGN = "foreign"
    """Another picture with other colours: no ground truth to compare with."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples on one device; pictures in [-1, 1]."""

    sketch: Tensor
    """(B, 1, H, W)"""
    truth: Tensor
    """(B, 3, H, W)"""
    reference: Tensor
    """(B, 3, H, W)"""
    pseudo: Tensor
    """(B,) float, 1 where the reference is the deformed truth."""
    shared: Tensor
    """(B,) float, 1 where the reference is another picture with the truth's colours."""

    def part(self, index: slice) -> "Batch":
        """Return some of the samples."""
        return Batch(
            self.sketch[index],
            self.truth[index],
            self.reference[index],
            self.pseudo[index],
            self.shared[index],
        )


class PairStore(Protocol):
    """Pictures by number, all of one size."""

    @property
    def pairs(self) -> Sequence[Pair]:
        """What each number stands for."""

    def colors(self, indices: Sequence[int]) -> Tensor:
        """Return colour pictures, uint8 (B, 3, S, S)."""

    def lines(self, indices: Sequence[int], variants: Sequence[int]) -> Tensor:
        """Return line art, uint8 (B, 1, S, S); variant 0 is the pair's own, the others VARIANTS."""


class FolderStore:
    """Reads each picture from its file when it is asked for, and keeps those that fit into some memory."""

    def __init__(
        self, pairs: Sequence[Pair], size: int = 256, lines: LineSource | None = None, *, memory: int = 256
    ) -> None:
        """Prepare the store; nothing is read yet.

        Args:
            pairs: in the order of their numbers.
            size: height and width of the pictures, in pixels.
            lines: extracts the line art of pairs that have none; see `load_pair`.
            memory: MiB for pictures that are kept once read; the first ones read stay.
        """
        self.pairs = pairs
        self.size = size
        self._extract = lines
        self._room = memory * 2**20 // (4 * size * size)
        self._kept: dict[int, tuple[Bytes, Bytes]] = {}

    def colors(self, indices: Sequence[int]) -> Tensor:
        """Return colour pictures, uint8 (B, 3, S, S)."""
        pictures = np.stack([self._load(i)[0] for i in indices])
        return torch.from_numpy(pictures).permute(0, 3, 1, 2)

    def lines(self, indices: Sequence[int], variants: Sequence[int]) -> Tensor:
        """Return line art, uint8 (B, 1, S, S)."""
        pictures = []
        for i, variant in zip(indices, variants, strict=True):
            color, line = self._load(i)
            pictures.append(line if variant == 0 else extract_variant(color, variant))
        return torch.from_numpy(np.stack(pictures))[:, None]

    def _load(self, index: int) -> tuple[Bytes, Bytes]:
        """Return a pair's pictures, from memory where they are there; safe to call from several threads."""
        found = self._kept.get(index)
        if found is None:
            found = load_pair(self.pairs[index], self.size, self._extract)
            if len(self._kept) < self._room:
                self._kept[index] = found
        return found


def extract_variant(color: Bytes, variant: int) -> Bytes:
    """Return line art number `variant` (1 and up) of an RGB picture (H, W, 3)."""
    sigma, strength = VARIANTS[variant - 1]
    return xdog(color, sigma=sigma, strength=strength)


@dataclass(frozen=True, slots=True)
class Draw:
    """Everything that chance decides about one sample."""

    truth: int
    reference: int
    kind: Kind
    variant: int
    recoloring: Recoloring
    crop: Deformation
    deformation: Deformation
    wear: LineWear


class Sampler:
    """Draws samples; a draw depends on (seed, step, index) and on nothing that came before."""

    def __init__(self, pairs: Sequence[Pair], config: DataConfig, seed: int) -> None:
        """Prepare the draws.

        Raises:
            DataError: no pairs, or a source weight that leaves nothing to draw.
        """
        if not pairs:
            raise DataError("no pairs to train on")
        self.config = config
        self.seed = seed
        self.count = len(pairs)
        self.groups: dict[str, list[int]] = defaultdict(list)
        self.palettes: dict[tuple[str, str], list[int]] = defaultdict(list)
        for i, pair in enumerate(pairs):
            self.groups[pair.group].append(i)
            self.palettes[pair.group, pair.palette].append(i)
        self.keys = [(pair.group, pair.palette) for pair in pairs]
        weights = np.array([config.source_weights.get(pair.source, 1.0) for pair in pairs])
        mated = np.array([len(self.palettes[key]) > 1 for key in self.keys])
        if weights.sum() <= 0:
            raise DataError("the source weights leave no pair to draw")
        self.any = np.cumsum(weights)
        self.mated = np.cumsum(weights * mated)

    def draw(self, step: int, index: int, batch: int) -> Draw:
        """Draw sample `index` of `batch` of a step."""
        config = self.config
        rng = np.random.default_rng([self.seed, step, index])
        # stratified by the golden ratio, so that batches of every size hold each kind by its share
        share = (index / batch + step * 0.6180339887498949) % 1
        kind = Kind.PSEUDO if share < config.pseudo else Kind.SHARED
        if share >= 1 - config.foreign:
            kind = Kind.FOREIGN
        if kind is Kind.SHARED and self.mated[-1] <= 0:
            kind = Kind.PSEUDO
        table = self.mated if kind is Kind.SHARED else self.any
        truth = int(np.searchsorted(table, rng.random() * table[-1], side="right"))
        reference, kind = self._reference(rng, truth, kind)
        bend, strong = config.deform, kind is Kind.PSEUDO
        deformation = (
            Deformation.draw(rng, bend=rng.uniform(0.1, 1) * bend) if strong else Deformation.crop(rng)
        )
        return Draw(
            truth=truth,
            reference=reference,
            kind=kind,
            variant=int(rng.choice([0, 0, 0, 1, 2])),
            recoloring=Recoloring.draw(rng) if rng.random() < config.recolor else Recoloring.none(),
            crop=Deformation.crop(rng),
            deformation=deformation,
            wear=LineWear.draw(rng) if rng.random() < config.degrade else LineWear(),
        )

    def _reference(self, rng: np.random.Generator, truth: int, kind: Kind) -> tuple[int, Kind]:
        """Choose the reference of a picture; a foreign one may turn out to share the palette after all."""
        key = self.keys[truth]
        if kind is Kind.PSEUDO:
            return truth, kind
        if kind is Kind.SHARED:
            mates = [i for i in self.palettes[key] if i != truth]
            return int(rng.choice(mates)), kind
        mates = [i for i in self.groups[key[0]] if self.keys[i] != key]
        reference = int(rng.choice(mates)) if mates and rng.random() < 0.7 else int(rng.integers(self.count))
        if reference == truth:
            return reference, Kind.PSEUDO
        return reference, Kind.SHARED if self.keys[reference] == key else kind


def make_batch(
    store: PairStore, draws: Sequence[Draw], size: int, device: torch.device | str = "cpu"
) -> Batch:
    """Load, augment and stack samples.

    Args:
        store: of the pairs that were drawn from.
        draws: one a sample.
        size: height and width of the batch's pictures, in pixels.
        device: where augmentation runs and the batch lies.
    """

    def to_float(pictures: Tensor) -> Tensor:
        return to_floats(pictures.to(device))

    truth = to_float(store.colors([d.truth for d in draws]))
    reference = to_float(store.colors([d.reference for d in draws]))
    sketch = to_float(store.lines([d.truth for d in draws], [d.variant for d in draws]))
    recolorings = [d.recoloring for d in draws]
    truth = deform(recolor(truth, recolorings), [d.crop for d in draws])
    reference = deform(recolor(reference, recolorings), [d.deformation for d in draws])
    sketch = deform(sketch, [d.crop for d in draws])
    wears = [d.wear for d in draws]
    sketch = wear_lines(_resize_lines(sketch, size), wears)
    kinds = [d.kind for d in draws]

    def mask(kind: Kind) -> Tensor:
        return torch.tensor([float(k is kind) for k in kinds], device=device)

    layout = torch.channels_last
    return Batch(
        sketch=sketch.contiguous(memory_format=layout),
        truth=_resize(truth, size).contiguous(memory_format=layout),
        reference=_resize(reference, size).contiguous(memory_format=layout),
        pseudo=mask(Kind.PSEUDO),
        shared=mask(Kind.SHARED),
    )


def _resize(pictures: Tensor, size: int) -> Tensor:
    if pictures.shape[2] == size:
        return pictures
    return F.interpolate(pictures, size=(size, size), mode="bilinear", antialias=True).clamp(-1, 1)


def _resize_lines(sketch: Tensor, size: int) -> Tensor:
    """Resize line art so that thin lines stay dark: half mean, half darkest of each window."""
    if sketch.shape[2] <= size:
        return _resize(sketch, size)
    return (_resize(sketch, size) - F.adaptive_max_pool2d(-sketch, size)) / 2
