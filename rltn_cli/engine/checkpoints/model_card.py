"""Model cards: reading the licence from one, and writing a first one. No torch here."""

from pathlib import Path

from rltn_cli.baseline_config import Baseline
from rltn_cli.engine.checkpoints.hub_client import CARD
from rltn_cli.model_config import ModelConfig


def licence_of(path: Path) -> str | None:
    """Return the licence that a model's card states in its front matter, if there is one."""
    card = (path if path.is_dir() else path.parent) / CARD
    if not card.is_file():
        return None
    lines = card.read_text(encoding="utf-8", errors="replace").splitlines()
    if not lines or lines[0].strip() != "---":
        return None
    for line in lines[1:]:
        if line.strip() == "---":
            break
        key, _, value = line.partition(":")
        if key.strip() == "license":
            return value.strip().strip("'\"") or None
    return None


def name_of(config: ModelConfig | Baseline) -> str:
    """Return what a network is: RLTN and the version of its structure, or the name of another method."""
    if isinstance(config, ModelConfig):
        return f"RLTN, architecture {config.architecture}"
    return config.network


def first_card(repo: str, config: ModelConfig | Baseline, parameters: int, licence: str | None) -> str:
    """Return a card with what is known about a model; its maker should add data and metrics."""
    front = ["library_name: rltn", "tags:", *(f"- {tag}" for tag in ("line-art", "colorization"))]
    if licence:
        front.insert(0, f"license: {licence}")
    return "\n".join(
        (
            "---",
            *front,
            "---",
            "",
            f"# {repo}",
            "",
            f"Paints a line drawing in the colours of a reference picture ({name_of(config)}).",
            f"{parameters:,} parameters.",
            "",
            "```sh",
            f"rltn colorize sketch.png --ref style.jpg --output painted.png --model {repo}",
            "```",
            "",
        )
    )
