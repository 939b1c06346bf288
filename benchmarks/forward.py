"""Time and memory of one forward pass, and of the fused against the materialised correspondence.

    python benchmarks/forward.py [--presets tiny small base paper] [--sizes 256 512] [--device cpu]

Every figure comes from a process of its own; ratios compare figures of one run on one machine.
"""

import argparse
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from rltn_cli.choices import Preset
from rltn_cli.model_config import PRESETS

if TYPE_CHECKING:
    import torch

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Settings:
    """What every case shares."""

    device: str
    threads: int
    repeat: int


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of one call."""

    seconds: float
    """Median over the repetitions, after one call to warm up."""
    megabytes: float
    """Peak memory beyond the peak before the first call."""


def measure(call: Callable[[], object], settings: Settings) -> Cost:
    """Call a function several times and return what one call costs."""
    import torch

    on_gpu = settings.device.startswith("cuda")
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated() if on_gpu else _resident_peak()
    seconds = []
    for _ in range(settings.repeat + 1):
        started = time.perf_counter()
        call()
        if on_gpu:
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    peak = torch.cuda.max_memory_allocated() if on_gpu else _resident_peak()
    return Cost(statistics.median(seconds[1:]), (peak - before) / 1e6)


def _resident_peak() -> int:
    """Return the largest resident size of this process so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def forward_cost(preset: Preset, size: int, settings: Settings) -> Cost:
    """Return the cost of painting one sketch by one reference, both `size` pixels per side."""
    import torch

    from rltn_cli.data.tensors import label_sketches
    from rltn_cli.models.rltn import RLTN

    torch.set_num_threads(settings.threads)
    torch.manual_seed(0)
    model = RLTN(PRESETS[preset]).to(settings.device).to(memory_format=torch.channels_last).eval()
    sketch = torch.rand(1, 1, size, size, device=settings.device) * 2 - 1
    reference = torch.rand(1, 3, size, size, device=settings.device) * 2 - 1
    labels = label_sketches(sketch)
    with torch.inference_mode():
        return measure(lambda: model(sketch, [reference], labels), settings)


def correspondence_cost(fused: bool, size: int, settings: Settings) -> Cost:
    """Return the cost of warping a reference of `size` pixels per side onto a sketch of that size."""
    import torch

    from rltn_cli.models.correspondence import to_patches, warp

    torch.set_num_threads(settings.threads)
    torch.manual_seed(0)
    tokens, config = (size // 4) ** 2, PRESETS["small"]
    queries, keys = (
        torch.nn.functional.normalize(
            torch.randn(1, tokens, config.correspondence_width, device=settings.device), dim=2
        )
        for _ in range(2)
    )
    patches = to_patches(torch.rand(1, 3, size, size, device=settings.device) * 2 - 1)
    method = warp if fused else materialised_warp
    with torch.inference_mode():
        return measure(lambda: method(queries, keys, patches, config.temperature), settings)


def materialised_warp(
    queries: "torch.Tensor",
    keys: "torch.Tensor",
    values: "torch.Tensor",
    temperature: float,
    bias: "torch.Tensor | None" = None,
) -> "torch.Tensor":
    """Return the same as the network's `warp`, with the whole matrix of similarities in memory."""
    logits = queries @ keys.transpose(1, 2) / temperature
    return (logits if bias is None else logits + bias[:, None]).softmax(dim=2) @ values


def alone(function: Callable[..., T], *arguments: object) -> T:
    """Call a function in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *arguments).result()


def main() -> None:
    """Measure and print two tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--presets", nargs="+", default=list(PRESETS), choices=list(PRESETS))
    parser.add_argument("--sizes", nargs="+", type=int, default=[256, 512], help="pixels per side")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--threads", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    settings = Settings(options.device, options.threads, options.repeat)

    print(f"One forward pass on {settings.device}, {settings.threads} threads, fp32, one reference\n")
    print("| preset | size | seconds | peak MB |\n|---|---|---|---|")
    for preset in options.presets:
        for size in options.sizes:
            cost = alone(forward_cost, preset, size, settings)
            print(f"| {preset} | {size} | {cost.seconds:.3f} | {cost.megabytes:.0f} |", flush=True)

    print("\nThe correspondence of `small`: materialised divided by fused\n")
    print("| size | tokens | fused s | materialised s | ratio | fused MB | materialised MB | ratio |")
    print("|---|---|---|---|---|---|---|---|")
    for size in options.sizes:
        fast, full = (alone(correspondence_cost, fused, size, settings) for fused in (True, False))
        print(
            f"| {size} | {(size // 4) ** 2} | {fast.seconds:.3f} | {full.seconds:.3f} "
            f"| {full.seconds / fast.seconds:.1f} | {fast.megabytes:.0f} | {full.megabytes:.0f} "
            f"| {full.megabytes / max(fast.megabytes, 1):.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
