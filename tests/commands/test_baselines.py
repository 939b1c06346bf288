"""The commands with the methods that RLTN is compared with."""

import json
from pathlib import Path

import pytest
import torch
from support.baselines import BASELINES, write_baseline_toml, write_vgg16
from support.training_set import make_pairs, write_toml

from rltn_cli.baseline_config import BASELINE_PRESETS, TERM_WEIGHTS
from rltn_cli.cli import run
from rltn_cli.config_files import from_mapping, to_json
from rltn_cli.engine.checkpoints.weights import save_model
from rltn_cli.engine.training.settings import readable_settings
from rltn_cli.models.architectures import build_network
from rltn_cli.training_config import TrainConfig


@pytest.fixture(scope="module")
def munit(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model of MUNIT's, with random weights."""
    torch.manual_seed(0)
    model = build_network(BASELINE_PRESETS["tiny"]["munit"])
    return str(save_model(model, tmp_path_factory.mktemp("models") / "munit"))


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    return make_pairs(tmp_path / "pairs", 10)


@pytest.mark.parametrize("name", BASELINES)
def test_train_writes_a_model_that_paints(
    name: str, pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, output = write_baseline_toml(tmp_path / "tiny.toml"), tmp_path / "run"
    frozen = write_vgg16(tmp_path / "frozen")
    command = ["train", str(pairs), "-o", str(output), "--config", str(settings), "--architecture", name]
    assert run([*command, "--steps", "1", "--frozen", str(frozen), "--quiet"]) == 0
    saved = json.loads((output / "config.json").read_text())
    assert saved["architecture"] == name
    assert "scl" not in saved["losses"] and set(TERM_WEIGHTS[name]) <= set(saved["losses"])
    model = output / "model"
    assert json.loads((model / "config.json").read_text())["network"] == name
    assert f"reference picture ({name})" in (model / "README.md").read_text()
    sketch, reference = pairs / "line" / "p00.png", pairs / "color" / "p01.png"
    painted = tmp_path / "painted.png"
    colorize = ["colorize", str(sketch), "-r", str(reference), "-o", str(painted), "-m", str(model)]
    assert run([*colorize, "--size", "64"]) == 0
    assert painted.is_file()
    assert f"{name} has no correspondence" in capsys.readouterr().err


def test_dry_run_estimates_every_architecture(
    pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = write_baseline_toml(tmp_path / "tiny.toml")
    command = ["train", str(pairs), "-o", str(tmp_path / "run"), "--config", str(settings), "--dry-run", "-q"]
    for name in BASELINES:
        assert run([*command, "--json", "--architecture", name]) == 0
        plan = json.loads(capsys.readouterr().out)
        assert plan["config"]["architecture"] == name
        assert plan["memory_mib_sample"] > 0
        assert {"trunk": "vgg16", **plan["config"]["losses"]} == {**TERM_WEIGHTS[name], "trunk": "vgg16"}


def test_settings_of_rltn_are_refused(
    pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, output = write_toml(tmp_path / "tiny.toml"), tmp_path / "run"
    command = ["train", str(pairs), "-o", str(output), "--architecture", "scft", "--dry-run"]
    assert run([*command, "--config", str(settings)]) == 1
    assert (
        "tiny.toml: losses.adv cannot be set for scft, whose loss terms have the weights of its paper "
        "(adv 1, rec 30, perc 0.01, style 50, triplet 1): of [losses] it takes trunk alone\n"
    ) in capsys.readouterr().err
    assert run([*command, "--freeze", "style_mfam"]) == 1
    assert "options: freeze is a setting of RLTN's, which scft does not use" in capsys.readouterr().err


def test_a_run_is_resumed_whose_saved_settings_did_not_all_act(
    pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As earlier versions saved them."""
    settings, output = write_baseline_toml(tmp_path / "tiny.toml"), tmp_path / "run"
    command = ["train", str(pairs), "-o", str(output), "--quiet"]
    assert run([*command, "--config", str(settings), "--architecture", "munit", "--steps", "1"]) == 0
    saved = json.loads((output / "config.json").read_text())
    earlier = to_json(from_mapping(TrainConfig, readable_settings(saved)))
    assert json.loads(earlier)["losses"]["scl"] == 1
    (output / "config.json").write_text(earlier)
    assert run([*command, "--resume", "auto", "--steps", "2"]) == 0
    assert json.loads((output / "config.json").read_text()) == saved | {"steps": 2}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--explain", "e"], "--explain"),
        (["--save", "s.rltn"], "--save"),
        (["--layers", "l.ora"], "--layers"),
        (["--finish", "flat"], "finish flat"),
        (["--palette", "#ff0000"], "palette"),
        (["--fix", "3,3=#ff0000"], "a fix"),
    ],
)
def test_colorize_refuses_what_needs_correspondence(
    options: list[str],
    named: str,
    munit: str,
    pairs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    sketch, reference = str(pairs / "line" / "p00.png"), str(pairs / "color" / "p01.png")
    command = ["colorize", sketch, "-r", reference, "-o", "painted.png", "-m", munit, "--size", "64"]
    assert run([*command, *options]) == 2
    instead = "finish paint or raw, or an RLTN model" if "finish" in named else "an RLTN model"
    assert (
        f"{named} needs the correspondence between drawing and reference, which munit does not have: "
        f"use {instead}\n"
    ) in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pairs"]


def test_batch_paints_and_scores_nothing(munit: str, pairs: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    command = ["batch", str(pairs / "line"), "--ref-dir", str(pairs / "color"), "-m", munit, "--size", "64"]
    assert run([*command, "-o", str(output), "--match", "auto", "--quiet"]) == 0
    entries = [json.loads(line) for line in (output / "manifest.jsonl").read_text().splitlines()]
    assert len(entries) == 10
    assert {entry["score"] for entry in entries} == {None}
    assert run([*command, "-o", str(tmp_path / "other"), "--save", str(tmp_path / "saved"), "--quiet"]) == 2
    assert run([*command, "-o", str(tmp_path / "other"), "--finish", "flat", "--quiet"]) == 2


def test_models_know_them(munit: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "info", munit, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["architecture"], facts["kind"]) == ("munit", "paint")
    assert facts["gflop"] > 0
    assert run(["models", "verify", munit]) == 0
    single = tmp_path / "one.safetensors"
    assert run(["models", "convert", munit, "-o", str(single)]) == 0
    assert run(["models", "verify", str(single)]) == 0
    assert run(["models", "export", munit, "--onnx", str(tmp_path / "a.onnx")]) == 1


def test_an_unknown_network_is_refused(
    munit: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model"
    assert run(["models", "convert", munit, "-o", str(model)]) == 0
    values = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(values | {"network": "palettenet"}))
    assert run(["models", "info", str(model)]) == 1
    assert "network 'palettenet', this rltn knows adain, munit, drit, scft; update" in capsys.readouterr().err


def test_weights_of_another_architecture_do_not_start_a_run(
    munit: str, pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = write_baseline_toml(tmp_path / "tiny.toml")
    command = ["train", str(pairs), "-o", str(tmp_path / "run"), "--config", str(settings), "--init", munit]
    assert run([*command, "--quiet"]) == 1
    assert "pass --architecture munit" in capsys.readouterr().err
    assert run([*command, "--architecture", "munit", "--steps", "1", "--quiet"]) == 0


def test_touch_up_refuses_to_paint_by_a_model_without_votes(
    munit: str, pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sketch, reference = pairs / "line" / "p00.png", pairs / "color" / "p01.png"
    assert run(["touch-up", str(sketch), "-r", str(reference), "-m", munit, "--no-open"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "a painting to touch up needs the correspondence" in error
    assert not sketch.with_suffix(".rltn").exists()
