"""Teach the network that draws lines, on openlines.

    python tools/train_lines.py teach DATA EDGES --hed hed_bsds500.safetensors
    python tools/train_lines.py train DATA EDGES -o RUN --minutes 60

`teach` lets the original HED look at some of the paintings and writes its edge maps to EDGES; what is there
is kept. `train` begins, or goes on in RUN: a log of one JSON line a report, a training state, and the network
so far in RUN/model.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TextIO

import cv2
import numpy as np
import torch

from rltn_cli.data.pairs import Pair, load_pair, read_pairs, select_split
from rltn_cli.engine.checkpoints.line_models import load_line_model, save_line_model
from rltn_cli.engine.training.lines.batches import LineBatches, find_examples
from rltn_cli.engine.training.lines.trainer import LineTrainer, LineTraining
from rltn_cli.errors import RltnError

TAUGHT = {"peppercarrot": 280, "wesnoth": 90, "duelyst": 70, "robohash": 70}
"""Paintings that HED looks at, by source."""
LOOK_SIZE = 384
"""Sides in pixels of the pictures that HED sees: enlarged, since its lines are several pixels wide."""


def main(arguments: list[str] | None = None) -> int:
    """Run one of the subcommands and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except RltnError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def teach(options: argparse.Namespace) -> None:
    """Write HED's edge maps of some paintings of the split `train`."""
    network = load_line_model(options.hed)
    options.edges.mkdir(parents=True, exist_ok=True)
    for pair in _chosen(select_split(read_pairs(options.data), "train")):
        path = options.edges / f"{pair.id}.png"
        if path.exists():
            continue
        color, _ = load_pair(pair, 256)
        color = cv2.resize(color, (LOOK_SIZE, LOOK_SIZE), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
        with torch.inference_mode():
            picture = torch.from_numpy(color).permute(2, 0, 1)[None].float() / 127.5 - 1
            edges = network(picture)[-1].sigmoid()[0, 0].numpy()
        part = path.with_suffix(".part.png")
        cv2.imwrite(str(part), np.rint(255 * (1 - edges)).astype(np.uint8))
        part.replace(path)


def _chosen(pairs: list[Pair]) -> list[Pair]:
    """Return some pairs of each painted source; the sources take turns, so that a part is balanced too."""
    rng = np.random.default_rng(0)
    turns = []
    for source, count in TAUGHT.items():
        found = [pair for pair in pairs if pair.source == source]
        order = rng.choice(len(found), min(count, len(found)), replace=False)
        turns += [
            ((number + 0.5) / count, found[index].id, found[index]) for number, index in enumerate(order)
        ]
    return [pair for *_, pair in sorted(turns)]


def train(options: argparse.Namespace) -> None:
    """Train until the minutes are over; saves every few minutes, and when it is interrupted."""
    examples = find_examples(select_split(read_pairs(options.data), "train"), options.edges)
    batches = LineBatches(examples, batch=options.batch, crop=options.crop, seed=options.seed)
    trainer = LineTrainer(batches, LineTraining(options.minutes, options.lr, precision=options.precision))
    options.output.mkdir(parents=True, exist_ok=True)
    state = options.output / "state"
    if state.exists():
        trainer.resume(state)
    saved = time.monotonic()
    sums: dict[str, float] = {}
    with (options.output / "log.jsonl").open("a", encoding="utf-8") as log:
        try:
            for losses in trainer.run():
                for name, value in losses.items():
                    sums[name] = sums.get(name, 0.0) + value / options.every
                if trainer.step % options.every == 0:
                    _report(log, trainer, sums)
                    sums.clear()
                if time.monotonic() - saved > 60 * options.save_every:
                    _save(trainer, options.output)
                    saved = time.monotonic()
        finally:
            _save(trainer, options.output)


def _save(trainer: LineTrainer, folder: Path) -> None:
    """Write the state and the network so far."""
    trainer.save(folder / "state")
    save_line_model(trainer.result(), folder / "model")


def _report(log: TextIO, trainer: LineTrainer, sums: dict[str, float]) -> None:
    """Write one line of the log."""
    facts = {"step": trainer.step, "minutes": round(trainer.seconds / 60, 2)}
    line = json.dumps(facts | {name: round(value, 5) for name, value in sums.items()})
    print(line, file=log, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    teacher = commands.add_parser("teach", help="let HED look at paintings")
    teacher.add_argument("data", type=Path, help="folder of pairs")
    teacher.add_argument("edges", type=Path, help="folder of edge maps")
    teacher.add_argument("--hed", type=Path, required=True, help="weights of the original HED")
    teacher.set_defaults(run=teach)
    trainer = commands.add_parser("train", help="train, or go on")
    trainer.add_argument("data", type=Path, help="folder of pairs")
    trainer.add_argument("edges", type=Path, help="folder of edge maps")
    trainer.add_argument("-o", "--output", type=Path, required=True, help="folder of the run")
    trainer.add_argument("--minutes", type=float, default=60)
    trainer.add_argument("--save-every", type=float, default=4, help="minutes")
    trainer.add_argument("--every", type=int, default=25, help="steps between reports")
    trainer.add_argument("--batch", type=int, default=12)
    trainer.add_argument(
        "--crop", type=int, default=144, help="sides of the crops in pixels, a multiple of 16"
    )
    trainer.add_argument("--lr", type=float, default=2e-3)
    trainer.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    trainer.add_argument("--seed", type=int, default=0)
    trainer.set_defaults(run=train)
    return parser


if __name__ == "__main__":
    sys.exit(main())
