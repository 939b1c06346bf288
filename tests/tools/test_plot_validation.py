import json
from xml.etree import ElementTree

import pytest
from support.scripts import script

LINES = [
    json.dumps({"step": 10, "loss/rec": 0.2}),
    json.dumps({"step": 10, "val": {"color_error": 20.0, "right": 0.4, "color_error/a": 30.0}}),
    json.dumps({"step": 20, "val": {"color_error": 10.0, "right": 0.5, "color_error/a": 10.5}}),
]


@pytest.fixture(scope="module")
def tool():
    with script("tools/plot_validation.py") as module:
        yield module


def test_the_curves_are_those_of_the_log(tool):
    assert tool.read_curves(LINES, 4) == {"average": [(40, 20.0), (80, 10.0)], "a": [(40, 30.0), (80, 10.5)]}


def test_a_drawing_has_a_line_and_a_label_for_each_curve(tool, tmp_path):
    log, output = tmp_path / "log.jsonl", tmp_path / "plot.svg"
    log.write_text("\n".join(LINES) + "\n")
    assert tool.main([str(log), str(output), "--batch", "4"]) == 0
    root = ElementTree.parse(output).getroot()
    lines = root.findall("{*}polyline")
    assert [line.get("stroke-width") for line in lines] == ["3", "1.5"]
    (x0, y0), (x1, y1) = ([*map(float, point.split(","))] for point in lines[0].get("points").split())
    assert x0 < x1
    assert y0 < y1  # a smaller error is lower down
    assert {"average 10.0", "a 10.5", "80"} <= {text.text for text in root.findall("{*}text")}


def test_labels_do_not_overlap(tool):
    assert tool.spread([(50.0, "b"), (49.0, "a"), (100.0, "c")]) == {"a": 49.0, "b": 63.0, "c": 100.0}


def test_a_log_without_validation_is_refused(tool, tmp_path, capsys):
    log = tmp_path / "log.jsonl"
    log.write_text(LINES[0] + "\n")
    with pytest.raises(SystemExit) as stopped:
        tool.main([str(log), str(tmp_path / "plot.svg"), "--batch", "4"])
    assert stopped.value.code == 2
    assert "has no validation figures" in capsys.readouterr().err
