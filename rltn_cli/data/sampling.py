"""What chance decides about each training sample, as a function of (seed, step, index) alone."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from rltn_cli.data.augmentation import WIDE_CROP, Deformation, LineDegradation, Recoloring
from rltn_cli.data.backdrops import Backdrop
from rltn_cli.data.pairs import Pair
from rltn_cli.errors import DataError
from rltn_cli.training_config import DataConfig

GOLDEN_RATIO = 0.6180339887498949
"""Its multiples modulo 1 spread evenly, however many of them are taken."""
SAME_GROUP = 0.7
"""Probability that a foreign reference is of the target's own group, where that has other palettes."""
LINE_VARIANTS = (0, 0, 0, 1, 2)
"""Line art that a sample may get, each entry as likely as another; see `PairStore.lines`."""
BACKDROP_CANDIDATES = 4
"""Pictures that are drawn for a backdrop, since some of them are figures on blank paper."""
SEED_END = 2**31
"""Seeds that are drawn lie below this."""


class ReferenceKind(Enum):
    """Where a sample's reference comes from."""

    PSEUDO = "pseudo"
    """The deformed target."""
    SHARED = "shared"
    """Another picture with the same true colours."""
    FOREIGN = "foreign"
    """Another picture with other colours: there is no ground truth to compare with."""


@dataclass(frozen=True, slots=True)
class SampleSpec:
    """Everything that chance decides about one sample."""

    target: int
    """Number of the drawing, whose own colours are the target."""
    reference: int
    """Number of the picture that the reference is made from."""
    kind: ReferenceKind
    variant: int
    """Of the line art; see `PairStore.lines`."""
    recoloring: Recoloring
    """Of target and reference alike."""
    crop: Deformation
    """Of the drawing and its target."""
    deformation: Deformation
    """Of the reference."""
    degradation: LineDegradation
    backdrop: Backdrop | None = None
    companion: int | None = None
    """Number of another picture whose figure stands next to the reference's."""
    on_left: bool = True
    """Whether the reference's own figure is the one on the left."""
    seed: int = 0
    """Decides which tokens are matched."""


class Sampler:
    """Draws samples; each depends on (seed, step, index) and on nothing that came before."""

    def __init__(self, pairs: Sequence[Pair], config: DataConfig, seed: int) -> None:
        """Prepare the draws.

        Raises:
            DataError: no pairs, or source weights that leave nothing to draw.
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
        has_mate = np.array([len(self.palettes[key]) > 1 for key in self.keys])
        if weights.sum() <= 0:
            raise DataError("the source weights leave no pair to draw")
        self.cumulative = np.cumsum(weights)
        """Cumulative weights of all pairs."""
        self.cumulative_mated = np.cumsum(weights * has_mate)
        """Cumulative weights of the pairs that share their palette with another one."""

    def draw(self, step: int, index: int, batch: int) -> SampleSpec:
        """Draw sample `index` of the `batch` samples of a step."""
        config = self.config
        rng = np.random.default_rng([self.seed, step, index])
        kind = self._draw_kind(step, index / batch)
        table = self.cumulative_mated if kind is ReferenceKind.SHARED else self.cumulative
        target = int(np.searchsorted(table, rng.random() * table[-1], side="right"))
        reference, kind = self._draw_reference(rng, target, kind)
        companion = kind is ReferenceKind.SHARED and rng.random() < config.companion
        if kind is ReferenceKind.PSEUDO:
            deformation = Deformation.draw(rng, bend=rng.uniform(0.1, 1) * config.deform)
        else:  # a companion needs room: no close-up
            deformation = Deformation.crop(
                rng, max(config.closest, WIDE_CROP) if companion else config.closest
            )
        # the order of the arguments is the order of the draws: a change of it changes every run
        return SampleSpec(
            target=target,
            reference=reference,
            kind=kind,
            variant=int(rng.choice(LINE_VARIANTS)),
            recoloring=Recoloring.draw(rng) if rng.random() < config.recolor else Recoloring.none(),
            crop=Deformation.crop(rng, config.closest),
            deformation=deformation,
            degradation=LineDegradation.draw(rng) if rng.random() < config.degrade else LineDegradation(),
            backdrop=(
                Backdrop.draw(rng, self._draw_pictures(rng, BACKDROP_CANDIDATES))
                if rng.random() < config.backdrop
                else None
            ),
            companion=self._draw_pictures(rng, 1)[0] if companion else None,
            on_left=bool(rng.random() < 0.5),
            seed=int(rng.integers(SEED_END)),
        )

    def _draw_kind(self, step: int, position: float) -> ReferenceKind:
        """Return the kind of the sample at a position, from 0 to 1, of a step's batch.

        It is stratified, not drawn, so that batches of every size hold each kind by its share.
        """
        share = (position + step * GOLDEN_RATIO) % 1
        if share >= 1 - self.config.foreign:
            return ReferenceKind.FOREIGN
        if share < self.config.pseudo or self.cumulative_mated[-1] <= 0:
            return ReferenceKind.PSEUDO
        return ReferenceKind.SHARED

    def _draw_pictures(self, rng: np.random.Generator, count: int) -> list[int]:
        """Draw numbers of pictures by their weights."""
        table = self.cumulative
        found: list[int] = np.searchsorted(table, rng.random(count) * table[-1], side="right").tolist()
        return found

    def _draw_reference(
        self, rng: np.random.Generator, target: int, kind: ReferenceKind
    ) -> tuple[int, ReferenceKind]:
        """Choose the reference of a picture; a foreign one may turn out to share its palette after all."""
        key = self.keys[target]
        if kind is ReferenceKind.PSEUDO:
            return target, kind
        if kind is ReferenceKind.SHARED:
            mates = [i for i in self.palettes[key] if i != target]
            return int(rng.choice(mates)), kind
        relatives = [i for i in self.groups[key[0]] if self.keys[i] != key]
        if relatives and rng.random() < SAME_GROUP:
            reference = int(rng.choice(relatives))
        else:
            reference = int(rng.integers(self.count))
        if reference == target:
            return reference, ReferenceKind.PSEUDO
        return reference, ReferenceKind.SHARED if self.keys[reference] == key else kind
