"""The pictures of a training run: read, checked, and some of them held back."""

import dataclasses
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rltn_cli.data.check.dataset import check_pairs
from rltn_cli.data.check.results import DataCheck
from rltn_cli.data.line_cache import LineCache
from rltn_cli.data.pairs import Pair
from rltn_cli.data.recipes import read_data
from rltn_cli.data.sampling import FolderStore
from rltn_cli.engine.inference.line_extractor import LineExtractor
from rltn_cli.engine.training.validation import split_pairs
from rltn_cli.errors import ConfigError, UsageError
from rltn_cli.training_config import TrainConfig

_log = logging.getLogger(__name__)

SHARE = 0.1
"""Share of the pairs that is held back where nothing else is said."""


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Checked pairs."""

    check: DataCheck
    train: Sequence[Pair]
    held: Sequence[Pair]
    """To validate on."""
    lines: LineCache | None
    """Extracts lines for pairs without; None where all have some."""

    def store(self, pairs: Sequence[Pair], size: int) -> FolderStore:
        """Return the pictures of some of the pairs."""
        return FolderStore(pairs, size, self.lines)


def prepare_data(config: TrainConfig, *, offline: bool = False) -> TrainingData:
    """Read and check the pairs of a run.

    Raises:
        UsageError: no data are named.
        DataError: what cannot be trained on; names the files.
    """
    if not config.pairs:
        raise UsageError("no data: name a folder of pairs or pictures, or a recipe such as openlines:FOLDER")
    pairs = read_data(config.pairs)
    share = _share(config.val)
    if share is None:
        held = read_data([config.val])
        taken = {pair.color.resolve() for pair in held}
        pairs = [_of("train", pair) for pair in pairs if pair.color.resolve() not in taken]
        pairs += [_of("val", pair) for pair in held]
    elif config.val or not any(pair.split == "val" for pair in pairs):
        train, kept = split_pairs(pairs, share, config.seed)
        pairs = train + kept
    else:
        pairs = [pair for pair in pairs if pair.split in ("train", "val")]
    check = check_pairs(pairs)
    meant = sum(pair.method == "hed" and not pair.has_lines for pair in check.usable)
    if meant and config.lines != "hed":
        _log.warning(
            "%d pictures are published with the lines of HED and get those of %s: --lines hed --line-weights "
            "NAME draws HED's",
            meant, config.lines,
        )  # fmt: skip
    lines = None if all(pair.has_lines for pair in check.usable) else line_source(config, offline=offline)
    return TrainingData(
        check,
        [pair for pair in check.usable if pair.split == "train"],
        [pair for pair in check.usable if pair.split == "val"],
        lines,
    )


def _share(val: str) -> float | None:
    """Return the share that `val` names, the usual one if it is empty, None where it is data."""
    if not val:
        return SHARE
    try:
        share = float(val)
    except ValueError:
        return None
    if not 0 <= share <= 0.5:
        raise ConfigError(f"val must be a folder, a recipe, or a share from 0 to 0.5, not {val}")
    return share


def _of(split: str, pair: Pair) -> Pair:
    return dataclasses.replace(pair, split=split)


def line_source(config: TrainConfig, *, offline: bool) -> LineCache:
    """Return what extracts missing lines, with its cache in the user's cache folder."""
    extractor = LineExtractor.of(
        config.lines, weights=config.line_weights or None, device=config.device, offline=offline
    )
    return LineCache(cache_folder() / "lines", extractor, extractor.settings)


def cache_folder() -> Path:
    """Return the folder of things that can be made again: RLTN_CACHE, or `rltn` in the user's cache."""
    if os.environ.get("RLTN_CACHE"):
        return Path(os.environ["RLTN_CACHE"])
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "rltn"
