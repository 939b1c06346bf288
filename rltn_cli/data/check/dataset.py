"""A look at all pairs before training: what there is, what cannot be used, what looks wrong."""

import os
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from rltn_cli.data.check.duplicates import same_pictures
from rltn_cli.data.check.inspection import (
    BLANK,
    COLOR_LINES,
    NO_LINES,
    TOO_SMALL,
    UNREADABLE,
    PairFacts,
    inspect_pair,
)
from rltn_cli.data.check.results import (
    NAMED,
    DataCheck,
    Finding,
    SourceSummary,
    listed,
    note,
    note_files,
    short_name,
)
from rltn_cli.data.index import read_index
from rltn_cli.data.pairs import Pair, pictures_by_stem
from rltn_cli.errors import DataError

ADVICE = {
    UNREADABLE: "mend or remove them",
    TOO_SMALL: "remove them, or bring larger ones",
    BLANK: "remove them",
    NO_LINES: "remove such line art, so that lines are extracted, or draw it anew",
    COLOR_LINES: "put line art in line/, or remove these files, so that lines are extracted",
}
"""What to do about each kind of fault."""
_FAINT = 0.002
"""Line art with a smaller share of ink is nearly empty."""
_GREY = 0.005
"""A picture with a smaller coloured share is grey."""


def check_pairs(
    pairs: Sequence[Pair], *, threads: int = 0, progress: Callable[[int], None] | None = None
) -> DataCheck:
    """Read every picture of every pair, and say what there is and what is wrong.

    Pairs that cannot be used are left out and named, where the others can go on without them. So are training
    pairs whose picture is in another split too, since validation would measure what was learned by heart.

    Args:
        pairs: all that were named, of every split.
        threads: that read; one a processor, at most 8, if 0.
        progress: called with the number of pairs that were read, now and then and at the end.

    Raises:
        DataError: no pairs, a split most of which cannot be used, training pictures that are all in another
            split too, or a folder whose line art has other names than its colour pictures.
    """
    if not pairs:
        raise DataError("no pairs to train on; name a folder of pictures")
    strays = _strays(pairs)
    facts = _inspect_all(pairs, threads or min(8, os.cpu_count() or 1), progress)
    _refuse(pairs, facts)
    sound = [i for i, fact in enumerate(facts) if not fact.fault]
    groups = _duplicates(facts, sound)
    leaks = _leaks(pairs, groups)
    usable = [i for i in sound if i not in leaks]
    if leaks and not any(pairs[i].split == "train" for i in usable):
        raise DataError("every training picture is in another split too; validate on pictures of their own")
    findings = [
        *_faults(facts),
        *_leak_finding(pairs, leaks, groups),
        *strays,
        *_oddities(pairs, facts, usable),
        *_duplicate_finding(pairs, [[i for i in group if i not in leaks] for group in groups]),
    ]
    return DataCheck(_summaries(pairs, facts, set(usable)), tuple(findings), [pairs[i] for i in usable])


def _inspect_all(
    pairs: Sequence[Pair], threads: int, progress: Callable[[int], None] | None
) -> list[PairFacts]:
    """Look at all pairs, several at a time, in their order."""
    facts = []
    # reading changes the process's warning filters for a moment; several threads would leave them changed
    with warnings.catch_warnings(), ThreadPoolExecutor(threads) as pool:
        for fact in pool.map(inspect_pair, pairs):
            facts.append(fact)
            if progress and (len(facts) % 16 == 0 or len(facts) == len(pairs)):
                progress(len(facts))
    return facts


def _refuse(pairs: Sequence[Pair], facts: Sequence[PairFacts]) -> None:
    """Raise DataError where what is left is nothing to train on, or shows that something else was meant."""
    for split in dict.fromkeys(pair.split for pair in pairs):
        members = [fact for pair, fact in zip(pairs, facts, strict=True) if pair.split == split]
        bad = [fact for fact in members if fact.fault]
        if 2 * len(bad) > len(members):
            counts: dict[str, int] = defaultdict(int)
            for fact in bad:
                counts[fact.fault] += 1
            worst = max(counts, key=lambda kind: counts[kind])
            reasons = [fact.reason for fact in bad if fact.fault == worst]
            raise DataError(
                f"{len(bad):,} of the {len(members):,} pairs of split {split} cannot be used; "
                f"{counts[worst]:,} {worst}: {listed(reasons)}; {ADVICE[worst]}"
            )


def _strays(pairs: Sequence[Pair]) -> list[Finding]:
    """Find pictures in `color/` and `line/` that are of no pair.

    Raises:
        DataError: a folder whose line art has other names than its colour pictures.
    """
    folders: dict[Path, list[Pair]] = defaultdict(list)
    for pair in pairs:
        if pair.color.parent.name == "color":
            folders[pair.color.parent.parent].append(pair)
    lone_lines, unlisted = [], []
    for folder, members in folders.items():
        colors, lines = pictures_by_stem(folder / "color"), pictures_by_stem(folder / "line")
        lone = [lines[name] for name in sorted(set(lines) - set(colors))]
        if lone and not any(pair.line for pair in members):
            raise DataError(
                f"{folder}: none of the {len(lone):,} pictures in line/ has the name of one in color/ "
                f"({listed(path.name for path in lone)}); the two of a pair have one name"
            )
        lone_lines += lone
        index = folder / "index.csv"
        known = read_index(index) if index.is_file() else colors
        unlisted += [colors[name] for name in sorted(set(colors) - set(known))]
    return [
        *note_files("line art without a colour picture of its name", lone_lines),
        *note_files("colour pictures that are left out, as index.csv does not list them", unlisted),
    ]


def _faults(facts: Sequence[PairFacts]) -> list[Finding]:
    """Collect the pairs that cannot be used, by what is wrong with them."""
    reasons: dict[str, list[str]] = defaultdict(list)
    for fact in facts:
        if fact.fault:
            reasons[fact.fault].append(fact.reason)
    return [
        finding
        for kind, found in reasons.items()
        for finding in note(f"pairs left out, which {kind}", found, advice=ADVICE[kind], left_out=True)
    ]


def _oddities(pairs: Sequence[Pair], facts: Sequence[PairFacts], usable: Sequence[int]) -> list[Finding]:
    """Collect what is usable and still looks wrong."""
    faint = [
        pairs[i].line or pairs[i].color for i in usable if (ink := facts[i].ink) is not None and ink < _FAINT
    ]
    grey = [pairs[i].color for i in usable if facts[i].colored < _GREY]
    return [
        *note_files("nearly empty line art", faint),
        *note_files("grey pictures, of whose colours nothing can be learned", grey),
    ]


def _duplicates(facts: Sequence[PairFacts], sound: Sequence[int]) -> list[list[int]]:
    """Return the groups of pairs, of those that are sound, that show the same picture."""
    hashes = [h for i in sound if (h := facts[i].hash) is not None]
    cells = [c for i in sound if (c := facts[i].cells) is not None]
    if not hashes:
        return []
    found = same_pictures(np.stack(hashes), np.stack(cells))
    return [[sound[place] for place in group] for group in found]


def _leaks(pairs: Sequence[Pair], groups: Sequence[Sequence[int]]) -> set[int]:
    """Return the training pairs whose picture is in another split too."""
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
            f"{short_name(pairs[i].color)} = {short_name(pairs[other].color)}"
            for i in group
            if i in leaks and other is not None
        ]
    return note("left out of training, as their picture is in another split too", names, left_out=True)


def _duplicate_finding(pairs: Sequence[Pair], groups: Iterable[Sequence[int]]) -> list[Finding]:
    names = [
        " = ".join(short_name(pairs[i].color) for i in group[:NAMED]) for group in groups if len(group) > 1
    ]
    return note("the same picture several times, which then counts more", names)


def _summaries(
    pairs: Sequence[Pair], facts: Sequence[PairFacts], usable: set[int]
) -> tuple[SourceSummary, ...]:
    members: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, pair in enumerate(pairs):
        members[pair.split, pair.source].append(i)
    summaries = []
    for (split, source), indices in sorted(members.items()):
        used = [i for i in indices if i in usable]
        sizes = sorted((size for i in used if (size := facts[i].size)), key=lambda size: size[0] * size[1])
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
