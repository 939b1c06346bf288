"""Backdrops: where paper is, what is laid on it, and figures side by side."""

import dataclasses

import numpy as np
import pytest
import torch
from support.drawn_store import DrawnStore

from rltn_cli.data.backdrops import Backdrop, fill_backdrop, find_paper, place_beside
from rltn_cli.data.batches import make_batch
from rltn_cli.data.sampling import ReferenceKind, Sampler
from rltn_cli.training_config import DataConfig


def page():
    """Return a white page with a box, white inside, and its lines."""
    color, line = np.full((40, 40, 3), 255, np.uint8), np.full((40, 40), 255, np.uint8)
    line[10, 10:30] = line[29, 10:30] = line[10:30, 10] = line[10:30, 29] = 0
    color[line == 0] = 0
    return color, line


def test_paper_is_what_joins_the_border_and_not_what_lines_enclose():
    paper = find_paper(*page())
    assert (paper[:10] == 255).all()
    assert (paper[11:29, 11:29] == 0).all()


def test_a_gap_lets_paper_in_but_not_where_a_figure_is_known_to_be():
    color, line = page()
    line[10, 18:22] = 255
    color[10, 18:22] = 255
    assert find_paper(color, line)[20, 20] == 255
    figure = np.zeros((10, 10), np.uint8)
    figure[2:8, 2:8] = 128
    assert find_paper(color, line, figure)[20, 20] == 0
    assert find_paper(color, line, figure)[2, 2] == 255


def test_a_full_picture_has_no_paper():
    assert find_paper(np.full((8, 8, 3), 90, np.uint8), np.full((8, 8), 255, np.uint8)).max() == 0


def drawn(kind, seed=0):
    return dataclasses.replace(Backdrop.draw(np.random.default_rng(seed), [0]), kind=kind)


def test_a_flat_backdrop_has_one_color_and_no_lines():
    backdrop = drawn("flat")
    color, line = fill_backdrop(backdrop, "flat", 1, torch.zeros(3, 8, 8), -torch.ones(1, 8, 8))
    torch.testing.assert_close(color[:, 3, 5], torch.tensor(backdrop.colors[0]))
    assert (color == color[:, :1, :1]).all()
    assert (line == 1).all()


def test_a_gradient_runs_from_one_color_to_the_other():
    backdrop = dataclasses.replace(drawn("gradient"), angles=(0.0, np.pi / 2))
    color, _ = fill_backdrop(backdrop, "gradient", 0, torch.zeros(3, 8, 8), torch.ones(1, 8, 8))
    torch.testing.assert_close(color[:, 2, 0], torch.tensor(backdrop.colors[0]))
    torch.testing.assert_close(color[:, 2, 7], torch.tensor(backdrop.colors[1]))
    turned, _ = fill_backdrop(backdrop, "gradient", 1, torch.zeros(3, 8, 8), torch.ones(1, 8, 8))
    torch.testing.assert_close(turned, color.transpose(1, 2), atol=1e-6, rtol=0)


def test_a_piece_of_a_picture_brings_its_lines():
    color, line = torch.rand(3, 16, 16) * 2 - 1, torch.where(torch.rand(1, 16, 16) < 0.5, -1.0, 1.0)
    found, lines = fill_backdrop(drawn("picture"), "picture", 0, color, line)
    assert found.shape == color.shape
    assert lines.min() < 0
    assert found.min() >= color.min()


@pytest.mark.parametrize("left", [True, False])
def test_two_figures_stand_side_by_side_and_only_the_first_has_coords(left):
    color, paper = -torch.ones(3, 64, 64), torch.ones(1, 64, 64, dtype=torch.bool)
    paper[:, :, 24:40] = False
    coords = torch.zeros(4, 16, 16, dtype=torch.uint8)
    coords[:, :, 6:10] = 200
    other = torch.zeros(3, 64, 64)
    both, marks = place_beside(color, paper, coords, other, left=left)
    if not left:
        both, marks = both.flip(2), marks.flip(2)
    assert (both[:, 30:, 16:24] == -1).all()  # the first figure, in front of the other picture
    assert (both[:, 30:, 45:] == 0).all()
    assert (both[:, :20] == 1).all()
    assert (marks[:, 6:, 4:6] == 200).all()
    assert (marks[:, :6] == 0).all()
    assert (marks[:, :, 10:] == 0).all()


def test_backdrops_lie_behind_drawing_and_reference_alike_and_never_on_the_figure():
    config = DataConfig(pseudo=0, foreign=0, recolor=0, degrade=0, backdrop=1, closest=1)
    store = DrawnStore()
    sampler = Sampler(store.pairs, config, 0)
    specs = [sampler.draw(0, i, 8) for i in range(8)]
    flat = [
        dataclasses.replace(
            draw, backdrop=dataclasses.replace(drawn("flat", i), behind=(True, True))
        ) for i, draw in enumerate(specs)
    ]  # fmt: skip
    batch, plain = (
        make_batch(store, flat, 64),
        make_batch(store, [dataclasses.replace(draw, backdrop=None) for draw in specs], 64),
    )
    for i, draw in enumerate(flat):
        assert draw.kind is ReferenceKind.SHARED
        assert draw.backdrop is not None
        color = torch.tensor(draw.backdrop.colors[0])
        for pictures, before in ((batch.target, plain.target), (batch.reference, plain.reference)):
            figure = before[i].amax(dim=0) < 0.5
            torch.testing.assert_close(pictures[i][:, figure], before[i][:, figure])
            torch.testing.assert_close(pictures[i][:, 0, 0], color, atol=1e-5, rtol=0)


def test_a_companion_stands_beside_the_reference_alone():
    config = DataConfig(pseudo=0, foreign=0, recolor=0, degrade=0, companion=1, closest=1)
    store = DrawnStore()
    sampler = Sampler(store.pairs, config, 0)
    specs = [sampler.draw(0, i, 6) for i in range(6)]
    assert all(draw.companion is not None for draw in specs)
    batch = make_batch(store, specs, 64)
    alone = make_batch(store, [dataclasses.replace(draw, companion=None) for draw in specs], 64)
    torch.testing.assert_close(batch.target, alone.target)
    torch.testing.assert_close(batch.sketch, alone.sketch)
    assert (batch.reference != alone.reference).flatten(1).any(dim=1).all()
