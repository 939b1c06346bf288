"""docs/extract-lines.md says what the command does."""

import re
from pathlib import Path

import pytest

from rltn_cli.cli import run
from rltn_cli.imaging.line_art.part_masks import FACE_PARTS

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "extract-lines.md").read_text(encoding="utf-8")


def options_in(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))


def test_the_options_are_those_of_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["extract-lines", "--help"]) == 0
    shown = options_in(capsys.readouterr().out)
    table = PAGE.partition("| option |")[2].partition("\n\n")[0]
    documented = options_in("\n".join(row.split("|")[1] for row in table.splitlines() if "--" in row))
    assert documented == shown - {"--help", "--output", "--method"}
    assert run(["train-lines", "--help"]) == 0
    of_training = options_in(capsys.readouterr().out)
    training = PAGE.partition("## Train a network")[2].partition("## From Python")[0]
    assert options_in(training) == (of_training - {"--help", "--output"}) | {"--weights"}
    assert options_in(PAGE.replace(training, "")) <= shown


def test_the_methods_and_the_layout_of_weights_are_there() -> None:
    from rltn_cli.models.hed import HED, HED_ORIGINAL

    for method in ("hed-small", "hed", "contour", "xdog"):
        assert f"| `{method}`" in PAGE
    import torch

    with torch.device("meta"):
        names = {name.rpartition(".")[0] for name, _ in HED(HED_ORIGINAL).named_parameters()}
    table = PAGE.partition("## Weights")[2].partition("## Train a network")[0]
    for name in names:
        number = name.removeprefix("features.")
        assert f"features.{number}`" in table or f"`.{number}`" in table or name in table or "dsn" in name


def test_the_order_of_parts_is_told() -> None:
    order = PAGE.partition("in the order of the data set's own script:")[2]
    words = ("skin", "nose", "glasses", "eyes", "brows", "ears", "mouth", "lips", "hair", "hat", "earring")
    words += ("necklace", "neck,", "cloth")
    places = [order.index(word) for word in words]
    assert places == sorted(places)
    first = ("skin", "eye_g", "l_brow", "hair", "neck_l", "neck", "cloth")
    assert [FACE_PARTS.index(part) for part in first] == [0, 2, 5, 12, 15, 16, 17]
