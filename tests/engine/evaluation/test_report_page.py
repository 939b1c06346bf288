import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from support.browser import browser, needs_chromium

from rltn_cli.engine.evaluation.best_and_worst import show
from rltn_cli.engine.evaluation.evaluator import EvaluationConfig, Evaluator
from rltn_cli.engine.evaluation.report_page import embed_json, to_html


@pytest.fixture(scope="module")
def page(drawn_pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = EvaluationConfig(
        str(drawn_pairs), outputs={"the <truth>": str(drawn_pairs / "color")}, protocol="group", quick=True
    )
    evaluator = Evaluator(config)
    result = replace(evaluator.run(), warnings=["few & small"])
    galleries = {name: show(result, name, method, each=1) for name, method in evaluator.methods.items()}
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(to_html(result, galleries), encoding="utf-8")
    return path


def test_the_page_needs_nothing_beside_itself(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "{{" not in text
    assert not re.search(r"(src|href)=\"(?!data:|#)", text)
    assert "http" not in text
    assert text.count("data:image/webp;base64,") == 5 * 3 * 4  # no method here warps
    assert "the &lt;truth&gt;" in text
    assert "<truth>" not in text
    assert "few &amp; small." in text


def test_the_embedded_report_is_the_reports(page: Path) -> None:
    (found,) = re.findall(r'id="report">(.*?)</script>', page.read_text(encoding="utf-8"))
    facts = json.loads(found)
    assert facts["methods"]["the <truth>"]["color_error"]["overall"] == 0
    assert [column["key"] for column in facts["columns"]] == [
        "ssim",
        "psnr",
        "color_error",
        "region_accuracy",
        "blotchiness",
    ]


def test_embedded_json_cannot_end_its_script() -> None:
    assert "</" not in embed_json({"name": "</script><b>"})
    assert json.loads(embed_json("</script>")) == "</script>"


@pytest.mark.slow
@needs_chromium
def test_clicks_sort_the_table(page: Path, tmp_path: Path) -> None:
    names = "[...document.querySelectorAll('tbody td:first-child')].map(cell => cell.textContent)"
    column = "[...document.querySelectorAll('tbody td:nth-child(4)')].map(cell => cell.textContent)"
    with browser(tmp_path) as chromium:
        chromium.open(page)
        assert chromium.run(names) == [
            "the <truth>",
            "white page",
            "mean colour",
            "same position",
            "Reinhard",
        ]
        chromium.click("thead button", 3)
        rising = [float(text) for text in chromium.run(column)]
        assert rising == sorted(rising)
        assert rising[0] == 0
        assert chromium.run("document.querySelectorAll('th')[3].getAttribute('aria-sort')") == "ascending"
        assert chromium.run("document.querySelector('td.best').parentNode.dataset.method") == "the <truth>"
        chromium.click("thead button", 3)
        assert [float(text) for text in chromium.run(column)] == rising[::-1]
        chromium.click("thead button", 1)
        assert chromium.run(names)[0] == "the <truth>"  # where more is better the largest comes first
        before = chromium.run(column)
        chromium.run("scope.focus()")
        for key in ("ArrowDown", "ArrowDown"):
            chromium.press(key)
        assert chromium.run("scope.value") == "source:comic"
        assert chromium.run(column) != before
        chromium.click("summary", 1)
        assert chromium.run("document.querySelectorAll('details')[1].open") is True
        pictures = "[...document.querySelectorAll('details[open] img')]"
        chromium.wait(f"{pictures}.every(picture => picture.complete && picture.naturalWidth === 256)")
        assert chromium.errors == []
