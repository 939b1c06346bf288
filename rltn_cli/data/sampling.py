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
from rltn_cli.data.backdrops import FULL_BLEED, LEAST_PAPER, Backdrop, beside, fill_backdrop, find_paper
from rltn_cli.data.matching import MatchTargets, match_targets
from rltn_cli.data.pairs import LineSource, Pair, load_coords, load_pair
from rltn_cli.data.tensors import to_floats
from rltn_cli.errors import DataError
from rltn_cli.imaging.pixels import Bytes
from rltn_cli.imaging.region_labels import label_regions, token_labels
from rltn_cli.imaging.xdog import xdog
from rltn_cli.sizes import PATCH

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
    labels: Tensor
    """(B, H / 4, W / 4) int64, the region between lines of each token; see `token_labels`."""
    matches: MatchTargets

    def part(self, index: slice) -> "Batch":
        """Return some of the samples."""
        return Batch(
            self.sketch[index],
            self.truth[index],
            self.reference[index],
            self.pseudo[index],
            self.shared[index],
            self.labels[index],
            self.matches.part(index),
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

    def coords(self, indices: Sequence[int]) -> Tensor:
        """Return places on figures, uint8 (B, 4, S / 4, S / 4), 0 where none is known; see `load_coords`."""

    def paper(self, indices: Sequence[int]) -> Tensor:
        """Return where there is blank paper around the figures, uint8 (B, 1, S, S), 0 or 255."""

    def paper_share(self, index: int) -> float:
        """Return how much of a picture is blank paper."""


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
        self._room = memory * 2**20 // (5 * size * size + size * size // 4)
        self._kept: dict[int, _Loaded] = {}

    def colors(self, indices: Sequence[int]) -> Tensor:
        """Return colour pictures, uint8 (B, 3, S, S)."""
        pictures = np.stack([self._load(i).color for i in indices])
        return torch.from_numpy(pictures).permute(0, 3, 1, 2)

    def lines(self, indices: Sequence[int], variants: Sequence[int]) -> Tensor:
        """Return line art, uint8 (B, 1, S, S)."""
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
        """Return how much of a picture is blank paper."""
        return float(self._load(index).paper.mean()) / 255

    def _load(self, index: int) -> "_Loaded":
        """Return a pair's pictures, from memory where they are there; safe to call from several threads."""
        found = self._kept.get(index)
        if found is None:
            color, line = load_pair(self.pairs[index], self.size, self._extract)
            coords = load_coords(self.pairs[index], self.size // 4)
            found = _Loaded(color, line, coords, find_paper(color, line, coords[..., 3]))
            if len(self._kept) < self._room:
                self._kept[index] = found
        return found


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The pictures of a pair; see `PairStore`."""

    color: Bytes
    line: Bytes
    coords: Bytes
    paper: Bytes


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
    backdrop: Backdrop | None = None
    companion: int | None = None
    """Number of another picture whose figure stands beside the reference's."""
    on_left: bool = True
    """Whether the reference's own figure is the one on the left."""
    seed: int = 0
    """Decides which tokens are matched."""


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
        companion = kind is Kind.SHARED and rng.random() < config.companion
        deformation = (
            Deformation.draw(rng, bend=rng.uniform(0.1, 1) * bend)
            if strong
            else Deformation.crop(rng, max(config.closest, 0.7) if companion else config.closest)
        )
        return Draw(
            truth=truth,
            reference=reference,
            kind=kind,
            variant=int(rng.choice([0, 0, 0, 1, 2])),
            recoloring=Recoloring.draw(rng) if rng.random() < config.recolor else Recoloring.none(),
            crop=Deformation.crop(rng, config.closest),
            deformation=deformation,
            wear=LineWear.draw(rng) if rng.random() < config.degrade else LineWear(),
            backdrop=Backdrop.draw(rng, self._some(rng, 4)) if rng.random() < config.backdrop else None,
            companion=self._some(rng, 1)[0] if companion else None,
            on_left=bool(rng.random() < 0.5),
            seed=int(rng.integers(2**31)),
        )

    def _some(self, rng: np.random.Generator, count: int) -> list[int]:
        """Draw numbers of pictures by their weights."""
        found: list[int] = np.searchsorted(self.any, rng.random(count) * self.any[-1], side="right").tolist()
        return found

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
    pictures = _Pictures(store, draws, device)
    recolorings, wears = [d.recoloring for d in draws], [d.wear for d in draws]
    crops, deformations = [d.crop for d in draws], [d.deformation for d in draws]
    truth, sketch = deform(torch.cat([pictures.truth, pictures.sketch], dim=1), crops).split((3, 1), dim=1)
    # recoloured when they are small, which is the cheaper order
    truth = recolor(_resize(truth, size), recolorings)
    reference = recolor(_resize(deform(pictures.reference, deformations), size), recolorings)
    sketch = wear_lines(_resize_lines(sketch, size), wears)
    matches = match_targets(
        truth, reference, (pictures.truth_coords, pictures.reference_coords), (crops, deformations),
        [d.seed for d in draws],
    )  # fmt: skip
    kinds = [d.kind for d in draws]

    def mask(kind: Kind) -> Tensor:
        return torch.tensor([float(k is kind) for k in kinds], device=device)

    layout = torch.channels_last
    return Batch(
        sketch=sketch.contiguous(memory_format=layout),
        truth=truth.contiguous(memory_format=layout),
        reference=reference.contiguous(memory_format=layout),
        pseudo=mask(Kind.PSEUDO),
        shared=mask(Kind.SHARED),
        labels=regions_of(sketch),
        matches=matches,
    )


def plain_batch(sketch: Tensor, truth: Tensor, reference: Tensor, pseudo: Tensor, shared: Tensor) -> Batch:
    """Return pictures that were not augmented, and of whose figures no places are known, as a batch.

    Arguments as in Batch.
    """
    count, side = len(sketch), truth.shape[2] // PATCH
    nothing = torch.zeros(count, 4, side, side, device=truth.device)
    whole = [Deformation.none()] * count
    matches = match_targets(truth, reference, (nothing, nothing), (whole, whole), range(count))
    return Batch(sketch, truth, reference, pseudo, shared, regions_of(sketch), matches)


def regions_of(sketch: Tensor) -> Tensor:
    """Return the region of each token of sketches (B, 1, H, W) in [-1, 1]: (B, H / 4, W / 4) int64."""
    grey = ((sketch[:, 0].float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).cpu().numpy()
    labels = np.stack([token_labels(label_regions(canvas)) for canvas in grey])
    return torch.from_numpy(labels).to(sketch.device)


class _Pictures:
    """The stored pictures of samples, with backdrops and companions, in [-1, 1]."""

    def __init__(self, store: PairStore, draws: Sequence[Draw], device: torch.device | str) -> None:
        self._store, self._device = store, device
        truths, references = [d.truth for d in draws], [d.reference for d in draws]
        self.truth = self._floats(store.colors(truths))
        self.reference = self._floats(store.colors(references))
        self.sketch = self._floats(store.lines(truths, [d.variant for d in draws]))
        self.truth_coords = store.coords(truths).to(device)
        self.reference_coords = store.coords(references).to(device)
        for i, draw in enumerate(draws):
            if draw.backdrop is not None:
                self._lay(i, draw, draw.backdrop)
            if draw.companion is not None:
                self._accompany(i, draw, draw.companion)

    def _floats(self, pictures: Tensor) -> Tensor:
        return to_floats(pictures.to(self._device))

    def _paper(self, index: int) -> Tensor:
        return self._store.paper([index])[0].to(self._device) > 127

    def _lay(self, i: int, draw: Draw, backdrop: Backdrop) -> None:
        """Lay a backdrop behind the figures of sample i; a pseudo reference is its drawing's picture."""
        picture, kind = backdrop.pictures, backdrop.kind
        whole = [n for n in picture if self._store.paper_share(n) <= FULL_BLEED]
        if kind == "picture" and not whole:
            kind = "gradient"
        source = whole[0] if kind == "picture" else draw.truth
        color = self._floats(self._store.colors([source]))[0]
        line = self._floats(self._store.lines([source], [0]))[0]
        if backdrop.behind[0] and self._store.paper_share(draw.truth) >= LEAST_PAPER:
            paper = self._paper(draw.truth)
            behind, lines = fill_backdrop(backdrop, kind, 0, color, line)
            self.truth[i] = torch.where(paper, behind, self.truth[i])
            self.sketch[i] = torch.where(paper, torch.minimum(self.sketch[i], lines), self.sketch[i])
        if draw.kind is Kind.PSEUDO:
            self.reference[i] = self.truth[i]
        elif backdrop.behind[1] and self._store.paper_share(draw.reference) >= LEAST_PAPER:
            behind, _ = fill_backdrop(backdrop, kind, 1, color, line)
            self.reference[i] = torch.where(self._paper(draw.reference), behind, self.reference[i])

    def _accompany(self, i: int, draw: Draw, other: int) -> None:
        """Put another figure beside the reference of sample i, where both stand on blank paper."""
        if min(self._store.paper_share(n) for n in (draw.reference, other)) < LEAST_PAPER:
            return
        self.reference[i], self.reference_coords[i] = beside(
            self.reference[i], self._paper(draw.reference), self.reference_coords[i],
            self._floats(self._store.colors([other]))[0], left=draw.on_left,
        )  # fmt: skip


def _resize(pictures: Tensor, size: int) -> Tensor:
    if pictures.shape[2] == size:
        return pictures
    return F.interpolate(pictures, size=(size, size), mode="bilinear", antialias=True).clamp(-1, 1)


def _resize_lines(sketch: Tensor, size: int) -> Tensor:
    """Resize line art so that thin lines stay dark: half mean, half darkest of each window."""
    if sketch.shape[2] <= size:
        return _resize(sketch, size)
    return (_resize(sketch, size) - F.adaptive_max_pool2d(-sketch, size)) / 2
