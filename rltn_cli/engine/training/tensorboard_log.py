"""The log of a run for TensorBoard."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from rltn_cli.engine.training.events import ValidationMetrics
from rltn_cli.engine.training.trainer import StepReport
from rltn_cli.errors import OutputError
from rltn_cli.imaging.pixels import Bytes
from rltn_cli.result_folders import LOGS


class RunLog(contextlib.AbstractContextManager["RunLog"]):
    """Writes scalars and pictures to FOLDER/logs; every method raises OutputError where that fails."""

    def __init__(self, folder: Path, step: int) -> None:
        """Open the log; what an earlier call wrote after `step` is hidden."""
        self._folder = folder / LOGS
        _silence_writer()
        with self._explain_errors():
            self._writer = SummaryWriter(str(self._folder), purge_step=step + 1 if step else None)

    def step(self, report: StepReport, images_per_second: float, lr: float) -> None:
        """Write what a step gave."""
        speed = {"speed/images_per_second": images_per_second, "speed/waited": report.waited / report.seconds}
        with self._explain_errors():
            for name, value in {**report.losses, **speed, "rate/generator": lr}.items():
                self._writer.add_scalar(name, value, report.step)

    def validation(self, metrics: ValidationMetrics, step: int) -> None:
        """Write the metrics of the pictures that were held back."""
        with self._explain_errors():
            for name, value in metrics.items():
                self._writer.add_scalar(f"validation/{name}", value, step)

    def picture(self, grid: Bytes, step: int) -> None:
        """Write a sample grid (H, W, 3)."""
        with self._explain_errors():
            self._writer.add_image("samples", grid, step, dataformats="HWC")

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is not None:  # the user sees what stopped the run, and not what follows from it
            with contextlib.suppress(OSError):
                self._writer.close()
            return
        with self._explain_errors():
            self._writer.close()

    @contextlib.contextmanager
    def _explain_errors(self) -> Iterator[None]:
        """Say which folder cannot be written."""
        try:
            yield
        except OSError as error:
            raise OutputError(
                f"{self._folder}: the log cannot be written ({error.strerror or error}); free some space, "
                "then continue with --resume auto"
            ) from error


def _silence_writer() -> None:
    """Keep TensorBoard's thread from printing why it cannot write: the next call raises the same error."""
    plain = threading.excepthook
    if getattr(plain, "knows_writer", False):
        return

    def hook(arguments: threading.ExceptHookArgs) -> None:
        ours = type(arguments.thread).__module__.startswith("tensorboard.")
        if not (ours and isinstance(arguments.exc_value, OSError)):
            plain(arguments)

    hook.knows_writer = True  # type: ignore[attr-defined]
    threading.excepthook = hook
