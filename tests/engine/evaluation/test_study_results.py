import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats

from rltn_cli.engine.evaluation.study_page import FORMAT
from rltn_cli.engine.evaluation.study_results import read_answers, study_json, study_markdown, tabulate_study
from rltn_cli.errors import DataError


def results(folder: Path, participant: str, marks: dict[str, list[int]], **other: Any) -> Path:
    """Write a results file; marks by method: the quality of each drawing, and a similarity one less."""
    ratings = [
        {"trial": f"t{i}", "method": method, "quality": mark, "similarity": mark - 1}
        for method, row in marks.items()
        for i, mark in enumerate(row)
    ]
    facts = {
        "format": FORMAT,
        "study": "one",
        "data": "lines",
        "participant": participant,
        "ratings": ratings,
    }
    path = folder / f"{participant}-{len(list(folder.iterdir()))}.json"
    path.write_text(json.dumps(facts | other), encoding="utf-8")
    return path


def test_the_table_is_the_mean_of_the_persons_means(tmp_path: Path) -> None:
    paths = [
        results(tmp_path, "ann", {"net": [8, 10], "white": [2, 4]}),
        results(tmp_path, "bob", {"net": [7], "white": [1]}),
        results(tmp_path, "eve", {"net": [5, 7], "white": [3, 3]}),
    ]
    table = tabulate_study(read_answers(paths))
    assert (table.people, table.ratings, table.data) == (3, 10, "lines")
    assert list(table.quality) == ["net", "white"]
    means = [9.0, 7.0, 6.0]
    low, high = scipy.stats.t.interval(0.95, 2, np.mean(means), scipy.stats.sem(means))
    assert table.quality["net"].mean == pytest.approx(22 / 3)
    assert table.quality["net"].margin == pytest.approx((high - low) / 2)
    assert table.similarity["net"].mean == pytest.approx(19 / 3)
    text = study_markdown(table)
    assert "3 people, 10 marked pictures" in text
    assert "| net | 7.33 ± 3.79 | 6.33 ± 3.79 |" in text
    assert json.loads(study_json(table))["quality"]["white"]["mean"] == pytest.approx(7 / 3)


def test_one_person_gives_no_interval(tmp_path: Path) -> None:
    table = tabulate_study(read_answers([results(tmp_path, "ann", {"net": [8]})]))
    assert table.quality["net"].margin is None
    assert "| net | 8.00 | 7.00 |" in study_markdown(table)
    assert "1 person, 1 marked" in study_markdown(table)


def test_of_two_files_by_one_person_the_fuller_counts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paths = [results(tmp_path, "ann", {"net": [8, 6]}), results(tmp_path, "ann", {"net": [1]})]
    for order in (paths, paths[::-1]):
        assert tabulate_study(read_answers(order)).quality["net"].mean == 7
    assert "the same person" in caplog.text


def test_another_study_is_refused(tmp_path: Path) -> None:
    paths = [results(tmp_path, "ann", {"net": [8]}), results(tmp_path, "bob", {"net": [8]}, study="two")]
    with pytest.raises(DataError, match=r"another study \(two\)"):
        read_answers(paths)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "other"}, "not the results of a study"),
        ({"ratings": []}, "contains no marks"),
        (
            {"ratings": [{"trial": "t", "method": "net", "quality": 11, "similarity": 1}]},
            "from 0 to 10, not 11",
        ),
        ({"ratings": [{"trial": "t", "method": "net", "quality": True, "similarity": 1}]}, "whole number"),
        ({"ratings": [{"trial": "t", "method": "net", "quality": 1}]}, "similarity"),
        ({"ratings": 3}, "broken"),
        ({"ratings": [{"trial": "t", "method": "n", "quality": 1, "similarity": 1}] * 2}, "twice"),
    ],
)
def test_a_broken_results_file_is_named(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    path = results(tmp_path, "ann", {"net": [8]}, **change)
    with pytest.raises(DataError, match=words) as caught:
        read_answers([path])
    assert path.name in str(caught.value)


def test_what_is_no_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[1,", encoding="utf-8")
    (tmp_path / "b.json").write_text("[1]", encoding="utf-8")
    for name, words in (("a", "not a readable JSON"), ("b", "not the results"), ("c", "not a readable JSON")):
        with pytest.raises(DataError, match=words):
            read_answers([tmp_path / f"{name}.json"])
    with pytest.raises(DataError, match="no results"):
        read_answers([])
