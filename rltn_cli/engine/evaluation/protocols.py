"""Which drawings are evaluated, and by which references: the same for every method."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from rltn_cli.choices import EvaluationProtocol
from rltn_cli.data.augmentation import Deformation, deform
from rltn_cli.data.pairs import Pair, load_pair
from rltn_cli.data.references import choose_group_mates, hash_to_number, nearest, thumbnail
from rltn_cli.data.splits import select_split
from rltn_cli.errors import DataError
from rltn_cli.imaging.pixels import Bytes

SIZE = 256
"""Height and width in pixels at which pictures are measured."""
BEND, SCALE, TURN, SHIFT = 0.12, 0.35, 0.35, 0.25
"""Strength of the deformation under `self`; see `Deformation.draw`. Part of the protocol: never tuned."""


@dataclass(frozen=True, slots=True)
class EvaluationSample:
    """A drawing and the reference that every method paints it by."""

    pair: Pair
    reference: Pair
    """The picture that the reference is made from: the pair itself under the protocol `self`."""
    seed: int | None = None
    """Seed of the deformation under `self`; None where the reference is used as it is."""


@dataclass(frozen=True, slots=True)
class EvaluationBatch:
    """Samples as pixels, all at 256x256."""

    ids: tuple[str, ...]
    """The drawings' ids."""
    sketches: Bytes
    """(N, 256, 256) uint8, black lines on white."""
    references: Bytes
    """(N, 256, 256, 3) uint8 RGB."""
    targets: Bytes
    """(N, 256, 256, 3) uint8 RGB."""


def plan(
    pairs: Sequence[Pair],
    protocol: EvaluationProtocol,
    *,
    split: str = "val",
    limit: int | None = None,
    seed: int = 0,
) -> list[EvaluationSample]:
    """Choose the drawings and their references.

    Args:
        pairs: all pairs of a folder.
        protocol: `group`: another picture of the same split, group and palette, drawings without such a mate
            left out; `self`: the target, deformed; `nearest`: the most similar other picture of the split.
        split: the split to evaluate on.
        limit: largest number of drawings, taken evenly from the sources; None for all.
        seed: of every choice; the same seed and data give the same samples for every method.

    Returns:
        The samples, ordered by the drawing's id.

    Raises:
        DataError: the split is empty or too small, or no picture has a mate.
    """
    chosen = sorted(select_split(pairs, split), key=lambda pair: pair.id)
    if len(chosen) < 2:
        raise DataError(f"the split {split!r} holds one picture: evaluation needs at least two")
    if protocol == "self":
        samples = [
            EvaluationSample(pair, pair, hash_to_number(f"{seed}:{pair.id}") % 2**31) for pair in chosen
        ]
    elif protocol == "nearest":
        thumbnails = np.stack([thumbnail(load_pair(pair, SIZE)[0]) for pair in chosen])
        samples = [
            EvaluationSample(pair, chosen[i]) for pair, i in zip(chosen, nearest(thumbnails), strict=True)
        ]
    else:
        mates = choose_group_mates(chosen, seed=seed)
        samples = [
            EvaluationSample(pair, chosen[i]) for pair, i in zip(chosen, mates, strict=True) if i is not None
        ]
        if not samples:
            raise DataError(
                f"no picture of the split {split!r} shares its group and palette with another one: "
                "name them in the columns group and palette of index.csv, or use another protocol"
            )
    return samples if limit is None else spread(samples, limit, seed)


def spread(samples: list[EvaluationSample], limit: int, seed: int) -> list[EvaluationSample]:
    """Return at most `limit` samples, taken in turn from the sources, each in an order fixed by the seed."""
    by_source: dict[str, list[EvaluationSample]] = defaultdict(list)
    for sample in sorted(samples, key=lambda sample: hash_to_number(f"{seed}:{sample.pair.id}")):
        by_source[sample.pair.source].append(sample)
    turns = [
        (turn, source, sample)
        for source in sorted(by_source)
        for turn, sample in enumerate(by_source[source])
    ]
    taken = [sample for _, _, sample in sorted(turns, key=lambda item: item[:2])[:limit]]
    return sorted(taken, key=lambda sample: sample.pair.id)


def load(samples: Sequence[EvaluationSample]) -> EvaluationBatch:
    """Read the pictures of some samples.

    Raises:
        DataError: a picture cannot be read.
    """
    targets, sketches = zip(*(load_pair(sample.pair, SIZE) for sample in samples), strict=True)
    references = [_reference(sample) for sample in samples]
    return EvaluationBatch(
        tuple(sample.pair.id for sample in samples),
        np.stack(sketches),
        np.stack(references),
        np.stack(targets),
    )


def _reference(sample: EvaluationSample) -> Bytes:
    """Return the reference (256, 256, 3) uint8 of a sample."""
    color, _ = load_pair(sample.reference, SIZE)
    if sample.seed is None:
        return color
    rng = np.random.default_rng(sample.seed)
    drawn = Deformation.draw(rng, bend=BEND, scale=SCALE, turn=TURN, shift=SHIFT)
    deformed = deform(torch.from_numpy(color).permute(2, 0, 1)[None].float(), [drawn])
    return deformed[0].permute(1, 2, 0).round().clamp(0, 255).to(torch.uint8).numpy()
