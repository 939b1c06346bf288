"""The events of a training run, as they are written as JSON. No torch here."""

from typing import Literal, NotRequired, TypeAlias, TypedDict


class ValidationMetrics(TypedDict):
    """How well weights paint the pictures that were held back."""

    color_error: float
    """Mean CIEDE2000 off the paper."""
    region_accuracy: NotRequired[float]
    """Share of the regions between lines whose colour is right; not there where no region counts."""


class ValidationEntry(ValidationMetrics):
    """One validation of a run."""

    step: int
    pictures: int
    """Number of pictures that were painted."""


class LinesEvent(TypedDict):
    """Missing lines were extracted."""

    event: Literal["lines"]
    extracted: int
    """By this process."""
    method: str


class PlanEvent(TypedDict):
    """What the run is about to do."""

    event: Literal["plan"]
    pairs: int
    """To train on."""
    held_back: int
    steps: int
    step: int
    """Number of steps done by earlier calls."""
    batch: int
    terms: list[str]
    device: str
    precision: str
    native_bf16: bool
    """Whether the device is known to compute in bf16 natively."""
    processes: int
    threads: int
    """Of each process, on the CPU."""
    parameters: int
    trained: int
    """Parameters that are not frozen."""
    minutes: float
    """Time limit; 0 for none."""


class StepEvent(TypedDict):
    """A step was done."""

    event: Literal["step"]
    step: int
    losses: dict[str, float]
    images_per_second: float
    waited: float
    """Share of the step in which the network waited for its pictures."""
    share: float
    """Share of the run that is done."""
    seconds_left: float


class ValidationEvent(ValidationEntry):
    """The averaged weights were measured."""

    event: Literal["validation"]


class CheckpointEvent(TypedDict):
    """A training state was saved."""

    event: Literal["checkpoint"]
    step: int
    path: str


class SamplesEvent(TypedDict):
    """A sample grid was written."""

    event: Literal["samples"]
    step: int
    path: str


class InterruptedEvent(TypedDict):
    """The run was stopped by the user; always the last event."""

    event: Literal["interrupted"]
    step: int
    seconds: float


class DoneEvent(TypedDict):
    """The model was written; always the last event."""

    event: Literal["done"]
    step: int
    model: str
    seconds: float
    validation: list[ValidationEntry]


TrainingEvent: TypeAlias = (
    LinesEvent
    | PlanEvent
    | StepEvent
    | ValidationEvent
    | CheckpointEvent
    | SamplesEvent
    | InterruptedEvent
    | DoneEvent
)
