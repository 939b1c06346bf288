"""`rltn extract-lines`: line art from colour pictures."""

import contextlib
import json
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from rltn_cli import choices
from rltn_cli.commands.event_display import Display, EventLines, Failures, ProgressBar, exit_code, write_event
from rltn_cli.commands.interruption import stop_on_signals
from rltn_cli.commands.messages import say, show
from rltn_cli.commands.options import (
    Device,
    DryRun,
    Format,
    JsonEvents,
    Offline,
    OverwriteAll,
    Quiet,
    Recursive,
)
from rltn_cli.commands.progress import show_status
from rltn_cli.commands.streams import check_standard_output
from rltn_cli.engine.batch.events import BatchEvent, ExtractionEvent, ExtractionSummary, PicturePlanned
from rltn_cli.imaging.files.formats import STANDARD_STREAM
from rltn_cli.sizes import LINE_WIDEST, LINES_MAXIMUM, LINES_MINIMUM, LINES_USUAL, LINES_USUAL_REGIONS

if TYPE_CHECKING:
    from rltn_cli.engine.batch.extraction_run import ExtractionOptions
    from rltn_cli.engine.batch.line_extraction import ExtractionTask, OutputStyle
    from rltn_cli.engine.inference.line_extractor import LineExtractor

Pictures = Annotated[
    list[str],
    typer.Argument(
        metavar="PICTURE",
        help="Colour pictures, folders or patterns; - is standard input. With contour also label maps and "
        "folders of CelebAMask-HQ's part masks.",
    ),
]
Output = Annotated[
    str,
    typer.Option(
        "--output",
        "-o",
        metavar="OUT",
        help="The line art, or a folder for it; - is standard output, as PNG.",
    ),
]
MethodName = Annotated[
    choices.LineMethod, typer.Option(help=f"How to draw: {choices.describe(choices.LINE_METHODS)}.")
]
Weights = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Weights for hed: a folder, a .safetensors file, or org/repo on the Hub."
    ),
]
Thin = Annotated[bool, typer.Option("--thin", help="Thin the lines to one pixel at the working size.")]
Threshold = Annotated[
    float | None,
    typer.Option(
        min=0.01, max=1, help="Amount of ink above which a pixel becomes black; all others become white."
    ),
]
Invert = Annotated[bool, typer.Option("--invert", help="White lines on black.")]
Alpha = Annotated[bool, typer.Option("--alpha", help="Lines on transparency.")]
Size = Annotated[
    int | None,
    typer.Option(
        min=LINES_MINIMUM,
        max=LINES_MAXIMUM,
        help="Shorter side in pixels to work at; by default the picture's own, at most "
        f"{LINES_USUAL} (contour: {LINES_USUAL_REGIONS}).",
    ),
]
Page = Annotated[
    int, typer.Option(min=1, metavar="N", help="Page or frame to read from files that have several.")
]
LineWidth = Annotated[
    float, typer.Option(min=1, max=LINE_WIDEST, help="Width of contours in pixels of the picture.")
]


def extract_lines(
    pictures: Pictures,
    output: Output,
    method: MethodName = "hed-small",
    weights: Weights = None,
    thin: Thin = False,
    threshold: Threshold = None,
    invert: Invert = False,
    alpha: Alpha = False,
    size: Size = None,
    line_width: LineWidth = 2.0,
    page: Page = 1,
    recursive: Recursive = False,
    format: Format = "png",  # noqa: A002 (the option's name)
    device: Device = "auto",
    as_json: JsonEvents = False,
    quiet: Quiet = False,
    dry_run: DryRun = False,
    overwrite: OverwriteAll = False,
    offline: Offline = False,
) -> int:
    """Draw the lines of colour pictures, each at its own size; in a folder, finished ones are skipped."""
    check_standard_output(output, as_json)
    from rltn_cli.engine.batch.extraction_run import ExtractionOptions
    from rltn_cli.engine.batch.line_extraction import OutputStyle, check_outputs, plan_extraction
    from rltn_cli.engine.inference.line_extractor import LineExtractor
    from rltn_cli.engine.inference.line_methods import METHODS, check_weights

    check_weights(method, weights)
    style = OutputStyle(invert, alpha)
    faces = METHODS[method].draws_labels
    tasks = plan_extraction(pictures, output, faces=faces, ending=format, recursive=recursive)
    check_outputs(tasks, style, overwrite=overwrite)

    def make() -> LineExtractor:
        return LineExtractor.of(
            method, weights=weights, device=device, offline=offline, size=size, thin=thin,
            threshold=threshold, line_width=line_width,
        )  # fmt: skip

    if dry_run:
        _show_plan(tasks, make(), style, as_json)
        return 0
    options = ExtractionOptions(style, page, overwrite)
    return _run(tasks, make, options, EventLines() if as_json else _make_display(tasks, quiet))


def _make_display(tasks: list["ExtractionTask"], quiet: bool) -> Display[ExtractionEvent]:
    """Return the display that reports progress."""
    if quiet:
        return Failures()
    return ProgressBar("drawing") if len(tasks) > 1 else OnePicture()


class OnePicture(Failures):
    """Reports the outcome of a single picture on standard error."""

    def __init__(self) -> None:
        self._around = contextlib.ExitStack()

    def __enter__(self) -> None:
        self._around.enter_context(show_status("drawing", quiet=False))

    def show(self, event: BatchEvent | ExtractionEvent) -> None:
        """Say what was written, or why it failed."""
        super().show(event)
        if event["event"] == "skipped":
            say(f"{event['output']} is done already")
        if event["event"] == "done" and "picture" in event and event["output"] != STANDARD_STREAM:
            size = f"{event['width']}x{event['height']}"
            say(f"{event['output']}, {size}, in {event['seconds']:.1f} s")

    def __exit__(self, *error: object) -> None:
        self._around.close()
        super().__exit__(*error)


def _run(
    tasks: list["ExtractionTask"],
    make: Callable[[], "LineExtractor"],
    options: "ExtractionOptions",
    display: Display[ExtractionEvent],
) -> int:
    """Draw, show what happens and return the exit code."""
    from rltn_cli.engine.batch.extraction_run import extract_all

    summary: ExtractionSummary | None = None
    with contextlib.ExitStack() as around:
        around.enter_context(display)
        alone = len(tasks) == 1  # its end is not waited for
        stop = threading.Event() if alone else around.enter_context(stop_on_signals("the picture at work"))
        for event in extract_all(tasks, make, options, stop):
            display.show(event)
            if event["event"] == "summary":
                summary = event
    assert summary is not None
    return exit_code(summary)


def _show_plan(
    tasks: list["ExtractionTask"], extractor: "LineExtractor", style: "OutputStyle", as_json: bool
) -> None:
    """Write to standard output how lines would be drawn, from which pictures and into which files."""
    settings = {**json.loads(extractor.settings), "invert": style.invert, "alpha": style.alpha}
    if as_json:
        write_event({"event": "settings", **settings})
        for task in tasks:
            planned: PicturePlanned = {"event": "planned", "picture": task.picture, "output": task.output}
            write_event(planned)
        return
    for name, value in settings.items():
        show(f"{name:14}  {value}")
    for task in tasks:
        show(f"{task.picture} -> {task.output}")
