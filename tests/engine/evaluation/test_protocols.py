from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from rltn_cli.data.pairs import read_pairs
from rltn_cli.engine.evaluation.protocols import load, plan
from rltn_cli.errors import DataError


def test_group_gives_every_drawing_a_mate(pairs_folder: Path) -> None:
    samples = plan(read_pairs(pairs_folder), "group")
    assert [sample.pair.id for sample in samples] == ["fox-0", "fox-1", "fox-2", "sea-0", "sea-1", "sea-2"]
    for sample in samples:
        assert sample.reference.palette == sample.pair.palette
        assert sample.reference.id != sample.pair.id


def test_nearest_takes_the_most_similar_other_picture(pairs_folder: Path) -> None:
    chosen = {sample.pair.id: sample.reference.id for sample in plan(read_pairs(pairs_folder), "nearest")}
    assert chosen["fox-0"] == "fox-1"
    assert chosen["sea-2"] == "fox-2"  # the search knows nothing of groups: the same place counts more


def test_self_deforms_the_truth_alike_every_time(pairs_folder: Path) -> None:
    samples = plan(read_pairs(pairs_folder), "self", limit=2)
    assert all(sample.reference == sample.pair for sample in samples)
    first, second = load(samples), load(samples)
    np.testing.assert_array_equal(first.references, second.references)
    assert (first.references != first.targets).mean() > 0.05
    other = load(plan(read_pairs(pairs_folder), "self", limit=2, seed=1))
    assert not np.array_equal(first.references, other.references)


def test_batches_have_the_agreed_shapes(pairs_folder: Path) -> None:
    batch = load(plan(read_pairs(pairs_folder), "group", limit=2))
    assert batch.sketches.shape == (2, 256, 256)
    assert batch.references.shape == batch.targets.shape == (2, 256, 256, 3)
    assert {batch.sketches.dtype, batch.references.dtype, batch.targets.dtype} == {np.dtype(np.uint8)}


@pytest.mark.parametrize("limit", [1, 2, 4, 5, 100])
def test_limit_takes_evenly_from_the_sources(pairs_folder: Path, limit: int) -> None:
    samples = plan(read_pairs(pairs_folder), "group", limit=limit)
    counts = Counter(sample.pair.source for sample in samples)
    assert len(samples) == min(limit, 6)
    assert max(counts.values()) - min(counts.get(source, 0) for source in ("comic", "sprite")) <= 1
    larger = plan(read_pairs(pairs_folder), "group", limit=limit + 1)
    assert set(samples) <= set(larger)


def test_an_empty_split_is_named(pairs_folder: Path) -> None:
    with pytest.raises(DataError, match=r"'test'.*train, val"):
        plan(read_pairs(pairs_folder), "group", split="test")


def test_one_picture_is_not_enough(pairs_folder: Path) -> None:
    with pytest.raises(DataError, match="at least two"):
        plan(read_pairs(pairs_folder), "self", split="train")


def test_pictures_without_mates_are_refused(pairs_folder: Path) -> None:
    (pairs_folder / "index.csv").unlink()
    with pytest.raises(DataError, match=r"index\.csv"):
        plan(read_pairs(pairs_folder), "group", split="train")
