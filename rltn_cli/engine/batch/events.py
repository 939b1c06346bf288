"""What happens in a batch or in an extraction, as it is yielded, shown and written by `--json`.

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
    """Whether the best of the references would be found out."""
    problem: NotRequired[str]
    """Why it could not be painted."""


class _OfProcess(TypedDict):
    """What happens in one of several processes."""

    process: NotRequired[int]
    """Its number; not there where one process works alone."""


@final
class BatchPlan(_OfProcess):
    """The beginning of a batch."""

    event: Literal["plan"]
    sketches: int
    """Those of this process."""


@final
class SketchBegun(_OfProcess):
    """A sketch is being painted, or needs no painting."""

    event: Literal["started", "skipped"]
    sketch: str
    output: str


class MatchFacts(_OfProcess):
    """How well references match a sketch."""

    score: float
    """Mean confidence of a sample of places, in [-1, 1]."""
    cosine: NotRequired[float]
    """At 8x8, where the reference was chosen among several."""


class PaintingFacts(MatchFacts):
    """How a sketch was painted."""

    references: list[str]
    seconds: float
    notices: list[str]
    """What was changed or left out while reading."""


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
    """What both summaries state."""

    event: Literal["summary"]
    done: int
    skipped: int
    """Those that were done by an earlier run."""
    failed: int
    left: int
    """Those that were not begun."""
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
