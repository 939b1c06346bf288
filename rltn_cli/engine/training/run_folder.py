"""A training run in a folder: states to resume from, sample grids, metrics, and the model at the end.

FOLDER/config.json      the resolved configuration: the settings that act
FOLDER/step-NNNNNNNN/   training states, the newest `keep`
FOLDER/samples/         grids of the same drawings, one every `sample_every` steps
FOLDER/logs/            losses, learning rates, metrics and grids, for TensorBoard
FOLDER/validation.json  metrics on the pictures that were held back
FOLDER/model/           the averaged weights, in the layout of weights/, with a model card
"""

import json
import shutil
from pathlib import Path
from typing import Any

from rltn_cli.config_files import from_mapping
from rltn_cli.data.batches import Batch
from rltn_cli.engine.training.events import ValidationEntry
from rltn_cli.engine.training.sample_grids import sample_grid
from rltn_cli.engine.training.settings import readable_settings, settings_to_json
from rltn_cli.engine.training.trainer import Trainer, rotate
from rltn_cli.errors import OutputError, TrainingError, UsageError
from rltn_cli.imaging.files.encoding import write_picture
from rltn_cli.imaging.pixels import Bytes
from rltn_cli.output_files import make_folder, write_file
from rltn_cli.result_folders import LOGS, MODEL, RUN_CONFIG, SAMPLES, STATES
from rltn_cli.training_config import TrainConfig

VALIDATION = "validation.json"


def find_newest_state(folder: Path) -> Path | None:
    """Return the training state of a run with the most steps, or None."""
    return max(folder.glob(STATES), default=None)


def find_state(folder: Path, resume: str) -> Path:
    """Return the state that `--resume` refers to: the newest of the run, or the one named.

    Raises:
        UsageError: no such state.
    """
    if resume != "auto":
        named = Path(resume)
        state = find_newest_state(named) if (named / RUN_CONFIG).is_file() else named
        if state is None or not state.is_dir():
            raise UsageError(
                f"--resume {resume}: no training state there; name a folder step-NNNNNNNN, or auto"
            )
        return state
    found = find_newest_state(folder)
    if found is None:
        raise UsageError(f"--resume: {folder} holds no training state; leave out --resume to begin a run")
    return found


def check_run(folder: Path, *, overwrite: bool) -> None:
    """Check that a new run may be written to a folder.

    Raises:
        OutputError: a file is in the way, or a run that must not be replaced.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file: name a folder for the run")
    if not overwrite and ((folder / RUN_CONFIG).exists() or find_newest_state(folder)):
        raise OutputError(
            f"{folder} holds a run already: add --resume auto to continue it, or --overwrite to begin again"
        )


def read_saved_config(folder: Path) -> dict[str, Any]:
    """Return the configuration that a run was begun with, as plain values.

    Raises:
        TrainingError: it is missing or broken.
    """
    path = folder / RUN_CONFIG
    try:
        values = readable_settings(json.loads(path.read_text(encoding="utf-8")))
        from_mapping(TrainConfig, values, str(path))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: not the configuration of a run ({error})") from error
    return values


class RunFolder:
    """Writes what a run leaves behind."""

    def __init__(self, folder: Path, *, overwrite: bool = False) -> None:
        """Prepare the folder; the remains of interrupted saves, and of a run to replace, are removed.

        Raises:
            OutputError: it cannot be written.
        """
        self.path = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for unfinished in folder.glob(f".{STATES}"):
                shutil.rmtree(unfinished)
            if overwrite:
                self._clear()
        except OSError as error:
            raise OutputError(f"{folder}: cannot be written ({error.strerror})") from error

    def _clear(self) -> None:
        for state in self.path.glob(STATES):
            shutil.rmtree(state)
        for name in (LOGS, MODEL, SAMPLES):
            shutil.rmtree(self.path / name, ignore_errors=True)
        for name in (RUN_CONFIG, VALIDATION):
            (self.path / name).unlink(missing_ok=True)

    def write_config(self, config: TrainConfig) -> None:
        """Write the resolved configuration, as far as it acts."""
        self._write(RUN_CONFIG, settings_to_json(config))

    def save(self, trainer: Trainer) -> Path:
        """Write the trainer's state, delete the oldest one, and return the new one's folder."""
        state = self.path / f"step-{trainer.step:08d}"
        trainer.save(state)
        rotate(self.path, trainer.config.keep)
        return state

    def write_samples(self, trainer: Trainer, samples: Batch) -> tuple[Path, Bytes]:
        """Write a sample grid, and return its path and its pixels."""
        path = self.path / SAMPLES / f"step-{trainer.step:08d}.png"
        grid = sample_grid(trainer.networks.ema_model, samples, trainer.device)
        make_folder(path.parent)
        write_picture(path, grid, overwrite=True)
        return path, grid

    def write_model(self, trainer: Trainer, card: str) -> Path:
        """Write the averaged weights and their card, and return their folder."""
        folder = self.path / MODEL
        trainer.save_ema_model(folder)
        self._write(f"{MODEL}/README.md", card)
        return folder

    def read_history(self, until: int) -> list[ValidationEntry]:
        """Return the validations up to a step.

        Raises:
            TrainingError: the file is broken.
        """
        path = self.path / VALIDATION
        if not path.is_file():
            return []
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))
            return [entry for entry in entries if entry["step"] <= until]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise TrainingError(f"{path}: not a list of validations ({error}); delete it") from error

    def write_history(self, history: list[ValidationEntry]) -> None:
        """Write the validations."""
        self._write(VALIDATION, json.dumps(history, indent=2) + "\n")

    def _write(self, name: str, text: str) -> None:
        write_file(self.path / name, text.encode(), overwrite=True)
