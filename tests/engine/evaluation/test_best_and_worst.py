from pathlib import Path

import pytest

from rltn_cli.data.pairs import Pair
from rltn_cli.engine.evaluation.best_and_worst import pick
from rltn_cli.engine.evaluation.evaluator import Evaluation, EvaluationConfig
from rltn_cli.engine.evaluation.metrics import Metrics
from rltn_cli.engine.evaluation.protocols import EvaluationSample


def evaluation(errors: list[float]) -> Evaluation:
    samples = [
        EvaluationSample(pair, pair) for pair in (Pair(f"p{i}", Path("p"), None) for i in range(len(errors)))
    ]
    metrics = {"net": [Metrics(error, 0, 0, 0, 0) for error in errors]}
    return Evaluation(EvaluationConfig("data"), samples, [], metrics, {}, [])


def test_picks_are_best_median_and_worst() -> None:
    picks = pick(evaluation([float(9 - i) for i in range(10)]), "net", each=2)
    assert [(p.rank, p.index) for p in picks] == [
        ("best", 9), ("best", 8), ("median", 5), ("median", 4), ("worst", 1), ("worst", 0)
    ]  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 3, 5, 6])
def test_few_pictures_are_all_shown_once(count: int) -> None:
    picks = pick(evaluation([float(i) for i in range(count)]), "net", each=2)
    assert [p.index for p in picks] == list(range(count))
    assert picks[0].rank == "best"
