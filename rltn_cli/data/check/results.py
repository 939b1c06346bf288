"""The results of a check of pairs: summaries by split and source, and findings, as plain values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from rltn_cli.data.pairs import Pair

NAMED = 3
"""Number of files that a finding names; it counts the others."""


@dataclass(frozen=True, slots=True)
class SourceSummary:
    """The pairs of one split and one source."""

    split: str
    source: str
    pairs: int
    """Number of pairs that can be used."""
    with_lines: int
    """Number of these with line art; that of the others is extracted."""
    left_out: int
    smallest: tuple[int, int]
    """(H, W) of the colour picture with the fewest pixels."""
    largest: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a user should know about the data."""

    kind: str
    count: int
    examples: tuple[str, ...]
    """The first few files, or what is wrong with them."""
    left_out: bool
    """Whether these pairs are left out."""
    text: str
    """The whole finding on one line."""


@dataclass(frozen=True, slots=True)
class DataCheck:
    """Everything that was found, as plain values."""

    summaries: tuple[SourceSummary, ...]
    findings: tuple[Finding, ...]
    usable: list[Pair]
    """The pairs to train and validate on, in their order."""

    columns: ClassVar[tuple[str, ...]] = (
        "split",
        "source",
        "pairs",
        "with lines",
        "to extract",
        "left out",
        "size",
    )
    """Headings of `rows`."""

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The summaries as a table with the headings `columns`."""
        return [
            (
                s.split,
                s.source or "-",
                f"{s.pairs:,}",
                f"{s.with_lines:,}",
                f"{s.pairs - s.with_lines:,}",
                f"{s.left_out:,}",
                _sizes(s.smallest, s.largest),
            )
            for s in self.summaries
        ]

    @property
    def notes(self) -> list[str]:
        """The findings, one per line."""
        return [finding.text for finding in self.findings]


def make_finding(
    kind: str, texts: Sequence[str], *, advice: str = "", left_out: bool = False
) -> list[Finding]:
    """Return what was found in several places as one finding; none if it was not found."""
    if not texts:
        return []
    text = f"{kind} ({len(texts):,}): {list_some(texts)}" + (f"; {advice}" if advice else "")
    return [Finding(kind, len(texts), tuple(texts[:NAMED]), left_out, text)]


def make_file_finding(kind: str, paths: Sequence[Path]) -> list[Finding]:
    """Return a finding about files that stay in; none if there are no files."""
    return make_finding(kind, [shorten_path(path) for path in paths])


def _sizes(smallest: tuple[int, int], largest: tuple[int, int]) -> str:
    """Return sizes as users write them, width first."""
    if not smallest[0]:
        return "-"
    first, last = (f"{size[1]}x{size[0]}" for size in (smallest, largest))
    return first if first == last else f"{first} to {last}"


def shorten_path(path: Path) -> str:
    """Return a file's name with that of its folder."""
    return "/".join(path.parts[-2:])


def list_some(names: Iterable[str]) -> str:
    """Return the first few names, and how many more there are."""
    texts = list(names)
    more = len(texts) - NAMED
    return "; ".join(texts[:NAMED]) + (f"; and {more:,} more" if more > 0 else "")
