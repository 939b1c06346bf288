"""Pictures that are held back from training, and how well weights paint them."""

import dataclasses
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import torch

from rltn_cli.data.pairs import Pair
from rltn_cli.data.references import hash_to_number, nearest, thumbnail
from rltn_cli.data.stores import PairStore
from rltn_cli.engine.evaluation.methods import make_model_method
from rltn_cli.engine.evaluation.metrics import Target, measure
from rltn_cli.engine.inference.colorizer import Colorizer
from rltn_cli.engine.training.events import ValidationMetrics
from rltn_cli.imaging.pixels import Bytes
from rltn_cli.models.architectures import PaintingNetwork

FEWEST = 8
"""Of fewer pairs none are held back."""
LEAST_INK = 0.001
"""A drawing with a smaller share of dark pixels is blank, and not measured."""
INK = 128
"""Grey below which a pixel of a drawing is dark."""


def split_pairs(pairs: Sequence[Pair], share: float, seed: int) -> tuple[list[Pair], list[Pair]]:
    """Hold back a share of the pairs; of several groups, whole ones.

    Args:
        pairs: of any splits; those held back get the split `val`, the others `train`.
        share: from 0 to 1; above 0 at least two pairs are held back, but none of fewer than FEWEST.
        seed: of the choice.

    Returns:
        (pairs to train on, pairs to validate on), each in the order of `pairs`.
    """
    several = len({pair.group for pair in pairs}) > 1
    groups: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        groups[pair.group if several else pair.id].append(pair)
    wanted = max(2, round(share * len(pairs))) if share > 0 and len(pairs) >= FEWEST else 0
    held: set[str] = set()
    for name in sorted(groups, key=lambda name: hash_to_number(f"{seed}:{name}")):
        if len(held) >= wanted:
            break
        if len(held) + len(groups[name]) <= len(pairs) // 2:
            held |= {pair.id for pair in groups[name]}
    return (
        [dataclasses.replace(pair, split="train") for pair in pairs if pair.id not in held],
        [dataclasses.replace(pair, split="val") for pair in pairs if pair.id in held],
    )


def choose_references(drawings: Sequence[int], pairs: Sequence[Pair], store: PairStore) -> list[int]:
    """Return each drawing's reference: a picture of its palette, or else the most similar one.

    Args:
        drawings: numbers of the drawings.
        pairs: drawings and other pictures, in the order of their numbers.
        store: of these pairs.
    """
    mates: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, pair in enumerate(pairs):
        mates[pair.group, pair.palette].append(number)
    similar: Sequence[int] | None = None
    chosen = []
    for drawing in drawings:
        pair = pairs[drawing]
        others = [number for number in mates[pair.group, pair.palette] if number != drawing]
        # a mate that is held back like the drawing itself comes first: training has not seen it
        own = [number for number in others if pairs[number].split == pair.split] or others
        if own:
            chosen.append(own[hash_to_number(pair.id) % len(own)])
            continue
        if similar is None:
            similar = nearest(np.stack([thumbnail(_color(store, i)) for i in range(len(pairs))])).tolist()
        chosen.append(similar[drawing])
    return chosen


def _color(store: PairStore, number: int) -> Bytes:
    """Return a colour picture (S, S, 3) uint8."""
    picture: Bytes = store.colors([number])[0].permute(1, 2, 0).numpy()
    return np.ascontiguousarray(picture)


class Validation:
    """Drawings with references and targets, the same for all weights."""

    def __init__(self, store: PairStore, limit: int) -> None:
        """Choose drawings and read them.

        Args:
            store: of pictures on the CPU; those of the split `val` are painted, the others may be references.
            limit: largest number of pictures to paint.

        Raises:
            DataError: a picture cannot be read.
        """
        pairs = store.pairs
        held = [number for number, pair in enumerate(pairs) if pair.split == "val"]
        ordered = sorted(held, key=lambda number: hash_to_number(pairs[number].id))[:limit]
        sketches = store.lines(ordered, [0] * len(ordered))[:, 0].numpy() if ordered else np.empty((0, 1, 1))
        inked = (sketches < INK).mean(axis=(1, 2)) >= LEAST_INK
        drawings = [number for number, has_ink in zip(ordered, inked, strict=True) if has_ink]
        self.ids = [pairs[number].id for number in drawings]
        self._sketches = sketches[inked]
        self._references = [_color(store, i) for i in choose_references(drawings, pairs, store)]
        self._targets = [
            Target.of(_color(store, number), sketch)
            for number, sketch in zip(drawings, self._sketches, strict=True)
        ]

    def measure(self, model: PaintingNetwork, device: torch.device) -> ValidationMetrics:
        """Paint the drawings as `rltn colorize` does and compare them with their targets."""
        paint = make_model_method(Colorizer(model, device))
        metrics = []
        for sketch, reference, target, name in zip(
            self._sketches, self._references, self._targets, self.ids, strict=True
        ):
            image = paint(sketch[None], reference[None], [name]).images[0]
            metrics.append(measure(image, target))
        values: ValidationMetrics = {
            "color_error": sum(measured.color_error for measured in metrics) / len(metrics)
        }
        regions = sum(measured.regions for measured in metrics)
        if regions:
            values["region_accuracy"] = sum(measured.regions_right for measured in metrics) / regions
        return values
