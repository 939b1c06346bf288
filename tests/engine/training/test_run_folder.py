import dataclasses
import json

import cv2
import pytest
import torch
from support.drawn_store import CONFIG, DrawnStore

from rltn_cli.engine.checkpoints.weights import load_model
from rltn_cli.engine.training.run_folder import (
    RunFolder,
    check_run,
    find_newest_state,
    find_state,
    read_saved_config,
)
from rltn_cli.engine.training.sample_grids import draw_grid_batch
from rltn_cli.engine.training.trainer import Trainer
from rltn_cli.errors import OutputError, TrainingError, UsageError
from rltn_cli.training_config import TrainConfig


@pytest.fixture
def trainer():
    return Trainer(dataclasses.replace(CONFIG, keep=2), DrawnStore())


def test_a_folder_holds_configuration_states_samples_and_the_model(tmp_path, trainer):
    folder = RunFolder(tmp_path / "run")
    folder.write_config(trainer.config)
    for step in (1, 2, 3):
        trainer.step = step
        state = folder.save(trainer)
    path, grid = folder.write_samples(trainer, draw_grid_batch(trainer.loader.store, 2, 64))
    model = folder.write_model(trainer, "# a card\n")
    assert find_newest_state(tmp_path / "run") == state
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        "config.json", "model", "samples", "step-00000002", "step-00000003"
    ]  # fmt: skip
    assert cv2.imread(str(path)).shape == grid.shape == (5 * 64, 2 * 64, 3)
    assert (model / "README.md").read_text() == "# a card\n"
    assert torch.isfinite(next(load_model(model).parameters())).all()
    assert read_saved_config(tmp_path / "run")["keep"] == 2


def test_what_a_killed_save_left_is_removed(tmp_path, trainer):
    (tmp_path / ".step-00000007.partial").mkdir()
    (tmp_path / ".step-00000007.partial" / "model.safetensors").write_bytes(b"half")
    folder = RunFolder(tmp_path)
    assert list(tmp_path.iterdir()) == []
    trainer.step = 7
    folder.save(trainer)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000007"]


def test_a_new_run_does_not_touch_one_that_is_there(tmp_path, trainer):
    folder = RunFolder(tmp_path / "run")
    folder.write_config(TrainConfig())
    folder.save(trainer)
    folder.write_history([{"step": 0, "color_error": 7.0}])
    with pytest.raises(
        OutputError, match="holds a run already: add --resume auto to continue it, or --overwrite"
    ):
        check_run(tmp_path / "run", overwrite=False)
    check_run(tmp_path / "run", overwrite=True)
    RunFolder(tmp_path / "run", overwrite=True)
    assert list((tmp_path / "run").iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is a file: name a folder"):
        check_run(tmp_path / "file", overwrite=True)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file/run: cannot be written"):
        RunFolder(tmp_path / "file" / "run")


def test_validations_after_the_resumed_step_are_forgotten(tmp_path):
    folder = RunFolder(tmp_path)
    assert folder.read_history(10) == []
    folder.write_history([{"step": step, "color_error": 9.0 - step} for step in (0, 2, 4)])
    assert [entry["step"] for entry in folder.read_history(2)] == [0, 2]
    (tmp_path / "validation.json").write_text("[1]")
    with pytest.raises(TrainingError, match="not a list of validations"):
        folder.read_history(2)


def test_states_are_found_by_the_run_by_name_or_not_at_all(tmp_path, trainer):
    run = tmp_path / "run"
    folder = RunFolder(run)
    with pytest.raises(UsageError, match="holds no training state; leave out --resume"):
        find_state(run, "auto")
    folder.write_config(trainer.config)
    trainer.step = 4
    state = folder.save(trainer)
    assert (
        find_state(run, "auto") == find_state(tmp_path, str(run)) == find_state(tmp_path, str(state)) == state
    )
    with pytest.raises(UsageError, match="--resume nowhere: no training state there"):
        find_state(run, "nowhere")


def test_a_broken_configuration_of_a_run_is_named(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"steps": 3})[:-1])
    with pytest.raises(TrainingError, match="not the configuration of a run"):
        read_saved_config(tmp_path)


def test_a_full_disk_is_one_line(tmp_path, trainer, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rltn_cli.engine.training.state.save_file", full)
    with pytest.raises(OutputError, match=r"the training state cannot be written .*No space left"):
        RunFolder(tmp_path).save(trainer)
    assert find_newest_state(tmp_path) is None
