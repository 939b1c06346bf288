"""A training run in a folder: states to resume from, sample grids, and the model at the end.

FOLDER/config.json      the resolved configuration
FOLDER/step-NNNNNNNN/   training states, the newest `keep`
FOLDER/samples/         grids of the same drawings, one every `sample_every` steps
FOLDER/model/           the averaged weights, in the layout of weights/
"""

from collections.abc import Iterator
from pathlib import Path

from rltn_cli.config import to_json
from rltn_cli.data.batches import Batch
from rltn_cli.encoding import write_picture
from rltn_cli.engine.samples import sample_grid
from rltn_cli.engine.trainer import StepReport, Trainer, rotate
from rltn_cli.errors import TrainingError

CONFIG = "config.json"
MODEL = "model"
SAMPLES = "samples"


def newest_state(folder: Path) -> Path | None:
    """Return the training state of a run that has come farthest, or None."""
    return max(folder.glob("step-*"), default=None)


def train_in_folder(trainer: Trainer, folder: Path, samples: Batch | None = None) -> Iterator[StepReport]:
    """Train to the configured end, yielding after every step; go on from the folder's newest state.

    Closing the iterator early saves a state, so that nothing is lost.

    Args:
        trainer: fresh, of the configuration that the folder's states were made with.
        folder: made if it is missing.
        samples: what the sample grids show; none are written without.

    Raises:
        TrainingError: the newest state is broken, or of another network.
        NonFiniteLossError: a term is not finite.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = newest_state(folder)
    if state is not None:
        trainer.resume(state)
    config = trainer.config
    (folder / CONFIG).write_text(to_json(config), encoding="utf-8")
    saved = trainer.step
    try:
        for report in trainer.run():
            if report.step % config.checkpoint_every == 0:
                saved = _save(trainer, folder)
            if samples is not None and report.step % config.sample_every == 0:
                _write_samples(trainer, folder, samples)
            yield report
    except TrainingError:
        saved = trainer.step  # the weights of a failed step are not worth a state
        raise
    finally:
        if trainer.step > saved:
            _save(trainer, folder)
    trainer.save_averaged(folder / MODEL)


def _save(trainer: Trainer, folder: Path) -> int:
    """Write the state of the trainer's step, drop the oldest, and return the step."""
    trainer.save(folder / f"step-{trainer.step:08d}")
    if trainer.accelerator.is_main_process:
        rotate(folder, trainer.config.keep)
    return trainer.step


def _write_samples(trainer: Trainer, folder: Path, samples: Batch) -> None:
    if trainer.accelerator.is_main_process:
        (folder / SAMPLES).mkdir(exist_ok=True)
        grid = sample_grid(trainer.averaged, samples, trainer.device)
        write_picture(folder / SAMPLES / f"step-{trainer.step:08d}.png", grid, overwrite=True)
