import pytest
import torch
from support.rounding import assert_nearly

from rltn_cli.model_config import PRESETS
from rltn_cli.models import windows
from rltn_cli.models.correspondence import best_match, normalize, warp
from rltn_cli.models.rltn import RLTN
from rltn_cli.models.windows import Grid, find_windows


@pytest.fixture(autouse=True)
def _seed(in_float64):
    torch.manual_seed(0)


def look_at(monkeypatch, near, middle=0, far=0):
    for name, value in (("NEAR", near), ("MIDDLE", middle), ("FAR", far)):
        monkeypatch.setattr(windows, name, value)


def features(grid, batch=1, width=8):
    return normalize(torch.randn(batch, width, grid.height, grid.width))


def test_blocks_are_squares_of_tokens_row_by_row():
    blocks = Grid(8, 12).blocks()
    assert blocks.shape == (6, 16)
    assert blocks[1].tolist() == [row * 12 + column for row in range(4) for column in range(4, 8)]
    assert sorted(blocks.flatten().tolist()) == list(range(96))


def test_parts_repeat_the_edge():
    parts = Grid(4 * 5, 4 * 3).parts()  # 5 x 3 blocks: the second part has the last row four times
    assert parts.shape == (2, 16)
    assert parts[0].tolist() == [r * 3 + min(c, 2) for r in range(4) for c in range(4)]
    assert set(parts[1].tolist()) == {12, 13, 14}


@pytest.mark.parametrize("bias", [None, torch.tensor([0.0, 1.0, -2.0, 0.5])])
def test_windows_on_everything_are_the_full_match(bias, monkeypatch):
    look_at(monkeypatch, near=100)
    sketch, references = Grid(20, 24), (Grid(16, 16), Grid(8, 12))
    queries = features(sketch, batch=2)
    keys = torch.cat([features(grid, batch=2) for grid in references], dim=1)
    values = torch.randn(2, keys.shape[1], 24)
    bias = None if bias is None else bias.repeat(2, keys.shape[1] // 4).double()
    seen = find_windows(queries, keys, sketch, references, 0.05, bias)
    assert_nearly(seen.warp(queries, keys, values, 0.05, bias), warp(queries, keys, values, 0.05, bias))
    assert torch.equal(seen.best_match(queries, keys, 0.05, bias), best_match(queries, keys, 0.05, bias))


@pytest.mark.parametrize(("middle", "far"), [(16, 0), (0, 16), (3, 13)])
def test_even_blocks_may_be_seen_as_quarters_and_as_wholes(middle, far, monkeypatch):
    look_at(monkeypatch, near=0, middle=middle, far=far)
    grid = Grid(16, 16)
    queries = features(grid)
    even = torch.randn(1, 8, 4, 4).repeat_interleave(4, 2).repeat_interleave(4, 3)  # one feature a block
    keys, values = normalize(even), torch.randn(1, 256, 24)
    seen = find_windows(queries, keys, grid, (grid,), 0.1)
    assert_nearly(seen.warp(queries, keys, values, 0.1), warp(queries, keys, values, 0.1))


def test_a_part_looks_at_the_blocks_that_are_like_it(monkeypatch):
    look_at(monkeypatch, near=16)
    grid = Grid(32, 32)  # four parts of 16 blocks each
    quarter = torch.arange(4).view(2, 2).repeat_interleave(16, 0).repeat_interleave(16, 1).flatten()
    tokens = torch.nn.functional.one_hot(quarter, 8).double()[None]
    seen = find_windows(tokens, tokens, grid, (grid,), 0.01)
    for part in range(4):
        inside = seen.blocks[seen.seen[0, part]].flatten()
        assert (quarter[inside] == part).all()


def test_a_batch_of_one_equals_its_row(monkeypatch):
    look_at(monkeypatch, near=2, middle=3, far=4)
    grid = Grid(20, 16)
    queries, keys, values = features(grid, 3), features(grid, 3), torch.randn(3, 320, 24)
    together = find_windows(queries, keys, grid, (grid,), 0.05).warp(queries, keys, values, 0.05)
    one = [t[1:2] for t in (queries, keys, values)]
    alone = find_windows(*one[:2], grid, (grid,), 0.05).warp(*one, 0.05)
    assert_nearly(together[1:2], alone)


@pytest.fixture
def large(monkeypatch):
    monkeypatch.setattr("rltn_cli.models.rltn.SIDE_FULL_MATCH", 64)
    return RLTN(PRESETS["tiny"]).eval()


def test_only_large_sketches_are_matched_by_windows(large, monkeypatch):
    look_at(monkeypatch, near=100)
    reference = torch.rand(1, 3, 64, 96) * 2 - 1
    for height, width in ((64, 128), (80, 96)):
        sketch = torch.rand(1, 1, height, width) * 2 - 1
        with torch.inference_mode():
            output = large(sketch, [reference])
            monkeypatch.setattr("rltn_cli.models.rltn.SIDE_FULL_MATCH", 512)
            full = large(sketch, [reference])
            monkeypatch.setattr("rltn_cli.models.rltn.SIDE_FULL_MATCH", 64)
        assert full.windows is None
        assert (output.windows is None) == (height == 64)
        assert_nearly(output.colors, full.colors)
        assert_nearly(large.confidence(output), large.confidence(full))
        assert torch.equal(large.matches(output), large.matches(full))
