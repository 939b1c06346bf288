"""F-scores of lines, by hand."""

import numpy as np
import pytest

from rltn_cli.engine.evaluation.edge_score import EdgeScore, score_edges


def lines(*rows: int, width: int = 1) -> np.ndarray:
    mask = np.zeros((40, 40), bool)
    for row in rows:
        mask[row : row + width] = True
    return mask


def test_lines_within_the_tolerance_are_the_same() -> None:
    assert score_edges(lines(10), lines(12)).f == 1
    assert score_edges(lines(10), lines(13)).f == 0
    assert score_edges(lines(10), lines(13), tolerance=3).f == 1


def test_a_line_too_many_costs_precision_and_one_too_few_recall() -> None:
    more = score_edges(lines(10, 30), lines(10))
    assert (more.precision, more.recall, more.f) == (0.5, 1, pytest.approx(2 / 3))
    less = score_edges(lines(10), lines(10, 30))
    assert (less.precision, less.recall) == (1, 0.5)


def test_width_does_not_count() -> None:
    score = score_edges(lines(10, width=5), lines(12))
    assert score.f == 1
    assert score.drawn <= 42


def test_nothing_drawn_and_nothing_there() -> None:
    nothing = lines()
    assert score_edges(nothing, nothing).f == 1
    assert score_edges(nothing, lines(10)).f == 0
    assert score_edges(lines(10), nothing).f == 0


def test_scores_of_pictures_are_added() -> None:
    total = EdgeScore(1, 2, 3, 4) + EdgeScore(1, 2, 0, 2)
    assert total == EdgeScore(2, 4, 3, 6)
    assert (total.precision, total.recall, total.f) == (0.5, 0.5, 0.5)
