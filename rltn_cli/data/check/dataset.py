"""A check of all pairs before training: what there is, what cannot be used, and what looks wrong."""

import os
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from rltn_cli.data.check.duplicates import find_same_pictures
from rltn_cli.data.check.inspection import (
    BLANK,
    COLOR_LINES,
    NO_LINES,
    TOO_SMALL,
    UNREADABLE,
    PairInspection,
    inspect_pair,
)
from rltn_cli.data.check.results import (
    NAMED,
    DataCheck,
    Finding,
    SourceSummary,
    list_some,
    make_file_finding,
    make_finding,
    shorten_path,
)
from rltn_cli.data.index import read_index
from rltn_cli.data.pairs import Pair, pictures_by_stem
from rltn_cli.errors import DataError

ADVICE = {
    UNREADABLE: "repair or remove them",
    TOO_SMALL: "remove them, or supply larger ones",
    BLANK: "remove them",
    NO_LINES: "remove this line art, so that lines are extracted, or draw it again",
    COLOR_LINES: "put line art into line/, or remove these files, so that lines are extracted",
}
"""What to do about each kind of fault."""
_FAINT = 0.002
"""Line art with a smaller share of ink is nearly empty."""
_GREY = 0.005
"""A picture with a smaller coloured share is grey."""
MOST_THREADS = 8
"""More threads do not read faster from one disk."""
PROGRESS_EVERY = 16
"""Number of pairs between two calls that report the progress."""


def check_pairs(
    pairs: Sequence[Pair], *, threads: int = 0, progress: Callable[[int], None] | None = None
) -> DataCheck:
    """Read every picture of every pair, and report what there is and what is wrong.

    Pairs that cannot be used are left out and named, as long as most can be used. So are training pairs whose
    picture is also in another split, since validation would measure what was memorised.

    Args:
        pairs: all that were named, of every split.
        threads: number of threads that read; 0 for one per processor, at most MOST_THREADS.
        progress: called from time to time and at the end with the number of pairs read.

    Raises:
        DataError: no pairs, a split most of which cannot be used, or training pictures that are all in
            another split as well.
    """
    if not pairs:
        raise DataError("no pairs to train on; name a folder of pictures")
    strays = find_strays(pairs)
    inspections = _inspect_all(pairs, threads or min(MOST_THREADS, os.cpu_count() or 1), progress)
    _refuse(pairs, inspections)
    sound = [i for i, inspection in enumerate(inspections) if not inspection.fault]
    groups = _find_duplicates(inspections, sound)
    leaks = _find_leaks(pairs, groups)
    usable = [i for i in sound if i not in leaks]
    if leaks and not any(pairs[i].split == "train" for i in usable):
        raise DataError("every training picture is also in another split; validate on different pictures")
    findings = [
        *_collect_faults(inspections),
        *_leak_finding(pairs, leaks, groups),
        *strays,
        *_collect_oddities(pairs, inspections, usable),
        *_duplicate_finding(pairs, [[i for i in group if i not in leaks] for group in groups]),
    ]
    return DataCheck(_summarize(pairs, inspections, set(usable)), tuple(findings), [pairs[i] for i in usable])


def _inspect_all(
    pairs: Sequence[Pair], threads: int, progress: Callable[[int], None] | None
) -> list[PairInspection]:
    """Inspect all pairs, several at a time; return the results in the order of the pairs."""
    inspections = []
    # reading changes the process's warning filters for a moment; several threads would leave them changed
    with warnings.catch_warnings(), ThreadPoolExecutor(threads) as pool:
        for inspection in pool.map(inspect_pair, pairs):
            inspections.append(inspection)
            if progress and (len(inspections) % PROGRESS_EVERY == 0 or len(inspections) == len(pairs)):
                progress(len(inspections))
    return inspections


def _refuse(pairs: Sequence[Pair], inspections: Sequence[PairInspection]) -> None:
    """Raise DataError if most of a split cannot be used: something else was probably meant."""
    for split in dict.fromkeys(pair.split for pair in pairs):
        members = [
            inspection for pair, inspection in zip(pairs, inspections, strict=True) if pair.split == split
        ]
        bad = [inspection for inspection in members if inspection.fault]
        if 2 * len(bad) > len(members):
            counts: dict[str, int] = defaultdict(int)
            for inspection in bad:
                counts[inspection.fault] += 1
            worst = max(counts, key=lambda kind: counts[kind])
            reasons = [inspection.reason for inspection in bad if inspection.fault == worst]
            raise DataError(
                f"{len(bad):,} of the {len(members):,} pairs of split {split} cannot be used; "
                f"{counts[worst]:,} {worst}: {list_some(reasons)}; {ADVICE[worst]}"
            )


def find_strays(pairs: Sequence[Pair]) -> list[Finding]:
    """Find pictures in `color/` and `line/` that belong to no pair."""
    folders = dict.fromkeys(pair.color.parent.parent for pair in pairs if pair.color.parent.name == "color")
    lone_lines, unlisted = [], []
    for folder in folders:
        colors, lines = pictures_by_stem(folder / "color"), pictures_by_stem(folder / "line")
        lone = [lines[name] for name in sorted(set(lines) - set(colors))]
        lone_lines += lone
        index = folder / "index.csv"
        known = read_index(index) if index.is_file() else colors
        unlisted += [colors[name] for name in sorted(set(colors) - set(known))]
    return [
        *make_file_finding("line art without a colour picture of the same name", lone_lines),
        *make_file_finding("colour pictures left out, as index.csv does not list them", unlisted),
    ]


def _collect_faults(inspections: Sequence[PairInspection]) -> list[Finding]:
    """Collect the pairs that cannot be used, by what is wrong with them."""
    reasons: dict[str, list[str]] = defaultdict(list)
    for inspection in inspections:
        if inspection.fault:
            reasons[inspection.fault].append(inspection.reason)
    return [
        finding
        for kind, found in reasons.items()
        for finding in make_finding(
            f"pairs left out, which {kind}", found, advice=ADVICE[kind], left_out=True
        )
    ]


def _collect_oddities(
    pairs: Sequence[Pair], inspections: Sequence[PairInspection], usable: Sequence[int]
) -> list[Finding]:
    """Collect what is usable but looks wrong."""
    faint = [
        pairs[i].line or pairs[i].color
        for i in usable
        if (ink := inspections[i].ink) is not None and ink < _FAINT
    ]
    grey = [pairs[i].color for i in usable if inspections[i].colored < _GREY]
    return [
        *make_file_finding("nearly empty line art", faint),
        *make_file_finding("grey pictures, from which no colours can be learned", grey),
    ]


def _find_duplicates(inspections: Sequence[PairInspection], sound: Sequence[int]) -> list[list[int]]:
    """Return the groups of sound pairs that show the same picture."""
    hashes = [h for i in sound if (h := inspections[i].hash) is not None]
    cells = [c for i in sound if (c := inspections[i].cells) is not None]
    if not hashes:
        return []
    found = find_same_pictures(np.stack(hashes), np.stack(cells))
    return [[sound[place] for place in group] for group in found]


def _find_leaks(pairs: Sequence[Pair], groups: Sequence[Sequence[int]]) -> set[int]:
    """Return the training pairs whose picture is also in another split."""
    return {
        i
        for group in groups
        if any(pairs[i].split != "train" for i in group)
        for i in group
        if pairs[i].split == "train"
    }


def _leak_finding(pairs: Sequence[Pair], leaks: set[int], groups: Sequence[Sequence[int]]) -> list[Finding]:
    names = []
    for group in groups:
        other = next((i for i in group if pairs[i].split != "train"), None)
        names += [
            f"{shorten_path(pairs[i].color)} = {shorten_path(pairs[other].color)}"
            for i in group
            if i in leaks and other is not None
        ]
    return make_finding(
        "left out of training, as their picture is also in another split", names, left_out=True
    )


def _duplicate_finding(pairs: Sequence[Pair], groups: Iterable[Sequence[int]]) -> list[Finding]:
    names = [
        " = ".join(shorten_path(pairs[i].color) for i in group[:NAMED]) for group in groups if len(group) > 1
    ]
    return make_finding("pictures that occur several times and therefore count more", names)


def _summarize(
    pairs: Sequence[Pair], inspections: Sequence[PairInspection], usable: set[int]
) -> tuple[SourceSummary, ...]:
    members: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, pair in enumerate(pairs):
        members[pair.split, pair.source].append(i)
    summaries = []
    for (split, source), indices in sorted(members.items()):
        used = [i for i in indices if i in usable]
        sizes = sorted(
            (size for i in used if (size := inspections[i].size)), key=lambda size: size[0] * size[1]
        )
        summaries.append(
            SourceSummary(
                split,
                source,
                pairs=len(used),
                with_lines=sum(pairs[i].has_lines for i in used),
                left_out=len(indices) - len(used),
                smallest=sizes[0] if sizes else (0, 0),
                largest=sizes[-1] if sizes else (0, 0),
            )
        )
    return tuple(summaries)
