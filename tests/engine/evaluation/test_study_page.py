import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.browser import Page, browser, needs_chromium

from rltn_cli.engine.evaluation.evaluator import EvaluationConfig, Evaluator
from rltn_cli.engine.evaluation.study_page import FORMAT, make_study
from rltn_cli.engine.evaluation.study_results import read_answers, tabulate_study
from rltn_cli.errors import UsageError


@pytest.fixture
def config(pairs_folder: Path) -> EvaluationConfig:
    colors = str(pairs_folder / "color")
    return EvaluationConfig(
        str(pairs_folder), outputs={"first": colors, "second </script>": colors}, protocol="group", quick=True
    )


def embedded(page: str) -> Any:
    (found,) = re.findall(r'id="study">(.*?)</script>', page)
    return json.loads(found)


def test_the_page_holds_its_pictures_and_no_network(config: EvaluationConfig) -> None:
    page = make_study(Evaluator(config), pictures=2)
    study = embedded(page)
    assert "{{" not in page
    assert "http" not in page
    assert (study["format"], study["data"], study["methods"]) == (
        FORMAT,
        "pairs",
        ["first", "second </script>"],
    )
    assert len(study["trials"]) == 2
    for trial in study["trials"]:
        assert len(trial["outputs"]) == 2
        for picture in (trial["sketch"], trial["reference"], *trial["outputs"]):
            assert picture.startswith("data:image/webp;base64,")


def test_the_id_is_that_of_the_contents(config: EvaluationConfig) -> None:
    first = embedded(make_study(Evaluator(config), pictures=2))["id"]
    assert embedded(make_study(Evaluator(config), pictures=2))["id"] == first
    assert embedded(make_study(Evaluator(config), pictures=3))["id"] != first


def test_a_study_needs_a_method(config: EvaluationConfig) -> None:
    with pytest.raises(UsageError, match="1 to 26 methods, not 0"):
        make_study(Evaluator(replace(config, outputs={})))


def mark_by_mouse(chromium: Page) -> None:
    """Mark every version of the drawing that is shown: 7 for quality, 4 for similarity."""
    for number in range(chromium.run("document.querySelectorAll('fieldset').length")):
        chromium.click(
            f"#versions .version:nth-child({number // 2 + 1}) fieldset:nth-of-type({number % 2 + 1}) input",
            7 - 3 * (number % 2),
        )


@pytest.mark.slow
@needs_chromium
def test_a_person_marks_everything_and_saves(config: EvaluationConfig, tmp_path: Path) -> None:
    path = tmp_path / "study.html"
    path.write_text(make_study(Evaluator(config), pictures=2), encoding="utf-8")
    with browser(tmp_path) as chromium:
        chromium.open(path)
        assert chromium.run("at('number').textContent") == "2"
        chromium.click("#start")
        assert chromium.run("at('count').textContent") == "drawing 1 of 2"
        assert "first" not in chromium.run("document.querySelector('main').innerText")
        chromium.click("#next")
        assert chromium.run("at('missing').textContent") == "4 marks are missing."
        mark_by_mouse(chromium)
        chromium.open(path)  # closed and opened again: still at the first drawing, all marks there
        assert chromium.run("document.querySelectorAll('input:checked').length") == 4
        chromium.click("#next")
        assert chromium.run("at('count').textContent") == "drawing 2 of 2"
        for digits in ("10", "3", "0", "9"):  # by the keyboard alone
            for digit in digits:
                chromium.press(digit)
            chromium.press("Tab")
        chromium.press("ArrowLeft")
        marks = chromium.run(
            "[...document.querySelectorAll('input:checked')].map(input => input.value).join()"
        )
        assert marks == "10,3,0,9"
        chromium.run("document.querySelector('input:checked').focus()")
        chromium.press("ArrowLeft")
        chromium.press("Enter")
        assert chromium.run("at('end').hidden") is False
        chromium.click("#save")
        chromium.wait("at('saved').textContent.startsWith('Saved as study-')")
        name = chromium.run("at('saved').textContent.split(' ')[2]")
        for _ in range(200):
            if (tmp_path / name).exists():
                break
            chromium.run("new Promise(done => setTimeout(done, 50))")
        assert chromium.errors == []
    (answers,) = read_answers([tmp_path / name])
    assert len(answers.ratings) == 4
    table = tabulate_study([answers])
    assert set(table.quality) == {"first", "second </script>"}
    assert sum(opinion.mean for opinion in table.quality.values()) == pytest.approx((14 + 9 + 0) / 2)
    assert sum(opinion.mean for opinion in table.similarity.values()) == pytest.approx((8 + 3 + 9) / 2)
