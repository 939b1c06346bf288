"""Which drawings are evaluated, and by which references: the same for every method."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from rltn_cli.choices import EvaluationProtocol
from rltn_cli.data.augmentation import Deformation, deform
from rltn_cli.data.pairs import Pair, load_pair, of_split
from rltn_cli.data.references import group_mate, nearest, number_of, thumbnail
from rltn_cli.errors import DataError
from rltn_cli.imaging.pixels import Bytes

SIZE = 256
"""Side in pixels at which every figure is taken."""
BEND, SCALE, TURN, SHIFT = 0.12, 0.35, 0.35, 0.25
"""Strength of the deformation under `self`; see `Deformation.draw`. Part of the protocol: never tuned."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A drawing and the reference that every method paints it by."""

    pair: Pair
    reference: Pair
    """The picture that the reference is made from: the pair itself under the protocol `self`."""
    seed: int | None = None
    """Seed of the deformation under `self`; None where the reference is used as it is."""


@dataclass(frozen=True, slots=True)
class EvaluationBatch:
    """Trials as pixels, all at 256x256."""

    ids: tuple[str, ...]
    """The drawings' ids."""
    sketches: Bytes
    """(N, 256, 256) uint8, black lines on white."""
    references: Bytes
    """(N, 256, 256, 3) uint8 RGB."""
    truths: Bytes
    """(N, 256, 256, 3) uint8 RGB."""


def plan(
    pairs: Sequence[Pair],
    protocol: EvaluationProtocol,
    *,
    split: str = "val",
    limit: int | None = None,
    seed: int = 0,
) -> list[Trial]:
    """Choose the drawings and their references.

    Args:
        pairs: all pairs of a folder.
        protocol: `group`: another picture of the same split, group and palette, drawings without such a mate
            left out; `self`: the truth, deformed; `nearest`: the most similar other picture of the split.
        split: the split to evaluate on.
        limit: at most so many drawings, taken evenly from the sources; None for all.
        seed: of every choice; the same seed and data give the same trials for every method.

    Returns:
        The trials, ordered by the drawing's id.

    Raises:
        DataError: the split is empty or too small, or no picture has a mate.
    """
    chosen = sorted(of_split(pairs, split), key=lambda pair: pair.id)
    if len(chosen) < 2:
        raise DataError(f"the split {split!r} holds one picture: evaluation needs at least two")
    if protocol == "self":
        trials = [Trial(pair, pair, number_of(f"{seed}:{pair.id}") % 2**31) for pair in chosen]
    elif protocol == "nearest":
        thumbnails = np.stack([thumbnail(load_pair(pair, SIZE)[0]) for pair in chosen])
        trials = [Trial(pair, chosen[i]) for pair, i in zip(chosen, nearest(thumbnails), strict=True)]
    else:
        mates = group_mate(chosen, seed=seed)
        trials = [Trial(pair, chosen[i]) for pair, i in zip(chosen, mates, strict=True) if i is not None]
        if not trials:
            raise DataError(
                f"no picture of the split {split!r} shares its group and palette with another one: "
                "name them in the columns group and palette of index.csv, or use another protocol"
            )
    return trials if limit is None else spread(trials, limit, seed)


def spread(trials: list[Trial], limit: int, seed: int) -> list[Trial]:
    """Return at most `limit` trials, taken in turns from the sources, each in an order fixed by the seed."""
    by_source: dict[str, list[Trial]] = defaultdict(list)
    for trial in sorted(trials, key=lambda trial: number_of(f"{seed}:{trial.pair.id}")):
        by_source[trial.pair.source].append(trial)
    turns = [
        (turn, source, trial) for source in sorted(by_source) for turn, trial in enumerate(by_source[source])
    ]
    taken = [trial for _, _, trial in sorted(turns, key=lambda item: item[:2])[:limit]]
    return sorted(taken, key=lambda trial: trial.pair.id)


def load(trials: Sequence[Trial]) -> EvaluationBatch:
    """Read the pictures of some trials.

    Raises:
        DataError: a picture that cannot be read.
    """
    truths, sketches = zip(*(load_pair(trial.pair, SIZE) for trial in trials), strict=True)
    references = [_reference(trial) for trial in trials]
    return EvaluationBatch(
        tuple(trial.pair.id for trial in trials), np.stack(sketches), np.stack(references), np.stack(truths)
    )


def _reference(trial: Trial) -> Bytes:
    """Return the reference (256, 256, 3) uint8 of a trial."""
    color, _ = load_pair(trial.reference, SIZE)
    if trial.seed is None:
        return color
    rng = np.random.default_rng(trial.seed)
    drawn = Deformation.draw(rng, bend=BEND, scale=SCALE, turn=TURN, shift=SHIFT)
    deformed = deform(torch.from_numpy(color).permute(2, 0, 1)[None].float(), [drawn])
    return deformed[0].permute(1, 2, 0).round().clamp(0, 255).to(torch.uint8).numpy()
