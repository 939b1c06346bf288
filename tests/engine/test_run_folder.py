import dataclasses
import json

import cv2
import pytest
import torch
from test_trainer import CONFIG, DrawnStore, weights

from rltn_cli.engine.checkpoint import load_model
from rltn_cli.engine.objective import Objective
from rltn_cli.engine.run_folder import newest_state, train_in_folder
from rltn_cli.engine.samples import sample_batch
from rltn_cli.engine.trainer import Trainer
from rltn_cli.errors import NonFiniteLossError

RUN = dataclasses.replace(CONFIG, steps=5, checkpoint_every=2, sample_every=4, keep=1)


def test_a_run_leaves_states_samples_and_a_model(tmp_path):
    store = DrawnStore()
    trainer = Trainer(RUN, store)
    reports = list(train_in_folder(trainer, tmp_path, sample_batch(store, 2, 64)))
    assert [r.step for r in reports] == [1, 2, 3, 4, 5]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["config.json", "model", "samples", "step-00000005"]
    assert json.loads((tmp_path / "config.json").read_text())["keep"] == 1
    (grid,) = (tmp_path / "samples").iterdir()
    assert grid.name == "step-00000004.png"
    assert cv2.imread(str(grid)).shape == (5 * 64, 2 * 64, 3)
    loaded = load_model(tmp_path / "model").state_dict()
    assert all(torch.allclose(v, loaded[n], atol=2e-3) for n, v in trainer.averaged.state_dict().items())


def test_a_run_that_was_left_goes_on_and_equals_one_that_was_not(tmp_path):
    whole = Trainer(RUN, DrawnStore())
    list(train_in_folder(whole, tmp_path / "whole"))
    left = train_in_folder(Trainer(RUN, DrawnStore()), tmp_path / "left")
    for _ in range(3):
        next(left)
    left.close()
    assert newest_state(tmp_path / "left").name == "step-00000003"
    again = Trainer(RUN, DrawnStore())
    assert [r.step for r in train_in_folder(again, tmp_path / "left")] == [4, 5]
    expected = weights(whole)
    assert all(torch.equal(v, expected[n]) for n, v in weights(again).items())


def test_a_failed_step_leaves_no_state_of_its_own(tmp_path, monkeypatch):
    plain = Objective.generator_terms

    def broken(self, *arguments):
        return {name: value * float("inf") for name, value in plain(self, *arguments).items()}

    monkeypatch.setattr(Objective, "generator_terms", broken)
    with pytest.raises(NonFiniteLossError):
        list(train_in_folder(Trainer(RUN, DrawnStore()), tmp_path))
    assert newest_state(tmp_path) is None
