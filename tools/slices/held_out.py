"""How well weights paint held-out drawings, measured quickly between training steps."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor

from rltn_cli.data.batches import Batch, make_batch
from rltn_cli.data.lab import is_white_paper, to_lab
from rltn_cli.data.matching import average_tokens
from rltn_cli.data.pairs import Pair
from rltn_cli.data.sampling import Sampler
from rltn_cli.models.rltn import RLTN
from rltn_cli.training_config import DataConfig
from slices.packed import PackedStore

AT_ONCE = 16
"""Samples painted at once."""
RIGHT = 10.0
"""Lab distance up to which a token's colour counts as right."""


def held_out_data(pairs: Sequence[Pair]) -> DataConfig:
    """Return how held-out samples are drawn: from all sources alike, as they are, by another picture each."""
    sources = Counter(pair.source for pair in pairs)
    return DataConfig(
        pseudo=0,
        foreign=0,
        recolor=0,
        degrade=0,
        source_weights={name: 1 / number for name, number in sources.items()},
    )


class HeldOut:
    """Samples of the validation split, each with another picture of the same figure as its reference."""

    def __init__(self, store: PackedStore, count: int, size: int, device: torch.device | str) -> None:
        """Draw about `count` samples, from all sources alike, and make their pictures of `size` pixels."""
        sampler = Sampler(store.pairs, held_out_data(store.pairs), seed=0)
        specs = [sampler.draw(0, i, count) for i in range(count)]
        self._sources = [store.pairs[spec.target].source for spec in specs]
        self._batches = [
            make_batch(store, specs[i : i + AT_ONCE], size, device) for i in range(0, count, AT_ONCE)
        ]

    @torch.no_grad()
    def measure(self, model: RLTN) -> dict[str, float]:
        """Paint the samples and compare their 4x4 patches, blank paper left out, with the targets'.

        The model is left in its mode.

        Returns:
            `color_error`, the mean distance in Lab (CIE76), and `right`, the share of patches within RIGHT,
            both averaged over the sources; and `color_error/SOURCE` of each source.
        """
        training = model.training
        model.eval()
        errors: dict[str, list[float]] = defaultdict(list)
        right: dict[str, list[float]] = defaultdict(list)
        measured = [row for batch in self._batches for row in _measure(model, batch).tolist()]
        for source, (error, share) in zip(self._sources, measured, strict=True):
            errors[source].append(error)
            right[source].append(share)
        model.train(training)
        means = {name: sum(values) / len(values) for name, values in sorted(errors.items())}
        shares = [sum(values) / len(values) for values in right.values()]
        values = {"color_error": sum(means.values()) / len(means), "right": sum(shares) / len(shares)}
        return values | {f"color_error/{name}": value for name, value in means.items()}


def _measure(model: RLTN, batch: Batch) -> Tensor:
    """Return (B, 2): error and share of right patches of each sample."""
    with torch.autocast(batch.sketch.device.type, torch.bfloat16, enabled=batch.sketch.is_cuda):
        colors = model(batch.sketch, [batch.reference], batch.labels).colors
    painted, target = (average_tokens(to_lab(picture.float())) for picture in (colors, batch.target))
    weights = (~is_white_paper(target)).float()
    distance = (painted - target).square().sum(dim=2).sqrt()
    total = weights.sum(dim=1).clamp(min=1)
    return torch.stack(
        [(distance * weights).sum(1) / total, ((distance <= RIGHT) * weights).sum(1) / total], dim=1
    )
