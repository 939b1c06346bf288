import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.training_set import make_pairs

from rltn_cli.engine.training import run_data
from rltn_cli.engine.training.run_data import cache_folder, prepare_data
from rltn_cli.engine.training.run_folder import RunFolder
from rltn_cli.errors import DataError, UsageError
from rltn_cli.training_config import TrainConfig


def test_a_tenth_is_held_back_where_nothing_else_is_said(tmp_path):
    data = prepare_data(TrainConfig(pairs=(str(make_pairs(tmp_path / "pairs", 20)),)))
    assert (len(data.train), len(data.held)) == (18, 2)
    assert data.lines is None
    assert data.store(data.held, 64).colors([0, 1]).shape == (2, 3, 64, 64)


def test_the_split_of_the_index_is_kept_unless_a_share_is_named(tmp_path):
    folder = make_pairs(tmp_path / "pairs", 12)
    rows = [f"p{i:02},{'val' if i < 5 else 'train'}" for i in range(12)]
    (folder / "index.csv").write_text("\n".join(["id,split", *rows]) + "\n")
    specs = (str(folder),)
    assert len(prepare_data(TrainConfig(pairs=specs)).held) == 5
    assert len(prepare_data(TrainConfig(pairs=specs, val="0.25")).held) == 3
    assert len(prepare_data(TrainConfig(pairs=specs, val="0")).held) == 0


def with_splits(folder, *splits):
    make_pairs(folder, len(splits))
    rows = [f"p{i:02},{split}" for i, split in enumerate(splits)]
    (folder / "index.csv").write_text("\n".join(["id,split", *rows]) + "\n")
    return folder


@pytest.mark.parametrize("val", ["", "0", "0.25", "other"])
@pytest.mark.parametrize("measured", ["train", "Validation"])
def test_test_pictures_are_never_trained_on(val, measured, tmp_path, caplog):
    folder = with_splits(tmp_path / "pairs", *["train"] * 8, *["Test"] * 3, "extra", measured)
    if val == "other":
        val = str(make_pairs(tmp_path / "other", 2))
    data = prepare_data(TrainConfig(pairs=(str(folder),), val=val))
    kept = {pair.id for pair in (*data.train, *data.held)}
    assert not kept & {"p08", "p09", "p10", "p11"}
    assert "3 pairs of split 'test' are left out of training" in caplog.text
    assert "1 pairs of split 'extra' are left out of training, a name that is not known" in caplog.text


def test_folders_for_training_and_tests_alone(tmp_path):
    make_pairs(tmp_path / "Training", 9)
    make_pairs(tmp_path / "testing", 3)
    data = prepare_data(TrainConfig(pairs=(str(tmp_path),)))
    assert (len(data.train), len(data.held)) == (7, 2)
    assert {pair.id.split("/")[0] for pair in (*data.train, *data.held)} == {"Training"}


def test_an_index_in_a_folder_for_training_may_name_tests(tmp_path):
    with_splits(tmp_path / "train", *["train"] * 6, "test", "test")
    make_pairs(tmp_path / "valid", 2)
    data = prepare_data(TrainConfig(pairs=(str(tmp_path),)))
    assert {pair.id for pair in data.check.usable} == {
        *(f"train/p0{i}" for i in range(2, 6)), "valid/p00", "valid/p01",
    }  # fmt: skip  # two of those for training are also held back


def test_tests_alone_are_nothing_to_train_on(tmp_path):
    folder = with_splits(tmp_path / "pairs", "test", "test")
    with pytest.raises(DataError, match=r"pairs: nothing to train on; 2 pairs of split 'test' are left out"):
        prepare_data(TrainConfig(pairs=(str(folder),)))


def test_a_runs_own_pictures_are_not_trained_on_later(tmp_path, monkeypatch):
    monkeypatch.setenv("RLTN_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "colors"
    make_pairs(tmp_path / "pairs", 9)
    (tmp_path / "pairs" / "color").rename(folder)
    config = TrainConfig(pairs=(str(folder),), lines="xdog", device="cpu")
    before = {pair.id for pair in prepare_data(config).check.usable}
    run = RunFolder(folder / "run")
    run.write_config(config)
    (folder / "run" / "samples").mkdir()
    cv2.imwrite(str(folder / "run" / "samples" / "step-00000000.png"), np.full((80, 80, 3), 90, np.uint8))
    assert {pair.id for pair in prepare_data(config).check.usable} == before


def test_pairs_to_validate_on_are_not_trained_on(tmp_path):
    folder = make_pairs(tmp_path / "pairs", 10)
    other = make_pairs(tmp_path / "other", 3)
    config = TrainConfig(pairs=(str(folder),), val=str(other))
    data = prepare_data(config)
    assert (len(data.train), len(data.held)) == (7, 3)  # the same three pictures are in both folders
    assert any("left out of training" in note for note in data.check.notes)


def test_colour_pictures_alone_get_their_lines_once(tmp_path, monkeypatch):
    monkeypatch.setenv("RLTN_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "colors"
    folder.mkdir()
    for path in sorted((make_pairs(tmp_path / "pairs", 9) / "color").iterdir()):
        path.rename(folder / path.name)
    data = prepare_data(TrainConfig(pairs=(str(folder),), lines="xdog", device="cpu"))
    lines = data.store(data.train, 64).lines([0], [0])
    assert lines.shape == (1, 1, 64, 64)
    assert (lines < 128).any()
    (entry,) = (tmp_path / "cache" / "lines").rglob("*.png")
    cv2.imwrite(str(entry), np.full((80, 80), 7, np.uint8))
    again = prepare_data(TrainConfig(pairs=(str(folder),), lines="xdog", device="cpu"))
    assert again.store(again.train, 64).lines([0], [0]).max() < 60  # from the cache


def test_pictures_that_are_published_with_heds_lines_are_told(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("RLTN_CACHE", str(tmp_path / "cache"))
    plain = run_data.read_data
    monkeypatch.setattr(
        run_data,
        "read_data",
        lambda specs: [dataclasses.replace(pair, line=None, method="hed") for pair in plain(specs)],
    )
    folder = make_pairs(tmp_path / "pairs", 9)
    prepare_data(TrainConfig(pairs=(str(folder),), lines="xdog", device="cpu"))
    assert "the lines of 9 pictures were published as drawn by HED and are drawn by xdog here" in caplog.text
    with pytest.raises(UsageError, match="weights"):
        prepare_data(TrainConfig(pairs=(str(folder),), lines="hed", device="cpu"))


def test_no_data_and_no_such_folder_are_told(tmp_path):
    with pytest.raises(UsageError, match="no data: name a folder"):
        prepare_data(TrainConfig())
    with pytest.raises(DataError, match="nowhere"):
        prepare_data(TrainConfig(pairs=(str(tmp_path / "nowhere"),)))


def test_the_cache_lies_where_the_user_has_caches(tmp_path, monkeypatch):
    monkeypatch.delenv("RLTN_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "rltn"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "rltn"
