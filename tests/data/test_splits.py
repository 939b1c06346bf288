import random

import pytest

from rltn_cli.data.pairs import Pair
from rltn_cli.data.splits import describe_unknown, leave_out_others, select_split, split_of, split_to_measure
from rltn_cli.errors import DataError


def pairs(*splits):
    return [Pair(str(number), None, None, split=split) for number, split in enumerate(splits)]


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("", "train"), ("train", "train"), ("Training", "train"), (" TRAIN ", "train"),
        ("val", "val"), ("Val", "val"), ("valid", "val"), ("validation", "val"), ("dev", "val"),
        ("test", "test"), ("Testing", "test"), ("holdout", "holdout"), (" Mine", "Mine"),
    ],
)  # fmt: skip
def test_splits_have_many_names(name, split):
    assert split_of(name) == split


def test_what_is_neither_for_training_nor_for_validation_is_left_out_and_named():
    kept, notes = leave_out_others(pairs("train", "test", "val", "extra", "test"))
    assert [pair.split for pair in kept] == ["train", "val"]
    assert notes == [
        "1 pairs of split 'extra' are left out of training, a name that is not known "
        "(train, val and test are)",
        "2 pairs of split 'test' are left out of training",
    ]


@pytest.mark.parametrize("seed", range(10))
def test_no_other_split_is_ever_kept(seed):
    rng = random.Random(seed)
    names = ["train", "val", "test", "Holdout", "x"]
    given = pairs(*(split_of(rng.choice(names)) for _ in range(rng.randrange(1, 30))))
    kept, notes = leave_out_others(given)
    assert kept == [pair for pair in given if pair.split in ("train", "val")]
    assert sum(int(note.split()[0]) for note in notes) == len(given) - len(kept)


def test_a_split_is_selected_by_any_of_its_names():
    given = pairs("train", "val")
    assert select_split(given, "Validation") == [given[1]]
    with pytest.raises(DataError, match=r"no pairs of split 'tset'; there are: train, val"):
        select_split(given, "tset")


def test_unknown_splits_are_named_unless_chosen():
    given = pairs("train", "val", "test", "extra")
    assert describe_unknown(given, "extra") == []
    assert describe_unknown(given, "val") == [
        "1 pairs of split 'extra' are left out, a name that is not known (train, val and test are)"
    ]


def test_the_split_to_measure_on():
    assert split_to_measure(pairs("train", "val", "test")) == "val"
    assert split_to_measure(pairs("train", "train")) == "train"
    assert split_to_measure(pairs("test")) == "test"
    with pytest.raises(DataError, match=r"no pairs of split 'val'; there are: test, train; .* --split"):
        split_to_measure(pairs("train", "test"))
