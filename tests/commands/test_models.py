"""`rltn models`."""

import json
from pathlib import Path

import pytest

from rltn_cli.cli import run
from rltn_cli.config import PRESETS
from rltn_cli.engine import hub
from rltn_cli.engine.budget import measure_budget
from rltn_cli.engine.checkpoint import save_model
from rltn_cli.models.rltn import RLTN


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that ships one model, named little."""
    monkeypatch.setattr(hub, "_PACKAGE", tmp_path)
    return save_model(RLTN(PRESETS["tiny"]), tmp_path / "weights" / "little")


def test_list_names_what_is_shipped(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "list"]) == 0
    assert capsys.readouterr().out == "little\n"
    assert run(["models", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"name": "little", "path": str(folder)}]


def test_info_tells_size_and_cost(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    budget = measure_budget(PRESETS["tiny"], size=256)
    assert run(["models", "info", "little", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["parameters"] == budget.parameters
    assert facts["gflop"] == round(budget.flop / 1e9, 2)
    assert facts["gflop_at"] == [256, 256]
    assert facts["architecture"] == PRESETS["tiny"].architecture
    assert facts["weights"] == str(folder / "model.safetensors")
    assert facts["bytes"] == (folder / "model.safetensors").stat().st_size
    assert run(["models", "info", "little"]) == 0
    text = capsys.readouterr().out
    assert f"{budget.parameters:,}" in text
    assert f"{budget.flop / 1e9:.2f} GFLOP at 256x256" in text


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        (None, None),
        ("---\ntags: [art]\nlicense: apache-2.0\n---\n# A\n", "apache-2.0"),
        ("---\nlicense: 'mit'\n---\n", "mit"),
        ("---\ntags: [art]\n---\nlicense: mit\n", None),
        ("# no front matter\nlicense: mit\n", None),
        ("", None),
    ],
)
def test_info_reads_the_licence_from_the_model_card(
    folder: Path, card: str | None, licence: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if card is not None:
        (folder / "README.md").write_text(card, encoding="utf-8")
    assert run(["models", "info", "little", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["license"] == licence


def test_info_of_a_model_that_does_not_load_is_an_error(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "config.json").write_text('{"correspondence_width": 64}', encoding="utf-8")
    assert run(["models", "info", "little"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "belongs to another model" in captured.err


def test_info_of_an_unknown_model_lists_the_shipped_ones(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["models", "info", "large"]) == 1
    assert "large: no such model; shipped: little" in capsys.readouterr().err


def test_the_shipped_small_model_keeps_its_budget(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "info", "rltn-small", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["parameters"] <= 8e6
    assert facts["gflop"] <= 20
    assert facts["bytes"] <= 2 * facts["parameters"] + 100_000  # half precision
