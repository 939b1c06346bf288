"""The events of a batch or an extraction, as they are yielded, shown and written by `--json`.

The keys of these TypedDicts are those of the JSON; `event` tells one kind from another.
"""

from typing import Literal, NotRequired, TypeAlias, TypedDict, final


@final
class SketchPlanned(TypedDict):
    """A sketch that would be painted; shown by `--dry-run`."""

    event: Literal["planned"]
    sketch: str
    output: str
    references: list[str]
    choose: bool
    """Whether the best reference would be chosen."""
    problem: NotRequired[str]
    """Why it could not be painted."""


class _OfProcess(TypedDict):
    """An event in one of several processes."""

    process: NotRequired[int]
    """The process's number; absent if there is only one process."""


@final
class BatchPlan(_OfProcess):
    """The beginning of a batch."""

    event: Literal["plan"]
    sketches: int
    """Those of this process."""


@final
class SketchBegun(_OfProcess):
    """A sketch is being painted, or does not need to be."""

    event: Literal["started", "skipped"]
    sketch: str
    output: str


class MatchFacts(_OfProcess):
    """How well references match a sketch."""

    score: float | None
    """Mean confidence of a sample of places, in [-1, 1]; None for a method without correspondence."""
    cosine: NotRequired[float]
    """Mean confidence at 8x8, if the reference was chosen from several."""


class PaintingFacts(MatchFacts):
    """How a sketch was painted."""

    references: list[str]
    seconds: float
    notices: list[str]
    """What was changed or ignored while reading."""


@final
class SketchDone(PaintingFacts):
    """A sketch was painted."""

    event: Literal["done"]
    sketch: str
    output: str


@final
class SketchFailed(_OfProcess):
    """A sketch could not be painted."""

    event: Literal["failed"]
    sketch: str
    output: str
    reason: str


class _Summary(TypedDict):
    """Fields of both summaries."""

    event: Literal["summary"]
    done: int
    skipped: int
    """Number of those finished by an earlier run."""
    failed: int
    left: int
    """Number of those that were not begun."""
    failures: list[str]
    """The sketches or pictures that failed."""
    seconds: float
    interrupted: bool


@final
class BatchSummary(_Summary):
    """The end of a batch, of all processes together."""

    manifest: str


@final
class PicturePlanned(TypedDict):
    """A picture whose lines would be drawn; shown by `--dry-run`."""

    event: Literal["planned"]
    picture: str
    output: str


@final
class ExtractionPlan(TypedDict):
    """The beginning of an extraction."""

    event: Literal["plan"]
    pictures: int


@final
class PictureBegun(TypedDict):
    """A picture's lines are being drawn, or were drawn by an earlier run."""

    event: Literal["started", "skipped"]
    picture: str
    output: str


@final
class PictureDone(TypedDict):
    """A picture's lines were drawn."""

    event: Literal["done"]
    picture: str
    output: str
    width: int
    height: int
    seconds: float
    notices: list[str]


@final
class PictureFailed(TypedDict):
    """A picture's lines could not be drawn."""

    event: Literal["failed"]
    picture: str
    output: str
    reason: str


@final
class ExtractionSummary(_Summary):
    """The end of an extraction."""

    manifest: NotRequired[str]
    """Where results go into a folder."""


SketchEvent: TypeAlias = SketchBegun | SketchDone | SketchFailed
BatchEvent: TypeAlias = BatchPlan | SketchEvent | BatchSummary
ExtractionEvent: TypeAlias = ExtractionPlan | PictureBegun | PictureDone | PictureFailed | ExtractionSummary
