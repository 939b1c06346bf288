"""What is estimated of a table: only what is left of it."""

import dataclasses
from pathlib import Path

import pytest
from support.table2_set import make_split_pairs

from rltn_cli.engine.table2 import estimate
from rltn_cli.engine.table2.estimate import RowTimes, estimate_rows, time_plan
from rltn_cli.engine.table2.jobs import PROTOCOLS, Job, Measurement
from rltn_cli.engine.table2.rows import Budget
from rltn_cli.engine.training.run_data import TrainingData

TIMES = RowTimes(parameters=7, memory=9, first_step=10, step=100, begin=0, drawing=10_000)


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A row of 3 steps and 3 drawings, the times of which were measured."""
    data = make_split_pairs(tmp_path / "drawn")

    def measured(job: Job, data: TrainingData) -> RowTimes:
        return TIMES

    monkeypatch.setattr(estimate, "time_row", measured)
    budget = Budget(pictures=6, size=64, batch=2, preset="tiny", device="cpu")
    return Job("munit", str(data), 0, tmp_path / "row", budget, Measurement(limit=3, quick=True))


def test_the_drawings_of_all_protocols_and_of_the_sheet_count(job: Job) -> None:
    (row,) = estimate_rows([job])
    assert (row.training, row.parameters, row.memory) == (3 * 100, 7, 9)
    drawings = 3 * 3 + 6  # three protocols, and the sheet
    assert row.evaluation == pytest.approx(drawings * 10_000, abs=1_000)
    (other,) = estimate_rows([dataclasses.replace(job, seed=1)])  # not on the sheet
    assert other.evaluation == pytest.approx(9 * 10_000, abs=1_000)


def test_steps_before_the_late_terms_have_their_own_time(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    job = dataclasses.replace(job, row="rltn")  # terms begin late after 1 of its 3 steps
    (row,) = estimate_rows([job])
    assert row.training == 10 + 2 * 100
    monkeypatch.setattr(Job, "steps_done", 2)
    (row,) = estimate_rows([job])
    assert row.training == 100


def test_what_is_done_does_not_count(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Job, "trained", True)
    monkeypatch.setattr(Job, "evaluation", lambda job, protocol: None if protocol == "self" else {})
    (row,) = estimate_rows([job])
    assert row.training == 0
    assert row.evaluation == pytest.approx((3 + 6) * 10_000, abs=1_000)


def test_the_limit_and_the_split_say_how_many_drawings(job: Job) -> None:
    assert [time_plan(job, protocol).drawings for protocol in PROTOCOLS] == [3, 3, 3]
    all_of_val = dataclasses.replace(job, measurement=Measurement(limit=None))
    assert [time_plan(all_of_val, protocol).drawings for protocol in PROTOCOLS] == [4, 4, 4]
