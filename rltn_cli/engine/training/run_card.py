"""The model card of a training run: data, steps, hardware, figures, and how to go on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rltn_cli.data.pairs import Pair
from rltn_cli.training_config import TrainConfig


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known at the end of a run."""

    name: str
    config: TrainConfig
    train: Sequence[Pair]
    held: Sequence[Pair]
    """Held back: never trained on."""
    steps: int
    seconds: float
    """Of training, over all calls."""
    hardware: str
    parameters: int
    history: Sequence[Mapping[str, float]]
    """Validations in order: `step`, `color_error`, maybe `region_accuracy`, and `pictures`."""


def write_card(facts: RunFacts) -> str:
    """Return the card as Markdown with front matter, as the Hub reads it."""
    config = facts.config
    front = ["library_name: rltn", "pipeline_tag: image-to-image"]
    front.append("tags: [line-art, colorization, reference-based]")
    if config.init and not Path(config.init).exists():
        front.append(f"base_model: {config.init}")
    origin = f"fine-tuned from `{_named(config.init)}`" if config.init else "trained from random weights"
    return "\n".join(
        (
            "---", *front, "---", "",
            f"# {facts.name}", "",
            f"Paints a line drawing in the colours of a reference picture (RLTN); {origin}. "
            f"{facts.parameters:,} parameters, averaged weights, half precision.", "",
            "```sh",
            f"rltn colorize sketch.png --ref style.jpg -o out.png -m {facts.name}",
            "```", "",
            "## Training", "",
            f"- **Data**: {_data(facts)}",
            f"- **Budget**: {_budget(facts)}",
            f"- **Terms**: {_terms(config)}.",
            "- **Licence**: for the makers of the pictures to state; that of the first weights holds on.",
            "", "## Figures", "",
            *_figures(facts), "",
        )
    )  # fmt: skip


def _named(init: str) -> str:
    """Return a model's name without the folders of the machine."""
    path = Path(init)
    return path.name if path.exists() else init


def _terms(config: TrainConfig) -> str:
    return ", ".join(f"{term} {weight:g}" for term, weight in config.losses.active.items())


def _data(facts: RunFacts) -> str:
    sources = Counter(pair.source or "no source named" for pair in facts.train)
    licenses = Counter(pair.license or "no licence named" for pair in facts.train)

    def counted(counts: Counter[str]) -> str:
        return ", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))

    drawn = sum(pair.native_line for pair in facts.train)
    return (
        f"{len(facts.train)} pairs of {counted(sources)}; licences: {counted(licenses)}. {drawn} have the "
        f"line layer of the drawing itself. {len(facts.held)} more pairs were held back and never trained on."
    )


def _budget(facts: RunFacts) -> str:
    config = facts.config
    sizes = ", ".join(f"{size}" for _, size in config.sizes)
    return (
        f"{facts.steps:,} steps of {config.batch} pictures of {sizes} pixels in {facts.seconds / 60:.1f} "
        f"minutes, {config.precision}, learning rate {config.generator_lr:g}; {facts.hardware}."
    )


def _figures(facts: RunFacts) -> list[str]:
    if not facts.history:
        return ["There were too few pairs to hold some back: nothing was measured."]
    kept = [facts.history[0], facts.history[-1]] if len(facts.history) > 1 else list(facts.history)
    pictures = int(kept[-1].get("pictures", 0))
    start = f"`{_named(facts.config.init)}`" if facts.config.init else "random weights"
    lines = [
        f"On {pictures} of the pictures that were held back, each painted as `rltn colorize` does by another "
        "picture of its palette, or else by the most similar one. Colour error is the mean CIEDE2000 off the "
        "paper (less is better); region accuracy the share of regions between lines whose colour is right.",
        "",
        "| weights | colour error | region accuracy |",
        "| --- | ---: | ---: |",
    ]
    for entry in kept:
        step = int(entry["step"])
        accuracy = f"{entry['region_accuracy']:.3f}" if "region_accuracy" in entry else "-"
        what = start if step == 0 else f"this model (step {step:,})"
        lines.append(f"| {what} | {entry['color_error']:.2f} | {accuracy} |")
    first, last = kept[0], kept[-1]
    if len(kept) > 1 and int(first["step"]) == 0 and first["color_error"] > 0:
        change = 100 * (last["color_error"] / first["color_error"] - 1)
        lines += ["", f"The colour error changed by {change:+.1f} %."]
    return lines
