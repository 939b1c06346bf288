"""Batches that teach lines: what is in them, and that pictures change while lines stay."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from rltn_cli.data.pairs import Pair
from rltn_cli.engine.training.lines.batches import SHARES, Example, LineBatches, Lines, find_examples, vary
from rltn_cli.errors import DataError


@pytest.fixture
def pairs(tmp_path: Path) -> list[Pair]:
    """A drawing, an outlined drawing and two paintings, of one of which HED's edges are there."""
    (tmp_path / "hed").mkdir()
    color = np.full((256, 256, 3), 255, np.uint8)
    cv2.rectangle(color, (60, 60), (200, 200), (0, 0, 200), -1)
    cv2.rectangle(color, (60, 60), (200, 200), (0, 0, 0), 3)
    line = np.full((256, 256), 255, np.uint8)
    cv2.rectangle(line, (60, 60), (200, 200), 0, 3)
    for name, picture in (("color", color), ("line", line), ("hed/seen", line)):
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
    files = (tmp_path / "color.png", tmp_path / "line.png")
    return [
        Pair("own", *files, source="openmoji", native_line=True),
        Pair("outlined", *files, source="dicebear-micah"),
        Pair("seen", *files, source="peppercarrot"),
        Pair("unseen", *files, source="peppercarrot"),
    ]


def test_examples_are_those_with_good_lines(pairs: list[Pair], tmp_path: Path) -> None:
    examples = find_examples(pairs, tmp_path / "hed")
    kinds = [(example.pair.id, example.lines) for example in examples]
    assert kinds == [("own", Lines.NATIVE), ("outlined", Lines.OUTLINED), ("seen", Lines.TAUGHT)]
    with pytest.raises(DataError, match="no native lines among 3 pairs"):
        find_examples(pairs[1:], tmp_path / "hed")
    with pytest.raises(DataError, match=r"no taught lines among 4 pairs and the edge maps of .*none"):
        find_examples(pairs, tmp_path / "none")


def test_every_kind_has_its_share(pairs: list[Pair], tmp_path: Path) -> None:
    one = find_examples(pairs, tmp_path / "hed")
    rare = Pair("rare", pairs[0].color, pairs[0].line, source="gophers", native_line=True)
    batches = LineBatches([*one, *[one[0]] * 15, Example(rare, Lines.NATIVE)], batch=1, crop=32)
    for kind, share in SHARES.items():
        odds = [p for p, example in zip(batches.odds, batches.examples, strict=True) if example.lines is kind]
        assert sum(odds) == pytest.approx(share)
    assert batches.odds[-1] / batches.odds[0] == pytest.approx(4)  # sources count by the root of their number


def test_batches_follow_from_the_seed(pairs: list[Pair], tmp_path: Path) -> None:
    examples = find_examples(pairs, tmp_path / "hed")
    first, again = (LineBatches(examples, batch=3, crop=48, seed=1) for _ in range(2))
    first.draw(0)
    color, ink = first.draw(1)
    assert color.shape == (3, 3, 48, 48) and ink.shape == (3, 1, 48, 48)
    assert color.min() >= -1 and color.max() <= 1 and ink.min() >= 0 and ink.max() <= 1
    for one, other in zip((color, ink), again.draw(1), strict=True):
        assert one.equal(other)
    assert not color.equal(first.draw(2)[0])


def test_lines_lie_where_the_picture_is_black(pairs: list[Pair], tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("rltn_cli.engine.training.lines.batches.vary", lambda color, ink, rng: color)
    batches = LineBatches(find_examples(pairs, tmp_path / "hed")[:1], batch=6, crop=64)
    color, ink = batches.draw(3)
    dark = color.amax(1, keepdim=True) < -0.6
    assert ink[dark].min() > 0.5
    assert ink.sum() > 100


def test_pictures_vary_while_their_lines_can_be_seen() -> None:
    color = np.full((64, 64, 3), 0.8, np.float32)
    ink = np.zeros((64, 64), np.float32)
    color[30:34], ink[30:34] = 0, 1
    changed = [vary(color, ink, np.random.default_rng(seed)) for seed in range(40)]
    assert all(x.dtype == np.float32 and x.min() >= 0 and x.max() <= 1 for x in changed)
    assert len({x.tobytes() for x in changed}) > 35
    contrast = [abs(x[:28].mean(2) - x[31:33].mean()).mean() for x in changed]
    assert np.mean(np.array(contrast) > 0.05) > 0.9
    assert color[0, 0, 0] == np.float32(0.8), "the picture given is left as it is"


def test_an_edge_map_that_is_no_picture_is_named(pairs: list[Pair], tmp_path: Path) -> None:
    (tmp_path / "hed" / "seen.png").write_bytes(b"no picture")
    example = find_examples(pairs, tmp_path / "hed")[-1]
    with pytest.raises(DataError, match=r"seen\.png: not a picture that can be decoded"):
        example.load()
