"""Train the region match of a network whose other weights stay as they are.

    python tools/train_region_match.py cache PACK... -m MODEL -o CACHE --count 10000
    python tools/train_region_match.py cache PACK... -m MODEL -o CACHE --split val --count 500
    python tools/train_region_match.py train CACHE -m MODEL -o FOLDER --epochs 8

`cache` draws samples as training does, and keeps what the network says of their regions and colours; it goes
on where it stopped. `train` learns from that which colour each region takes, and measures on the cached
samples of the split `val`. Packs are those of `tools/train_slices.py pack`.
"""

import argparse
import dataclasses
import json
import math
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import rltn_cli  # noqa: F401  before PyTorch, whose threads then sleep while they wait

# isort: split
import numpy as np
import torch
import torch.nn.functional as F
from slices.held_out import held_out_data
from slices.packed import PackedStore
from slices.region_samples import Sample, describe, read_samples, write_samples
from slices.subcommands import run_subcommand
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from rltn_cli.config_files import load_toml
from rltn_cli.data.batches import make_batch
from rltn_cli.data.sampling import Sampler
from rltn_cli.engine.checkpoints.model_names import find_model
from rltn_cli.engine.checkpoints.weights import load_model, save_model
from rltn_cli.engine.evaluation.metrics import FAR_FROM_WHITE, SAME_COLOR, SMALLEST_REGION
from rltn_cli.model_config import ARCHITECTURE
from rltn_cli.models.region_match import RegionMatch
from rltn_cli.models.region_slots import Regions
from rltn_cli.models.rltn import RLTN
from rltn_cli.sizes import PATCH
from rltn_cli.training_config import TrainConfig

CHUNK = 256
"""Samples in a file of the cache."""
SIZE = 256
"""Height and width of the samples, in pixels."""
TOLERANCE = 5.0
"""CIEDE2000 at which a colour of the palette is 37 % as right as the true one."""
SMALLEST = 16
"""Pixels off the lines of a region that teaches."""
WHITE_WEIGHT = 0.3
"""Weight of a white region, relative to another one of its size."""
DROPPED = 0.1
"""Share of the features that training leaves out at random."""


def cache(options: argparse.Namespace) -> None:
    """Keep what a network says of samples."""
    model = with_fresh_match(_load(options.model), 1)  # what colours look like does not depend on its weights
    store = PackedStore(options.packs, split=options.split)
    if options.split == "train":
        config = dataclasses.replace(load_toml(TrainConfig, options.config).data, pseudo=options.pseudo)
    else:
        config = held_out_data(store.pairs)
    sampler = Sampler(store.pairs, config, seed=options.seed)
    options.output.mkdir(parents=True, exist_ok=True)
    for first in range(0, options.count, CHUNK):
        path = options.output / f"{options.split}-{first:06d}.safetensors"
        if path.exists():
            continue
        found: list[Sample] = []
        for number in range(first, min(first + CHUNK, options.count)):
            spec = sampler.draw(number, 0, 1)
            batch = make_batch(store, [spec], SIZE)
            found.append(describe(model, batch, store.pairs[spec.target].source))
        write_samples(found, path)
        print(path.name, flush=True)


def with_fresh_match(model: RLTN, layers: int) -> RLTN:
    """Return a network with a region match that has learned nothing yet, instead of its own if it has one."""
    config = dataclasses.replace(model.config, region_match=layers, architecture=ARCHITECTURE)
    whole = RLTN(config)
    kept = {name: value for name, value in model.state_dict().items() if "region_match." not in name}
    missing, _ = whole.load_state_dict(kept, strict=False)
    assert all(name.startswith("region_match.") for name in missing)
    return whole.eval()


def train(options: argparse.Namespace) -> None:
    """Train on a cache, measure, and save the whole network."""
    model = _load(options.model)
    torch.manual_seed(options.seed)
    whole = with_fresh_match(model, options.layers)
    match = whole.region_match
    assert match is not None
    samples, held_out = (read_samples(options.cache, split) for split in ("train", "val"))
    _report(0, 0.0, _measure(None, held_out))
    optimizer = torch.optim.AdamW(match.parameters(), options.lr, betas=(0.9, 0.98), weight_decay=0.05)
    averaged = AveragedModel(match, multi_avg_fn=get_ema_multi_avg_fn(0.995))
    steps = int(options.epochs * len(samples) / options.batch)
    order = np.random.default_rng(options.seed)
    numbers = np.concatenate([order.permutation(len(samples)) for _ in range(math.ceil(options.epochs) + 1)])
    begun, losses = time.monotonic(), list[float]()
    for step in range(steps):
        rate = options.lr * min(1.0, (step + 1) / 100) * (0.51 + 0.49 * math.cos(math.pi * step / steps))
        for group in optimizer.param_groups:
            group["lr"] = rate
        chosen = [samples[i] for i in numbers[step * options.batch : (step + 1) * options.batch]]
        loss = match_loss(match, chosen)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(match.parameters(), 1.0)
        optimizer.step()
        averaged.update_parameters(match)
        losses.append(loss.item())
        if (step + 1) % max(1, steps // options.reports) == 0:
            shown = averaged.module
            assert isinstance(shown, RegionMatch)
            print(json.dumps({"step": step + 1, "seconds": round(time.monotonic() - begun)}))
            _report(step + 1, sum(losses[-200:]) / len(losses[-200:]), _measure(shown, held_out))
    match.load_state_dict(averaged.module.state_dict())
    save_model(whole.eval(), options.output)


def match_loss(match: RegionMatch, samples: Sequence[Sample], dropped: float = DROPPED) -> Tensor:
    """Return the cross-entropy between the right colours of regions and those that the match gives them.

    Colours are right by their difference from the true one; regions whose colour the palette lacks do not
    count, and large ones count more, by the fourth root of their pixels.
    """
    regions, colors, shown, difference, weights = _stack(samples)
    regions = dataclasses.replace(regions, features=F.dropout(regions.features, dropped))
    logits = match(regions, F.dropout(colors, dropped), shown)
    right = torch.exp(-((difference / TOLERANCE) ** 2))
    right = right / right.sum(dim=2, keepdim=True).clamp(min=1e-9)
    entropy = -(right * F.log_softmax(logits, dim=2)).sum(dim=2)
    return (weights * entropy).sum() / weights.sum().clamp(min=1e-9)


def _stack(samples: Sequence[Sample]) -> tuple[Regions, Tensor, Tensor, Tensor, Tensor]:
    """Return regions, colours, which of these are real, differences and weights of a batch."""
    rows, columns = (max(sample.difference.shape[axis] for sample in samples) for axis in (0, 1))

    def padded(name: str, sizes: Sequence[int], value: float = 0.0) -> Tensor:
        parts = []
        for sample in samples:
            part = getattr(sample, name).float()
            room = [n - have for n, have in zip(sizes, part.shape, strict=True)]
            parts.append(F.pad(part, [n for r in reversed(room) for n in (0, r)], value=value))
        return torch.stack(parts)

    regions = Regions(
        padded("features", (rows, samples[0].features.shape[1])),
        padded("votes", (2, rows, columns), -7.0),
        padded("borders", (rows, rows)),
        torch.stack([torch.arange(rows) < len(sample.pixels) for sample in samples]),
    )
    shown = torch.stack([torch.arange(columns) < len(sample.colors) for sample in samples])
    difference = padded("difference", (rows, columns), 1e3)
    pixels, from_white = padded("pixels", (rows,)), padded("from_white", (rows,))
    taught = (pixels >= SMALLEST) & (difference.amin(dim=2) <= SAME_COLOR)
    weights = (
        (pixels / PATCH**2) ** 0.25 * taught * torch.where(from_white > FAR_FROM_WHITE, 1.0, WHITE_WEIGHT)
    )
    colors = padded("colors", (columns, samples[0].colors.shape[1]))
    return regions, colors, shown, difference, weights


@torch.no_grad()
def _measure(match: RegionMatch | None, samples: Sequence[Sample]) -> dict[str, float]:
    """Return the region accuracy of each source and its mean; of the votes alone where there is no match."""
    right, counted = defaultdict[str, int](int), defaultdict[str, int](int)
    for sample in samples:
        regions, colors, shown, difference, _ = _stack([sample])
        logits = regions.votes[:, 0] if match is None else match(regions, colors, shown)
        chosen = difference[0].gather(1, logits[0].argmax(dim=1, keepdim=True))[:, 0]
        counts = (sample.pixels >= SMALLEST_REGION) & (sample.from_white > FAR_FROM_WHITE)
        right[sample.source] += int((chosen[counts] <= SAME_COLOR).sum())
        counted[sample.source] += int(counts.sum())
    shares = {name: right[name] / number for name, number in sorted(counted.items()) if number}
    return {"mean": sum(shares.values()) / max(1, len(shares)), **shares}


def _report(step: int, loss: float, accuracy: dict[str, float]) -> None:
    rounded = {name: round(value, 4) for name, value in accuracy.items()}
    print(json.dumps({"step": step, "loss": round(loss, 4), "region_accuracy": rounded}), flush=True)


def _load(name: str) -> RLTN:
    model = load_model(find_model(name))
    assert isinstance(model, RLTN), "only RLTN matches regions"
    return model.eval()


def main(arguments: list[str] | None = None) -> int:
    """Run one of the subcommands and return its exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    one, two = (commands.add_parser(run.__name__, help=run.__doc__) for run in (cache, train))
    one.set_defaults(run=cache)
    one.add_argument("packs", type=Path, nargs="+")
    one.add_argument(
        "--config", type=Path, default=Path("configs/rltn-small.toml"), help="whose [data] to draw by"
    )
    one.add_argument("--pseudo", type=float, default=0.15, help="share of deformed targets as references")
    one.add_argument("--split", default="train")
    one.add_argument("--count", type=int, default=10000)
    two.set_defaults(run=train)
    two.add_argument("cache", type=Path)
    two.add_argument("--epochs", type=float, default=8)
    two.add_argument("--layers", type=int, default=3)
    two.add_argument("--lr", type=float, default=1e-3)
    two.add_argument("--batch", type=int, default=32)
    two.add_argument("--reports", type=int, default=4)
    for command in (one, two):
        command.add_argument("-m", "--model", default="rltn-small")
        command.add_argument("-o", "--output", type=Path, required=True)
        command.add_argument("--seed", type=int, default=0)
    return run_subcommand(parser, arguments)


if __name__ == "__main__":
    sys.exit(main())
