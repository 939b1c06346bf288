"""Paint a set of drawings by every method, each by the same reference, and measure the results."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch

from rltn_cli.data.augment import Deformation, deform
from rltn_cli.data.pairs import Pair, load_pair, of_split
from rltn_cli.data.references import group_mate, nearest, number_of, thumbnail
from rltn_cli.engine.metrics import Figures, Truth, measure
from rltn_cli.engine.painters import Painter
from rltn_cli.errors import DataError
from rltn_cli.pixels import Bytes

Protocol = Literal["group", "self", "nearest"]
SIZE = 256
"""Side in pixels at which every figure is taken."""
BEND = 0.12
"""Standard deviation of the thin-plate control points under `self`, in picture widths."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A drawing and the reference that every method paints it by."""

    pair: Pair
    reference: Pair
    """The picture that the reference is made from: the pair itself under the protocol `self`."""
    seed: int | None = None
    """Seed of the deformation under `self`; None where the reference is used as it is."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Trials as pixels, all at 256x256."""

    sketches: Bytes
    """(N, 256, 256) uint8, black lines on white."""
    references: Bytes
    """(N, 256, 256, 3) uint8 RGB."""
    truths: Bytes
    """(N, 256, 256, 3) uint8 RGB."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of every method on every trial."""

    trials: Sequence[Trial]
    figures: Mapping[str, list[Figures]] = field(default_factory=dict)
    """One list a method, in the order of the trials."""


def plan(
    pairs: Sequence[Pair], protocol: Protocol, *, split: str = "val", limit: int | None = None, seed: int = 0
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
    return trials if limit is None else _spread(trials, limit, seed)


def _spread(trials: list[Trial], limit: int, seed: int) -> list[Trial]:
    """Return at most `limit` trials, taken in turns from the sources, in an order fixed by the seed."""
    by_source: dict[str, list[Trial]] = defaultdict(list)
    for trial in sorted(trials, key=lambda trial: number_of(f"{seed}:{trial.pair.id}")):
        by_source[trial.pair.source].append(trial)
    turns = [
        (turn, source, trial) for source in sorted(by_source) for turn, trial in enumerate(by_source[source])
    ]
    taken = [trial for _, _, trial in sorted(turns, key=lambda item: item[:2])[:limit]]
    return sorted(taken, key=lambda trial: trial.pair.id)


def load(trials: Sequence[Trial]) -> Batch:
    """Read the pictures of some trials.

    Raises:
        DataError: a picture that cannot be read.
    """
    truths, sketches = zip(*(load_pair(trial.pair, SIZE) for trial in trials), strict=True)
    references = [_reference(trial) for trial in trials]
    return Batch(np.stack(sketches), np.stack(references), np.stack(truths))


def _reference(trial: Trial) -> Bytes:
    """Return the reference (256, 256, 3) uint8 of a trial."""
    color, _ = load_pair(trial.reference, SIZE)
    if trial.seed is None:
        return color
    drawn = Deformation.draw(np.random.default_rng(trial.seed), bend=BEND)
    deformed = deform(torch.from_numpy(color).permute(2, 0, 1)[None].float(), [drawn])
    return deformed[0].permute(1, 2, 0).round().clamp(0, 255).to(torch.uint8).numpy()


def evaluate(
    trials: Sequence[Trial],
    painters: Mapping[str, Painter],
    *,
    batch: int = 8,
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Paint every trial by every method and measure the pictures.

    Args:
        trials: what to paint.
        painters: methods by their names in the report.
        batch: trials read and painted at once.
        progress: called after every batch with the number of trials done in it.

    Raises:
        DataError: a picture that cannot be read.
    """
    figures: dict[str, list[Figures]] = {name: [] for name in painters}
    for start in range(0, len(trials), batch):
        pixels = load(trials[start : start + batch])
        truths = [Truth.of(*pair) for pair in zip(pixels.truths, pixels.sketches, strict=True)]
        for name, paint in painters.items():
            images = paint(pixels.sketches, pixels.references).images
            figures[name] += [measure(*pair) for pair in zip(images, truths, strict=True)]
        if progress:
            progress(len(truths))
    return Evaluation(trials, figures)
