"""The model card of a training run: data, steps, hardware and results."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rltn_cli.data.pairs import Pair
from rltn_cli.engine.training.events import ValidationEntry
from rltn_cli.training_config import TrainConfig


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What the card says of a run."""

    name: str
    config: TrainConfig
    train: Sequence[Pair]
    held: Sequence[Pair]
    """Pairs that were held back: never trained on."""
    steps: int
    seconds: float
    """Time trained, over all calls."""
    hardware: str
    parameters: int
    history: Sequence[ValidationEntry]
    """Validations in order."""


def write_card(summary: RunSummary) -> str:
    """Return the card as Markdown with front matter, as the Hub reads it."""
    config = summary.config
    front = ["library_name: rltn", "pipeline_tag: image-to-image"]
    front.append("tags: [line-art, colorization, reference-based]")
    if config.init and not Path(config.init).exists():
        front.append(f"base_model: {config.init}")
    origin = (
        f"fine-tuned from `{_strip_folders(config.init)}`" if config.init else "trained from random weights"
    )
    method = "RLTN" if config.architecture == "rltn" else config.architecture
    return "\n".join(
        (
            "---", *front, "---", "",
            f"# {summary.name}", "",
            f"Paints a line drawing in the colours of a reference picture ({method}); {origin}. "
            f"{summary.parameters:,} parameters, averaged weights, half precision.", "",
            "```sh",
            f"rltn colorize sketch.png --ref style.jpg -o out.png -m {summary.name}",
            "```", "",
            "## Training", "",
            f"- **Data**: {_data(summary)}",
            f"- **Budget**: {_budget(summary)}",
            f"- **Terms**: {_terms(config)}.",
            "- **Licence**: for the makers of the pictures to state; the first weights' one still applies.",
            "", "## Results", "",
            *_results(summary), "",
        )
    )  # fmt: skip


def _strip_folders(init: str) -> str:
    """Return a model's name without the folders of this machine; empty for none."""
    path = Path(init)
    return path.name if init and path.exists() else init


def _terms(config: TrainConfig) -> str:
    return ", ".join(f"{term} {weight:g}" for term, weight in config.terms.items())


def _data(summary: RunSummary) -> str:
    sources = Counter(pair.source or "no source named" for pair in summary.train)
    licenses = Counter(pair.license or "no licence named" for pair in summary.train)

    def list_counts(counts: Counter[str]) -> str:
        return ", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))

    drawn = sum(pair.native_line for pair in summary.train)
    return (
        f"{len(summary.train)} pairs of {list_counts(sources)}; licences: {list_counts(licenses)}. {drawn} "
        f"have the line layer of the drawing itself. {len(summary.held)} more pairs were held back and never "
        "trained on."
    )


def _budget(summary: RunSummary) -> str:
    config = summary.config
    sizes = ", ".join(map(str, config.distinct_sizes))
    return (
        f"{summary.steps:,} steps of {config.batch} pictures of {sizes} pixels in {summary.seconds / 60:.1f} "
        f"minutes, {config.precision}, learning rate {config.generator_lr:g}; {summary.hardware}."
    )


def _results(summary: RunSummary) -> list[str]:
    if not summary.history:
        return ["There were too few pairs to hold some back, so nothing was measured."]
    kept = [summary.history[0], summary.history[-1]] if len(summary.history) > 1 else list(summary.history)
    pictures = kept[-1]["pictures"]
    start = f"`{_strip_folders(summary.config.init)}`" if summary.config.init else "random weights"
    lines = [
        f"Measured on {pictures} of the pictures that were held back. Each was painted as `rltn colorize` "
        "does, with another picture of its palette as reference, or else the most similar one. Colour error "
        "is the mean CIEDE2000 off the paper (lower is better); region accuracy is the share of regions "
        "between lines whose colour is right.",
        "",
        "| weights | colour error | region accuracy |",
        "| --- | ---: | ---: |",
    ]
    for entry in kept:
        step = entry["step"]
        accuracy = f"{entry['region_accuracy']:.3f}" if "region_accuracy" in entry else "-"
        what = start if step == 0 else f"this model (step {step:,})"
        lines.append(f"| {what} | {entry['color_error']:.2f} | {accuracy} |")
    first, last = kept[0], kept[-1]
    if len(kept) > 1 and first["step"] == 0 and first["color_error"] > 0:
        change = 100 * (last["color_error"] / first["color_error"] - 1)
        lines += ["", f"The colour error changed by {change:+.1f} %."]
    return lines
