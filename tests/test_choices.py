"""Every choice has its meaning, and something that does it."""

from typing import get_args

import pytest

from rltn_cli import choices
from rltn_cli.cli import run
from rltn_cli.engine.inference.line_methods import METHODS
from rltn_cli.imaging.finishes import finishing
from rltn_cli.model_config import PRESETS


def test_every_choice_is_described_and_done() -> None:
    assert list(choices.FINISHES) == ["auto", *finishing._FINISHES] == list(get_args(choices.Finish))
    assert list(choices.LINE_METHODS) == list(METHODS) == list(get_args(choices.LineMethod))
    assert list(PRESETS) == list(get_args(choices.Preset))


@pytest.mark.parametrize(
    ("command", "described"), [("colorize", choices.FINISHES), ("extract-lines", choices.LINE_METHODS)]
)
def test_the_help_says_what_each_choice_means(
    command: str, described: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([command, "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert all(f"{name} ({meaning})" in text for name, meaning in described.items())
