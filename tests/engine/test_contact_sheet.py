from pathlib import Path

import numpy as np
import pytest

from rltn_cli.data.pairs import Pair
from rltn_cli.engine.baselines import same_position
from rltn_cli.engine.contact_sheet import draw_sheet, pick
from rltn_cli.engine.evaluator import Evaluation, EvaluationConfig, Evaluator
from rltn_cli.engine.metrics import Figures
from rltn_cli.engine.trials import Trial


def evaluation(errors: list[float]) -> Evaluation:
    trials = [Trial(pair, pair) for pair in (Pair(f"p{i}", Path("p"), None) for i in range(len(errors)))]
    figures = {"net": [Figures(error, 0, 0, 0, 0) for error in errors]}
    return Evaluation(EvaluationConfig("data"), trials, [], figures, {}, [])


def test_picks_are_best_median_and_worst() -> None:
    picks = pick(evaluation([float(9 - i) for i in range(10)]), "net", each=2)
    assert [(p.rank, p.color_error) for p in picks] == [
        ("best", 0), ("best", 1), ("median", 4), ("median", 5), ("worst", 8), ("worst", 9)
    ]  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 3, 5, 6])
def test_few_pictures_are_all_shown_once(count: int) -> None:
    picks = pick(evaluation([float(i) for i in range(count)]), "net", each=2)
    assert [p.index for p in picks] == list(range(count))
    assert picks[0].rank == "best"


def test_the_sheet_shows_the_pictures(pairs_folder: Path) -> None:
    result = Evaluator(EvaluationConfig(str(pairs_folder), protocol="group", quick=True)).run()
    sheet = draw_sheet(result, "same position", same_position, each=1)
    assert sheet.dtype == np.uint8
    assert sheet.shape[2] == 3
    assert sheet.shape[0] > 3 * 256
    assert sheet.shape[1] > 5 * 256
    orange = (sheet == (230, 120, 60)).all(axis=2).sum()
    assert orange > 5000  # a reference, an output and a truth at least
