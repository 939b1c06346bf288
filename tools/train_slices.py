"""Train in slices of minutes: on a GPU that is lent for a short time, or on a CPU whenever it is free.

    python tools/train_slices.py pack DATA color.safetensors line.safetensors [--coords coords.safetensors]
    python tools/train_slices.py time PACK...
    python tools/train_slices.py train PACK... --state DIR --out DIR --minutes 9 --config slices.toml

A slice goes on from DIR/state of --state if that is there (with the optimisers' moments), else from the
shards of --resume (weights, EMA and discriminator), else from the configuration's `init`, else from fresh
weights. It ends in time, or after the current step on SIGTERM or Ctrl-C, with everything saved. The learning
rate stays until a slice is run with --decay, which brings it to its end; a state before that can be kept, to
go on from. A slice writes to --out: shards of at most 16 MiB, the averaged model, a sample grid, and a log of
one JSON line a report. The precision `auto` is settled for the machine of each slice.
"""

import argparse
import dataclasses
import json
import signal
import sys
import time
from pathlib import Path

import rltn_cli  # noqa: F401  before PyTorch, whose threads then sleep while they wait

# isort: split
import cv2
import torch
from accelerate import Accelerator
from slices.held_out import HeldOut
from slices.packed import PackedStore, write_pack
from slices.state_shards import read_shards, write_shards
from slices.subcommands import run_subcommand

from rltn_cli.commands.interruption import stop_on_signals
from rltn_cli.config_files import load_toml, to_json
from rltn_cli.data.pairs import read_pairs
from rltn_cli.engine.runtime.device import choose_device
from rltn_cli.engine.training.accelerator import resolve_precision
from rltn_cli.engine.training.frozen_networks import FrozenNetworks, load_frozen_networks
from rltn_cli.engine.training.run import start_model
from rltn_cli.engine.training.sample_grids import draw_grid_batch, sample_grid
from rltn_cli.engine.training.trainer import Trainer
from rltn_cli.models.frozen import VGG
from rltn_cli.models.rltn import RLTN
from rltn_cli.sizes import PATCH
from rltn_cli.training_config import LossConfig, TrainConfig

STATE = "state"


def main(arguments: list[str] | None = None) -> int:
    """Run one of the subcommands and return its exit code."""
    return run_subcommand(_parser(), arguments)


def pack(options: argparse.Namespace) -> None:
    """Pack the pictures of a pairs folder."""
    pairs = read_pairs(options.data)
    write_pack(pairs, options.color, "color", size=options.size, quality=options.color_quality)
    write_pack(pairs, options.line, "line", size=options.size, quality=options.line_quality)
    if options.coords:
        write_pack(pairs, options.coords, "coords", size=options.size // PATCH)


def train(options: argparse.Namespace) -> None:
    """Train for some minutes, the saving included; SIGTERM or Ctrl-C ends the steps early."""
    begun = time.monotonic()
    config = load_toml(TrainConfig, options.config) if options.config else TrainConfig()
    config = resolve_precision(config, choose_device(options.device))
    trainer, store = _trainer(options, config)
    _restore(trainer, options)
    size = min(256, store.size)
    samples = draw_grid_batch(store, options.samples, size)
    held_out = (
        HeldOut(store, options.held_out, options.held_out_size, options.device)
        if options.validate_every
        else None
    )
    options.out.mkdir(parents=True, exist_ok=True)
    options.state.mkdir(parents=True, exist_ok=True)
    (options.out / "config.json").write_text(to_json(config), encoding="utf-8")
    ends = begun + 60 * options.minutes - options.reserve
    with (
        (options.out / "log.jsonl").open("a", encoding="utf-8") as log,
        stop_on_signals("the current step and saving", signal.SIGTERM) as stop,
    ):
        _report(log, {"prepared_s": round(time.monotonic() - begun, 1), "step": trainer.step})
        started, first, sums = time.monotonic(), trainer.step, dict[str, list[float]]()
        saved = started
        for report in trainer.run():
            for name, value in report.losses.items():
                sums.setdefault(name, []).append(value)
            if report.step % options.every == 0:
                rate = (report.step - first) * config.batch / (time.monotonic() - started)
                means = {name: round(sum(values) / len(values), 5) for name, values in sums.items()}
                _report(log, {"step": report.step, "pictures_per_s": round(rate, 1), **means})
                sums.clear()
            if held_out and report.step % options.validate_every == 0:
                _validate(log, trainer, held_out)
            now = time.monotonic()
            if options.decay:
                trainer.time_fraction = (now - started) / max(ends - started, 1)
            if now - saved > 60 * options.save_every:
                trainer.save(options.state / STATE)
                trainer.save_ema_model(options.out / "model")
                saved = now
            if now > ends or stop.is_set():
                break
        trainer.save(options.state / STATE)
        trainer.save_ema_model(options.out / "model")
        if held_out and trainer.step % options.validate_every:
            _validate(log, trainer, held_out)
        _write_slice(trainer, options.out)
        grid = sample_grid(trainer.networks.ema_model, samples, trainer.device)
        cv2.imwrite(str(options.out / "grid.webp"), grid[:, :, ::-1], [cv2.IMWRITE_WEBP_QUALITY, 85])
        _report(log, {"step": trainer.step, "slice_s": round(time.monotonic() - begun, 1)})


def time_steps(options: argparse.Namespace) -> None:
    """Print pictures per second of a training step, by size and terms."""
    early = LossConfig(adv=0, fm=0, perc=0, ctx=0, scl=0)
    store = PackedStore(
        options.packs, device=options.device, threads=options.threads, decoded=options.decoded
    )
    given = load_toml(TrainConfig, options.config) if options.config else None
    for size in options.sizes:
        for losses in (given.losses,) if given else (early, LossConfig()):
            config = dataclasses.replace(
                given or TrainConfig(preset=options.preset, precision=options.precision, losses=losses),
                init="",
                batch=options.batch,
                accumulate=1,
                sizes=((0, size),),
                size_cycle=(),
            )
            config = resolve_precision(config, choose_device(options.device))
            trainer = Trainer(
                config,
                store,
                frozen=FrozenNetworks(vgg=VGG("vgg16")),
                accelerator=_accelerator(config, options.device),
                workers=options.workers,
                compile_networks=options.compile,
            )
            begun, marks = time.monotonic(), list[float]()
            for _ in trainer.run(until=options.steps):
                marks.append(time.monotonic())
            half = (len(marks) - 1) // 2
            rate = (len(marks) - 1 - half) * options.batch / (marks[-1] - marks[half])
            what = {"size": size, "late_terms": losses.adv > 0, "compiled": options.compile}
            peak = torch.cuda.max_memory_allocated() / 2**30 if options.device != "cpu" else None
            first = round(marks[0] - begun, 1)
            _report(
                sys.stdout, {**what, "pictures_per_s": round(rate, 1), "first_s": first, "peak_gib": peak}
            )


def _trainer(options: argparse.Namespace, config: TrainConfig) -> tuple[Trainer, PackedStore]:
    """Return the trainer of a slice, and the pairs to show."""
    if options.trunk:
        config = dataclasses.replace(config, frozen=str(options.trunk))
    store, shown = (
        PackedStore(
            options.packs,
            device="cpu" if options.workers else options.device,  # workers make batches on the CPU
            split=split,
            threads=options.threads,
            decoded=options.decoded,
        )
        for split in ("train", options.sample_split)
    )
    trainer = Trainer(
        config,
        store,
        model=start_model(config, offline=True),
        frozen=load_frozen_networks(config, offline=True),
        accelerator=_accelerator(config, options.device),
        workers=options.workers,
        compile_networks=options.compile,
    )
    return trainer, shown


def _accelerator(config: TrainConfig, device: str) -> Accelerator:
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    return Accelerator(cpu=device == "cpu", mixed_precision=config.mixed_precision)


def _restore(trainer: Trainer, options: argparse.Namespace) -> None:
    """Go on from the full state of this machine, or from shards that were carried here."""
    if (options.state / STATE).is_dir():
        trainer.resume(options.state / STATE)
    elif options.resume:
        tensors, facts = read_shards(options.resume)
        for name, module in _modules(trainer).items():
            own = {key.removeprefix(f"{name}/"): t for key, t in tensors.items() if key.split("/")[0] == name}
            if own:
                module.load_state_dict(own)
        if not any(key.startswith("ema/") for key in tensors):
            trainer.networks.ema_model.load_state_dict(trainer.networks.model.state_dict())
        trainer.step = int(str(facts["step"]))


def _modules(trainer: Trainer) -> dict[str, torch.nn.Module]:
    networks = trainer.networks
    return {"model": networks.model, "ema": networks.ema, "discriminator": networks.discriminator}


def _validate(log: object, trainer: Trainer, held_out: HeldOut) -> None:
    averaged = trainer.networks.ema_model
    assert isinstance(averaged, RLTN)
    values = held_out.measure(averaged)
    _report(log, {"step": trainer.step, "val": {name: round(value, 4) for name, value in values.items()}})


def _write_slice(trainer: Trainer, out: Path) -> None:
    tensors = {
        f"{name}/{key}": value
        for name, module in _modules(trainer).items()
        for key, value in module.state_dict().items()
    }
    write_shards(out, tensors, {"step": trainer.step})


def _report(stream: object, values: dict[str, object]) -> None:
    line = json.dumps(values)
    print(line, file=stream, flush=True)  # type: ignore[call-overload]
    if stream is not sys.stdout:
        print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("pack", help=pack.__doc__)
    one.set_defaults(run=pack)
    for name in ("data", "color", "line"):
        one.add_argument(name, type=Path)
    one.add_argument("--coords", type=Path, help="pack of places on figures, where the folder has some")
    one.add_argument("--size", type=int, default=256)
    one.add_argument("--color-quality", type=int, default=76)
    one.add_argument("--line-quality", type=int, default=40)
    two = commands.add_parser("time", help=time_steps.__doc__)
    two.set_defaults(run=time_steps)
    two.add_argument("--sizes", type=int, nargs="+", default=[128, 256])
    two.add_argument("--steps", type=int, default=12)
    two.add_argument("--batch", type=int, default=32)
    two.add_argument("--preset", default="small")
    two.add_argument("--precision", default="bf16")
    three = commands.add_parser("train", help=train.__doc__)
    three.set_defaults(run=train)
    three.add_argument("--state", type=Path, required=True, help="folder of the full state on this machine")
    three.add_argument("--resume", type=Path, help="folder of shards to go on from")
    three.add_argument("--out", type=Path, required=True)
    three.add_argument("--minutes", type=float, default=9.0)
    three.add_argument("--reserve", type=float, default=15.0, help="seconds of the slice kept for saving")
    three.add_argument("--save-every", type=float, default=5.0, help="minutes between savings of the state")
    three.add_argument("--decay", action="store_true", help="bring the learning rate to its end")
    three.add_argument("--every", type=int, default=100, help="steps between reports")
    three.add_argument("--trunk", type=Path, help="folder of frozen trunks")
    three.add_argument("--samples", type=int, default=12)
    three.add_argument("--validate-every", type=int, default=0, help="steps between measures; 0 for none")
    three.add_argument("--held-out", type=int, default=192, help="samples to measure")
    three.add_argument("--held-out-size", type=int, default=256, help="their height and width in pixels")
    three.add_argument("--sample-split", default="val")
    for command in (two, three):
        command.add_argument("packs", type=Path, nargs="+")
        command.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
        command.add_argument("--threads", type=int, default=1, help="that decode the packs")
        command.add_argument("--workers", type=int, default=0, help="processes that make batches ahead")
        command.add_argument("--compile", action="store_true", help="use torch.compile")
        command.add_argument("--decoded", type=Path, help="folder that keeps decoded pictures")
        command.add_argument("--config", type=Path, help="TOML file of a TrainConfig")
    return parser


if __name__ == "__main__":
    sys.exit(main())
