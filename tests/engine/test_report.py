import json
from pathlib import Path

import pytest

from rltn_cli.data.pairs import Pair
from rltn_cli.engine.evaluator import Evaluation, Trial
from rltn_cli.engine.metrics import Figures
from rltn_cli.engine.report import tabulate, to_json, to_markdown

SETTINGS = {"protocol": "group", "split": "val", "pictures": 3, "size": 256}


def figures(error: float, right: int, regions: int) -> Figures:
    return Figures(color_error=error, regions=regions, regions_right=right, psnr=10.0, ssim=0.5)


@pytest.fixture
def evaluation() -> Evaluation:
    pairs = [
        Pair(name, Path(name), None, source=source) for name, source in [("a", "x"), ("b", "x"), ("c", "y")]
    ]
    return Evaluation(
        [Trial(pair, pairs[0]) for pair in pairs],
        {
            "net": [figures(2, 1, 1), figures(4, 0, 3), figures(12, 0, 0)],
            "white page": [figures(8, 0, 1), figures(8, 1, 3), figures(16, 0, 0)],
        },
    )


def test_scores_overall_by_source_and_their_average(evaluation: Evaluation) -> None:
    net, white = tabulate(evaluation, ["white page"])
    error = net.scores["color_error"]
    assert (error.overall, error.average, dict(error.by_source)) == (6, 7.5, {"x": 3, "y": 12})
    share = net.scores["region_accuracy"]
    assert (share.overall, share.average, dict(share.by_source)) == (0.25, 0.25, {"x": 0.25, "y": None})
    ratio = net.ratios["white page"]
    assert ratio.average == pytest.approx(7.5 / 12)
    assert dict(ratio.by_source) == {"x": 0.375, "y": 0.75}
    assert (net.trained, white.trained, white.ratios) == (True, False, {})


def test_json_holds_every_picture(evaluation: Evaluation) -> None:
    report = json.loads(to_json(evaluation, tabulate(evaluation, ["white page"]), SETTINGS))
    assert report["settings"] == SETTINGS
    assert [method["name"] for method in report["methods"]] == ["net", "white page"]
    assert [picture["id"] for picture in report["pictures"]] == ["a", "b", "c"]
    assert report["pictures"][1]["reference"] == "a"
    assert report["pictures"][1]["figures"]["net"]["color_error"] == 4


def test_markdown_tables(evaluation: Evaluation) -> None:
    text = to_markdown(tabulate(evaluation, ["white page"]), SETTINGS)
    assert "| net | 7.50 | 6.00 | 0.250 | 0.250 |" in text
    assert "| net | 0.62 (0.56) |" in text
    assert "| y | 12.00 (-) | 16.00 (-) |" in text


def test_markdown_without_a_model(evaluation: Evaluation) -> None:
    rows = [row for row in tabulate(evaluation, ["white page"]) if not row.trained]
    assert "white page" in to_markdown(rows, SETTINGS)
