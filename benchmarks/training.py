"""The training step, profiled, and compared with the same step done in two other ways.

    python benchmarks/training.py [--data FOLDER] [--preset small] [--size 256] [--batch 4] [--terms late]

Prints what share of the time the convolutions take, the largest other costs, how long the network waits for
its pictures, and the throughput against the same step without channels_last and with the whole matrix of
similarities in memory. The steps of the three ways alternate, so that what else the machine does meets all
alike. On a CPU times are processor time.
"""

import argparse
import dataclasses
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import rltn_cli  # noqa: F401  before PyTorch, whose threads then sleep while they wait

# isort: split
import cv2
import numpy as np
import torch
from forward import materialised_warp
from torch.profiler import ProfilerActivity, profile

from rltn_cli.choices import Preset
from rltn_cli.data.batches import Batch, make_batch
from rltn_cli.data.pairs import Pair
from rltn_cli.data.recipes import read_data
from rltn_cli.data.stores import FolderStore
from rltn_cli.engine.training import losses
from rltn_cli.engine.training.accelerator import make_accelerator
from rltn_cli.engine.training.frozen_networks import FrozenNetworks
from rltn_cli.engine.training.objective import RLTNObjective
from rltn_cli.engine.training.trainer import Trainer
from rltn_cli.models import rltn
from rltn_cli.models.frozen import VGG
from rltn_cli.training_config import FINE_TUNING, LossConfig, TrainConfig

KINDS = {
    "convolution": ("conv",),
    "norm": ("norm", "var_mean"),
    "attention": ("attention",),
    "matrix product": ("addmm", "::mm", "bmm", "linear", "einsum"),
    "copies and layout": ("copy_", "contiguous", "::cat", "clone", "pixel_", "constant_pad", "::fill_"),
    "pooling and resizing": ("pool", "upsample", "interpolate", "grid_sampl"),
    "optimiser": ("_foreach", "adam", "lerp"),
    "pointwise": (
        "mul", "add", "sub", "div", "relu", "tanh", "sigmoid", "abs", "neg", "pow", "sum", "mean", "softmax",
        "threshold", "sgn", "sqrt", "clamp", "where", "masked",
    ),
}  # fmt: skip
"""Which operators count as what, by parts of their names; the first that fits."""


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    options = _parser().parse_args(arguments)
    config = make_config(options.preset, options.size, options.batch, options.terms)
    config = dataclasses.replace(config, precision=options.precision, device=options.device)
    accelerator = make_accelerator(config)
    torch.set_num_threads(options.threads)  # afterwards, since a run chooses its own
    with tempfile.TemporaryDirectory() as folder:
        pairs = read_data([options.data]) if options.data else draw_pairs(Path(folder), options.size)
        trainer = Trainer(
            config,
            FolderStore(pairs, options.size),
            frozen=FrozenNetworks(vgg=VGG("vgg16") if options.terms == "late" else None),
            accelerator=accelerator,
        )
        parameters = trainer.networks.count_parameters()
        print(
            f"{options.preset}, {parameters:,} parameters; {options.batch} x {options.size} pixels; "
            f"terms {', '.join(config.losses.active)}; {trainer.device.type}, "
            f"{torch.get_num_threads()} threads, "
            f"{config.precision}\n"
        )
        report_waiting(trainer, options.steps)
        batch = fixed_batch(trainer)
        report_profile(trainer, batch)
        report_ratios(trainer, batch, options.steps)


def make_config(preset: Preset, size: int, batch: int, terms: str) -> TrainConfig:
    """Return the configuration of the steps: a fine-tuner's, or with all nine terms."""
    config = dataclasses.replace(FINE_TUNING, preset=preset, sizes=((0, size),), batch=batch)
    return dataclasses.replace(config, losses=LossConfig()) if terms == "late" else config


def draw_pairs(folder: Path, size: int, count: int = 8) -> list[Pair]:
    """Write pairs of discs to a folder, as files, so that reading them costs what it does."""
    pairs = []
    for number in range(count):
        rng = np.random.default_rng(number)
        color, line = np.full((size, size, 3), 255, np.uint8), np.full((size, size), 255, np.uint8)
        for _ in range(12):
            center, radius = rng.integers(0, size, 2).tolist(), int(rng.integers(size // 16, size // 4))
            cv2.circle(color, center, radius, rng.integers(0, 256, 3).tolist(), -1)
            cv2.circle(line, center, radius, 0, 1)
        paths = folder / f"{number}.png", folder / f"{number}-line.png"
        cv2.imwrite(str(paths[0]), color)
        cv2.imwrite(str(paths[1]), line)
        pairs.append(Pair(str(number), *paths, group=str(number // 2), palette=str(number // 2)))
    return pairs


def fixed_batch(trainer: Trainer) -> Batch:
    """Return the batch of step 0."""
    config = trainer.config
    draws = [trainer.loader.sampler.draw(0, i, config.batch) for i in range(config.batch)]
    return make_batch(trainer.loader.store, draws, config.size_at(0), trainer.device)


def seconds_of(trainer: Trainer, step: Callable[[], object]) -> float:
    """Return what a step takes: processor time on a CPU, else wall time."""
    if trainer.device.type == "cpu":
        begun = time.process_time()
        step()
        return time.process_time() - begun
    torch.cuda.synchronize()
    begun = time.perf_counter()
    step()
    torch.cuda.synchronize()
    return time.perf_counter() - begun


def report_waiting(trainer: Trainer, steps: int) -> None:
    """Print throughput and how long the network waits for its pictures."""
    reports = list(trainer.run(until=steps + 1))[1:]
    waited = sum(report.waited for report in reports) / sum(report.seconds for report in reports)
    rate = trainer.config.batch / statistics.median(report.seconds for report in reports)
    print(f"{rate:.2f} pictures per second (wall), data waiting {100 * waited:.1f} % of a step\n")


def report_profile(trainer: Trainer, batch: Batch) -> None:
    """Print the shares of a step by kind of operator."""
    gpu = trainer.device.type == "cuda"
    with profile(activities=[ProfilerActivity.CUDA if gpu else ProfilerActivity.CPU]) as recorded:
        trainer.train_step(batch)
    sums: dict[str, float] = defaultdict(float)
    largest: dict[str, float] = defaultdict(float)
    for event in recorded.key_averages():
        duration = event.self_device_time_total if gpu else event.self_cpu_time_total
        kind = kind_of(event.key)
        sums[kind] += duration
        if kind != "convolution":
            largest[event.key] += duration
    total = sum(sums.values())
    print("| part of the step | share |\n|---|---:|")
    for kind, duration in sorted(sums.items(), key=lambda item: -item[1]):
        print(f"| {kind} | {100 * duration / total:.1f} % |")
    named = sorted(largest, key=lambda name: -largest[name])[:5]
    print("\nlargest apart from convolutions:")
    print("\n".join(f"- {name}, {100 * largest[name] / total:.1f} %" for name in named), end="\n\n")


def kind_of(operator: str) -> str:
    """Return what an operator counts as."""
    name = operator.lower()
    return next((kind for kind, parts in KINDS.items() if any(part in name for part in parts)), "other")


def report_ratios(trainer: Trainer, batch: Batch, steps: int) -> None:
    """Print the throughput of the step against the two other ways, in turns."""
    ways = {
        "as it is": as_it_is,
        "without channels_last": without_channels_last,
        "materialised": materialised,
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(steps + 1):
        for name, way in ways.items():
            with way(trainer, batch) as own:
                duration = seconds_of(trainer, lambda own=own: trainer.train_step(own))  # type: ignore[misc]
            if turn:
                seconds[name].append(duration)
    base = statistics.median(seconds["as it is"])
    print("| the step | seconds | throughput of as it is, over this |\n|---|---:|---:|")
    for name, values in seconds.items():
        print(f"| {name} | {statistics.median(values):.2f} | {statistics.median(values) / base:.2f} |")


@contextmanager
def as_it_is(trainer: Trainer, batch: Batch) -> Iterator[Batch]:
    """Change nothing."""
    del trainer
    yield batch


@contextmanager
def without_channels_last(trainer: Trainer, batch: Batch) -> Iterator[Batch]:
    """Lay networks and pictures out by channel for a while."""
    objective = trainer.training_step.objective
    assert isinstance(objective, RLTNObjective)
    networks = (trainer.networks.model, trainer.networks.discriminator, *objective.frozen.modules)
    try:
        for network in networks:
            network.to(memory_format=torch.contiguous_format)
        sketch, target, reference = (t.contiguous() for t in (batch.sketch, batch.target, batch.reference))
        yield dataclasses.replace(batch, sketch=sketch, target=target, reference=reference)
    finally:
        for network in networks:
            network.to(memory_format=torch.channels_last)


@contextmanager
def materialised(trainer: Trainer, batch: Batch) -> Iterator[Batch]:
    """Hold the whole matrix of similarities in memory for a while."""
    del trainer
    with (
        mock.patch.object(rltn, "warp", materialised_warp),
        mock.patch.object(losses, "warp", materialised_warp),
    ):
        yield batch


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", help="folder of pairs, or a recipe; discs are drawn without")
    parser.add_argument("--preset", default="small", choices=["tiny", "small", "base", "paper"])
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--steps", type=int, default=5, help="of each way, after one to warm up")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16", "fp16"])
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--terms", default="early", choices=["early", "late"], help="late: all nine")
    return parser


if __name__ == "__main__":
    main()
