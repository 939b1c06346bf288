import dataclasses

import pytest
from support.drawn_store import DrawnStore

from rltn_cli.data.sampling import ReferenceKind, Sampler
from rltn_cli.errors import DataError
from rltn_cli.training_config import DataConfig


def test_draws_depend_on_seed_step_and_index_alone():
    sampler, again = (Sampler(DrawnStore().pairs, DataConfig(), seed=1) for _ in range(2))
    first = sampler.draw(5, 2, 8)
    for step in range(4):
        again.draw(step, 0, 8)
    assert repr(again.draw(5, 2, 8)) == repr(first)
    assert repr(again.draw(5, 3, 8)) != repr(first)
    assert repr(again.draw(6, 2, 8)) != repr(first)


def test_each_kind_has_its_share_and_its_references():
    pairs = DrawnStore(8).pairs
    sampler = Sampler(pairs, DataConfig(pseudo=0.5, foreign=0.2), seed=0)
    specs = [sampler.draw(step, i, 10) for step in range(60) for i in range(10)]
    share = {kind: sum(d.kind is kind for d in specs) / len(specs) for kind in ReferenceKind}
    assert share[ReferenceKind.PSEUDO] == pytest.approx(
        0.5, abs=0.06
    )  # a foreign draw may fall on the picture itself
    assert 0.1 < share[ReferenceKind.FOREIGN] <= 0.21
    for d in specs:
        assert (d.target == d.reference) == (d.kind is ReferenceKind.PSEUDO)
        same = pairs[d.target].palette == pairs[d.reference].palette
        assert same == (d.kind is not ReferenceKind.FOREIGN)


def test_source_weights_choose():
    pairs = [dataclasses.replace(p, source="ab"[i % 2]) for i, p in enumerate(DrawnStore().pairs)]
    sampler = Sampler(pairs, DataConfig(pseudo=1, foreign=0, source_weights={"a": 0.0}), seed=0)
    assert {sampler.draw(s, 0, 1).target for s in range(30)} == {1, 3}
    with pytest.raises(DataError, match="source weights leave no pair"):
        Sampler(pairs, DataConfig(source_weights={"a": 0.0, "b": 0.0}), seed=0)
    with pytest.raises(DataError, match="no pairs to train on"):
        Sampler([], DataConfig(), seed=0)
