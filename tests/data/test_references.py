from pathlib import Path

import numpy as np
import pytest

from rltn_cli.data.pairs import Pair, read_pairs
from rltn_cli.data.references import choose_group_mates, find_group_mates, nearest, thumbnail


def pair(name: str, **values: str) -> Pair:
    return Pair(id=name, color=Path(f"{name}.png"), line=None, **values)


def test_a_thumbnail_is_the_area_mean_at_8x8_with_length_one() -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (64, 64, 3), np.uint8)
    means = picture.reshape(8, 8, 8, 8, 3).mean(axis=(1, 3)).reshape(-1)
    vector = thumbnail(picture)
    assert vector.shape == (192,)
    assert np.linalg.norm(vector) == pytest.approx(1)
    np.testing.assert_allclose(vector, means / np.linalg.norm(means), atol=1e-3)


def test_a_black_picture_has_a_thumbnail() -> None:
    assert not thumbnail(np.zeros((16, 16, 3), np.uint8)).any()


def test_nearest_agrees_with_a_plain_loop() -> None:
    rng = np.random.default_rng(1)
    vectors = np.stack([thumbnail(rng.integers(0, 256, (8, 8, 3), np.uint8)) for _ in range(20)])
    expected = []
    for i in range(20):
        cosines = [float(vectors[i] @ vectors[j]) if i != j else -2.0 for j in range(20)]
        expected.append(int(np.argmax(cosines)))
    assert nearest(vectors).tolist() == expected


def test_nearest_works_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    vectors = np.stack([thumbnail(rng.integers(0, 256, (8, 8, 3), np.uint8)) for _ in range(11)])
    whole = nearest(vectors)
    monkeypatch.setattr("rltn_cli.data.references._CHUNK", 4)
    np.testing.assert_array_equal(nearest(vectors), whole)


def test_nearest_of_equals_is_the_first_other() -> None:
    vectors = np.stack([thumbnail(np.full((8, 8, 3), 90, np.uint8))] * 3)
    assert nearest(vectors).tolist() == [1, 0, 0]


def test_nearest_needs_another_picture() -> None:
    with pytest.raises(ValueError, match="two"):
        nearest(np.ones((1, 192), np.float32))


def test_mates_share_split_group_and_palette() -> None:
    pairs = [
        pair("b", group="g", palette="p"),
        pair("a", group="g", palette="p"),
        pair("c", group="g", palette="q"),
        pair("d", group="h", palette="p"),
        pair("e", group="g", palette="p", split="val"),
        pair("f"),
        pair("i"),
    ]
    assert find_group_mates(pairs) == [[1], [0], [], [], [], [], []]


def test_the_mate_does_not_depend_on_the_order_of_the_pairs(pairs_folder: Path) -> None:
    pairs = read_pairs(pairs_folder)

    def chosen(ordered: list[Pair], seed: int) -> dict[str, str | None]:
        mates = choose_group_mates(ordered, seed=seed)
        return {p.id: None if i is None else ordered[i].id for p, i in zip(ordered, mates, strict=True)}

    first = chosen(pairs, 0)
    assert first == chosen(pairs[::-1], 0)
    assert first["lone"] is None
    assert all(mate is None or (mate != name and mate[:3] == name[:3]) for name, mate in first.items())
    assert any(chosen(pairs, seed) != first for seed in range(1, 5))
