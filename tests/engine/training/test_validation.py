import dataclasses

import numpy as np
import pytest
import torch
from support.drawn_store import DrawnStore

from rltn_cli.data.pairs import Pair
from rltn_cli.engine.training.validation import Validation, choose_references, split_pairs
from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN

pytest.importorskip("skimage")


def named(count, group="{}"):
    return [
        Pair(id=f"p{i}", color=None, line=None, group=group.format(i), palette=str(i)) for i in range(count)
    ]


def test_a_share_is_held_back_and_always_the_same():
    pairs = named(20)
    train, held = split_pairs(pairs, 0.2, seed=0)
    assert len(held) == 4
    assert {pair.split for pair in held} == {"val"}
    assert {pair.split for pair in train} == {"train"}
    assert sorted(pair.id for pair in train + held) == sorted(pair.id for pair in pairs)
    again = split_pairs(pairs[::-1], 0.2, seed=0)[1]
    assert {pair.id for pair in again} == {pair.id for pair in held}
    assert {pair.id for pair in split_pairs(pairs, 0.2, seed=1)[1]} != {pair.id for pair in held}


def test_groups_are_not_cut_unless_there_is_only_one():
    pairs = [dataclasses.replace(pair, group=f"g{i // 4}") for i, pair in enumerate(named(20))]
    train, held = split_pairs(pairs, 0.1, seed=0)
    assert len(held) == 4
    assert not {pair.group for pair in held} & {pair.group for pair in train}
    one = split_pairs(named(20, group="all"), 0.1, seed=0)
    assert len(one[1]) == 2


@pytest.mark.parametrize(("count", "share"), [(7, 0.5), (20, 0.0)])
def test_few_pairs_or_no_share_hold_nothing_back(count, share):
    assert split_pairs(named(count), share, seed=0)[1] == []


def test_a_reference_is_a_mate_that_was_held_back_else_any_mate_else_the_most_similar():
    store = DrawnStore(6)  # palettes 0 0 1 1 2 2
    splits = ["val", "val", "val", "train", "val", "train"]
    store.pairs = [dataclasses.replace(pair, split=s) for pair, s in zip(store.pairs, splits, strict=True)]
    assert choose_references([0, 2], store.pairs, store) == [1, 3]
    store.pairs = [dataclasses.replace(pair, palette=pair.id) for pair in store.pairs]
    (similar,) = choose_references([0], store.pairs, store)
    assert similar == 1  # the same colours, a little beside


def test_drawings_without_ink_are_not_painted_and_figures_are_those_of_the_pictures():
    store = DrawnStore(4)
    store.pairs = [dataclasses.replace(pair, split="val") for pair in store.pairs]
    plain = store.lines

    def lines(indices, variants):
        pictures = plain(indices, variants)
        pictures[[i for i, number in enumerate(indices) if number == 2]] = 255
        return pictures

    store.lines = lines
    torch.manual_seed(0)
    model = RLTN(PRESETS["tiny"])
    validation = Validation(store, 10)
    assert sorted(validation.ids) == ["0", "1", "3"]
    values = validation.measure(model, torch.device("cpu"))
    assert 0 < values["color_error"] < 100
    assert validation.measure(model, torch.device("cpu")) == values
    with pytest.MonkeyPatch.context() as patch:
        targets = {
            name: target.picture for name, target in zip(validation.ids, validation._targets, strict=True)
        }

        def perfect(colorizer):
            return lambda s, r, ids: type("P", (), {"images": np.stack([targets[i] for i in ids])})

        patch.setattr("rltn_cli.engine.training.validation.make_model_method", perfect)
        best = validation.measure(model, torch.device("cpu"))
    assert best == {"color_error": 0.0, "region_accuracy": 1.0}
