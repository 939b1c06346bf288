"""Splits: what people call them, and which pairs are in one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from rltn_cli.errors import DataError

TRAIN, VAL, TEST = "train", "val", "test"
_NAMES: Mapping[str, tuple[str, ...]] = {
    TRAIN: ("train", "training", "trn"),
    VAL: ("val", "valid", "validate", "validation", "dev", "devel", "development"),
    TEST: ("test", "testing", "tst"),
}
"""What each split is called in tables and folders, in lower case."""
SPLITS: Mapping[str, str] = {name: split for split, names in _NAMES.items() for name in names}
"""The split that each name stands for."""

_UNKNOWN = f", a name that is not known ({TRAIN}, {VAL} and {TEST} are)"


class _InSplit(Protocol):
    """Anything that is in a split, such as a pair."""

    @property
    def split(self) -> str: ...


P = TypeVar("P", bound=_InSplit)


def split_of(name: str) -> str:
    """Return the split that a name stands for, in whatever case; a name that is unknown is its own split.

    No name is the split `train`.
    """
    name = name.strip()
    return SPLITS.get(name.lower(), name) or TRAIN


def select_split(pairs: Sequence[P], split: str) -> list[P]:
    """Return the pairs of one split.

    Raises:
        DataError: the split is empty.
    """
    chosen = [pair for pair in pairs if pair.split == split_of(split)]
    if not chosen:
        known = ", ".join(sorted({pair.split for pair in pairs}))
        raise DataError(f"no pairs of split {split!r}; there are: {known}")
    return chosen


def split_to_measure(pairs: Sequence[P]) -> str:
    """Return the split to measure on where none was chosen: `val`, or the only one that there is.

    Raises:
        DataError: there are several, and none of them is `val`.
    """
    splits = sorted({pair.split for pair in pairs})
    if VAL in splits or not splits:
        return VAL
    if len(splits) > 1:
        raise DataError(f"no pairs of split {VAL!r}; there are: {', '.join(splits)}; choose one with --split")
    return splits[0]


def leave_out_others(pairs: Sequence[P]) -> tuple[list[P], list[str]]:
    """Keep what training may see and measure on.

    Returns:
        (pairs of the splits train and val, a sentence for each other split that was left out).
    """
    others = Counter(pair.split for pair in pairs if pair.split not in (TRAIN, VAL))
    notes = [
        f"{count:,} pairs of split {split!r} are left out of training{'' if split == TEST else _UNKNOWN}"
        for split, count in sorted(others.items())
    ]
    return [pair for pair in pairs if pair.split in (TRAIN, VAL)], notes


def describe_unknown(pairs: Sequence[P], chosen: str) -> list[str]:
    """Return a sentence for each split whose name is not known and that was not chosen."""
    unknown = Counter(pair.split for pair in pairs if pair.split not in (*_NAMES, chosen))
    return [
        f"{count:,} pairs of split {split!r} are left out{_UNKNOWN}"
        for split, count in sorted(unknown.items())
    ]
