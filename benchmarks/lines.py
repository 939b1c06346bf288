"""How good the lines of every method are, and how fast the shipped network is: the model card's tables.

    python benchmarks/lines.py DATA -m lines-small --hed hed_bsds500.safetensors

Every method's threshold is the one that gives the best F-score on some drawings of the split `train` that
have a line layer of their own; the scores are of the split `val`. Times are processor time of one thread, so
that other work on the machine changes them little; both networks are timed in turn in one run.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import rltn_cli  # noqa: F401  before PyTorch, whose threads then sleep while they wait

# isort: split
import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from rltn_cli.data.pairs import Pair, load_pair, read_pairs
from rltn_cli.data.splits import select_split
from rltn_cli.engine.checkpoints.line_models import load_line_model
from rltn_cli.engine.checkpoints.model_names import find_model
from rltn_cli.engine.evaluation.edge_score import EdgeScore, Mask, score_edges
from rltn_cli.imaging.line_art.xdog import xdog
from rltn_cli.imaging.pixels import Bytes
from rltn_cli.models.hed import HED

SIZE = 256
Draw = Callable[[Bytes], NDArray[np.float32]]
"""Draws a picture's lines: the strength of each pixel, to be cut at a threshold."""
STRENGTHS = tuple(round(0.05 * n, 2) for n in range(1, 20))
CONTRASTS = tuple(range(25, 525, 25))
"""Canny's upper thresholds, of the gradient; the lower is 0.4 of it."""


@dataclass(frozen=True, slots=True)
class Method:
    """A way to draw lines, cut at one of several thresholds."""

    name: str
    cut: Callable[[Bytes], Callable[[float], Mask]]
    """Takes a picture, and then a threshold."""
    thresholds: Sequence[float]
    draw: Draw | None = None
    """Strengths, where there are any."""


def by_strength(name: str, draw: Draw) -> Method:
    """Return a method that gives every pixel a strength."""

    def cut(color: Bytes) -> Callable[[float], Mask]:
        strength = draw(color)
        return lambda threshold: np.asarray(strength >= threshold)

    return Method(name, cut, STRENGTHS, draw)


def canny() -> Method:
    """Return Canny's edge detector (1986) on the grey picture, smoothed with sigma 1."""

    def cut(color: Bytes) -> Callable[[float], Mask]:
        grey = cv2.GaussianBlur(cv2.cvtColor(color, cv2.COLOR_RGB2GRAY), (0, 0), 1.0)
        return lambda threshold: np.asarray(cv2.Canny(grey, 0.4 * threshold, threshold, L2gradient=True) > 0)

    return Method("Canny", cut, CONTRASTS)


def network_draw(network: HED, enlarge: float = 1.0) -> Draw:
    """Return a network as a function of a picture, which it sees enlarged."""

    def draw(color: Bytes) -> NDArray[np.float32]:
        height, width = color.shape[:2]
        size = (round(enlarge * width), round(enlarge * height))
        seen = np.asarray(cv2.resize(color, size, interpolation=cv2.INTER_CUBIC))
        with torch.inference_mode():
            tensor = torch.from_numpy(seen).permute(2, 0, 1)[None].float() / 127.5 - 1
            edges = network(tensor)[-1].sigmoid()[0, 0].numpy()
        return np.asarray(cv2.resize(edges, (width, height), interpolation=cv2.INTER_AREA), np.float32)

    return draw


def xdog_draw(color: Bytes) -> NDArray[np.float32]:
    """Return the ink that xdog draws."""
    return np.asarray(1 - xdog(color) / 255, np.float32)


def some(pairs: Sequence[Pair], count: int) -> list[Pair]:
    """Return at most `count` pairs, the sources in turn; the same ones every time."""
    rng = np.random.default_rng(0)
    by_source: dict[str, list[Pair]] = {}
    for number in rng.permutation(len(pairs)):
        by_source.setdefault(pairs[number].source, []).append(pairs[number])
    queues = [by_source[source] for source in sorted(by_source)]
    turns = [queue[turn] for turn in range(len(pairs)) for queue in queues if turn < len(queue)]
    return turns[:count] if count else turns


def best_threshold(method: Method, pairs: Sequence[Pair]) -> float:
    """Return the threshold with the best F-score against the drawings' own lines."""
    totals = dict.fromkeys(method.thresholds, EdgeScore())
    for pair in pairs:
        color, line = load_pair(pair, SIZE)
        cut = method.cut(color)
        for threshold in method.thresholds:
            totals[threshold] += score_edges(cut(threshold), line < 128)
    return max(totals, key=lambda threshold: totals[threshold].f)


def native_scores(
    method: Method, threshold: float, pairs: Sequence[Pair]
) -> tuple[EdgeScore, dict[str, EdgeScore]]:
    """Return a method's score against the drawings' own lines, over all, and by source."""
    sources: dict[str, EdgeScore] = {}
    for pair in pairs:
        color, line = load_pair(pair, SIZE)
        score = score_edges(method.cut(color)(threshold), line < 128)
        sources[pair.source] = sources.get(pair.source, EdgeScore()) + score
    return sum(sources.values(), EdgeScore()), sources


def agreement(
    methods: Sequence[Method], thresholds: dict[str, float], hed: Method, pairs: Sequence[Pair]
) -> dict[str, tuple[float | None, float]]:
    """Return (mean absolute difference, F-score) of each method against HED."""
    differences: dict[str, list[float]] = {method.name: [] for method in methods}
    scores = {method.name: EdgeScore() for method in methods}
    assert hed.draw is not None
    for pair in pairs:
        color, _ = load_pair(pair, SIZE)
        edges = hed.draw(color)
        for method in methods:
            threshold = thresholds[method.name]
            if method.draw:
                strength = method.draw(color)
                differences[method.name].append(float(np.abs(strength - edges).mean()))
                mask = np.asarray(strength >= threshold)
            else:
                mask = method.cut(color)(threshold)
            scores[method.name] += score_edges(mask, edges >= thresholds[hed.name])
    return {
        name: (statistics.fmean(values) if values else None, scores[name].f)
        for name, values in differences.items()
    }


def times(networks: Sequence[HED], size: int, repeat: int) -> list[list[float]]:
    """Return each network's processor seconds for one picture, called in turn."""
    picture = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    seconds: list[list[float]] = [[] for _ in networks]
    with torch.inference_mode():
        for turn in range(repeat + 1):
            for network, found in zip(networks, seconds, strict=True):
                begun = time.process_time()
                network(picture)
                if turn:  # the first call warms up
                    found.append(time.process_time() - begun)
    return seconds


def main(arguments: list[str] | None = None) -> None:
    """Print the tables."""
    options = _parser().parse_args(arguments)
    torch.set_num_threads(1)
    small = load_line_model(find_model(options.model))
    original = load_line_model(options.hed)
    if options.repeat:
        _print_speed(small, original, options)
    pairs = read_pairs(options.data)
    methods = (
        by_strength("hed-small", network_draw(small)),
        by_strength("HED", network_draw(original, options.enlarge)),
        by_strength("xdog", xdog_draw),
        canny(),
    )
    thresholds = _print_native(methods, pairs, options)
    _print_agreement(methods, thresholds, select_split(pairs, "val"), options.limit)


def _print_native(
    methods: Sequence[Method], pairs: Sequence[Pair], options: argparse.Namespace
) -> dict[str, float]:
    """Print the scores against the drawings' own lines, and return each method's threshold."""
    native = {split: [p for p in select_split(pairs, split) if p.native_line] for split in ("train", "val")}
    chosen, drawings = some(native["train"], options.choose), some(native["val"], options.limit)
    thresholds = {method.name: best_threshold(method, chosen) for method in methods}
    print(f"\nAgainst the line layers of {len(drawings)} drawings; thresholds from {len(chosen)} others\n")
    print("| method | threshold | precision | recall | F-score | by source |")
    print("| --- | ---: | ---: | ---: | ---: | --- |")
    for method in methods:
        total, sources = native_scores(method, thresholds[method.name], drawings)
        parts = ", ".join(f"{source} {score.f:.3f}" for source, score in sorted(sources.items()))
        figures = f"{total.precision:.3f} | {total.recall:.3f} | {total.f:.3f}"
        print(f"| {method.name} | {thresholds[method.name]} | {figures} | {parts} |", flush=True)
    return thresholds


def _print_agreement(
    methods: Sequence[Method], thresholds: dict[str, float], pairs: Sequence[Pair], limit: int
) -> None:
    """Print how near the methods, and an empty page, come to HED."""
    hed = next(method for method in methods if method.name == "HED")
    blank = by_strength("nothing", lambda color: np.zeros(color.shape[:2], np.float32))
    compared = [*(method for method in methods if method is not hed), blank]
    for title, group in (
        ("drawings with line layers", [p for p in pairs if p.native_line]),
        ("the others", [p for p in pairs if not p.native_line]),
    ):
        pictures = some(group, limit)
        print(f"\nAgreement with HED on {len(pictures)} pictures: {title}\n")
        print("| method | mean absolute difference | F-score |\n| --- | ---: | ---: |")
        found = agreement(compared, thresholds | {blank.name: 1.0}, hed, pictures)
        for name, (difference, f) in found.items():
            shown = "" if difference is None else f"{difference:.3f}"
            print(f"| {name} | {shown} | {f:.3f} |", flush=True)


def _print_speed(small: HED, original: HED, options: argparse.Namespace) -> None:
    """Print how much faster the small network is."""
    fast, slow = times((small, original), options.time_size, options.repeat)
    first, second = statistics.median(fast), statistics.median(slow)
    print(
        f"{options.time_size}x{options.time_size}, one thread, processor time: hed-small {first:.3f} s, "
        f"HED {second:.3f} s: {second / first:.1f}x (medians of {options.repeat}; in turn, by pair "
        f"{min(b / a for a, b in zip(fast, slow, strict=True)):.1f}x at least)",
        flush=True,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="openlines, or another folder of pairs with line layers")
    parser.add_argument("-m", "--model", default="lines-small", help="the small network")
    parser.add_argument("--hed", type=Path, required=True, help="weights of the original HED")
    parser.add_argument(
        "--choose", type=int, default=96, help="drawings that thresholds are chosen on; 0 all"
    )
    parser.add_argument("--limit", type=int, default=0, help="pictures a table, the sources in turn; 0 all")
    parser.add_argument("--enlarge", type=float, default=1.0, help="how many times larger HED sees pictures")
    parser.add_argument("--time-size", type=int, default=512, help="sides of the timed picture in pixels")
    parser.add_argument("--repeat", type=int, default=5, help="timed calls of each network; 0 for none")
    return parser


if __name__ == "__main__":
    main()
