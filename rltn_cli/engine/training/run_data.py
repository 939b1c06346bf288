"""The pictures of a training run: read, checked, and some of them held back."""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rltn_cli.data.check.dataset import check_pairs
from rltn_cli.data.check.results import DataCheck
from rltn_cli.data.line_cache import LineCache
from rltn_cli.data.pairs import Pair
from rltn_cli.data.recipes import read_data
from rltn_cli.data.splits import TRAIN, VAL, leave_out_others
from rltn_cli.data.stores import FolderStore
from rltn_cli.engine.inference.line_extractor import LineExtractor
from rltn_cli.engine.training.validation import split_pairs
from rltn_cli.errors import ConfigError, DataError, UsageError
from rltn_cli.training_config import TrainConfig

_log = logging.getLogger(__name__)

SHARE = 0.1
"""Share of the pairs that is held back unless the configuration says otherwise."""


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Checked pairs."""

    check: DataCheck
    train: Sequence[Pair]
    held: Sequence[Pair]
    """Pairs to validate on."""
    lines: LineCache | None
    """Extracts the lines of pairs that have none; None if all pairs have lines."""

    def store(self, pairs: Sequence[Pair], size: int) -> FolderStore:
        """Return the pictures of some of the pairs."""
        return FolderStore(pairs, size, self.lines)


def prepare_data(config: TrainConfig, *, offline: bool = False) -> TrainingData:
    """Read and check the pairs of a run.

    Raises:
        UsageError: no data are named.
        DataError: pairs that cannot be trained on; names the files.
    """
    if not config.pairs:
        raise UsageError("no data: name a folder of pairs or pictures, or a recipe such as openlines:FOLDER")
    pairs, notes = leave_out_others(read_data(config.pairs))
    for note in notes:
        _log.warning("%s", note)
    if not pairs:
        raise DataError(f"{', '.join(config.pairs)}: nothing to train on; {notes[0]}")
    share = _share(config.val)
    if share is None:
        held = read_data([config.val])
        taken = {pair.color.resolve() for pair in held}
        pairs = [replace(pair, split=TRAIN) for pair in pairs if pair.color.resolve() not in taken]
        pairs += [replace(pair, split=VAL) for pair in held]
    elif config.val or not any(pair.split == VAL for pair in pairs):
        train, kept = split_pairs(pairs, share, config.seed)
        pairs = train + kept
    check = check_pairs(pairs)
    published_with_hed = sum(pair.method == "hed" and not pair.has_lines for pair in check.usable)
    if published_with_hed and config.lines != "hed":
        _log.warning(
            "the lines of %d pictures were published as drawn by HED and are drawn by %s here; for HED's, "
            "pass --lines hed --line-weights NAME",
            published_with_hed, config.lines,
        )  # fmt: skip
    lines = None if all(pair.has_lines for pair in check.usable) else make_line_cache(config, offline=offline)
    return TrainingData(
        check,
        [pair for pair in check.usable if pair.split == TRAIN],
        [pair for pair in check.usable if pair.split == VAL],
        lines,
    )


def _share(val: str) -> float | None:
    """Return the share that `val` names, the usual one if it is empty, or None if it names data."""
    if not val:
        return SHARE
    try:
        share = float(val)
    except ValueError:
        return None
    if not 0 <= share <= 0.5:
        raise ConfigError(f"val must be a folder, a recipe, or a share from 0 to 0.5, not {val}")
    return share


def make_line_cache(config: TrainConfig, *, offline: bool) -> LineCache:
    """Return an extractor of missing lines that keeps them in the user's cache folder."""
    extractor = LineExtractor.of(
        config.lines, weights=config.line_weights or None, device=config.device, offline=offline
    )
    return LineCache(cache_folder() / "lines", extractor, extractor.settings)


def cache_folder() -> Path:
    """Return the folder for files that can be made again: RLTN_CACHE, or `rltn` in the user's cache."""
    if os.environ.get("RLTN_CACHE"):
        return Path(os.environ["RLTN_CACHE"])
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "rltn"
