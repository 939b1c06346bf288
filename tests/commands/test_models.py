"""`rltn models`."""

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from support.hub_server import HubServer, Repository

from rltn_cli.cli import run
from rltn_cli.engine.checkpoints import model_names
from rltn_cli.engine.checkpoints.line_models import load_line_model, save_line_model
from rltn_cli.engine.checkpoints.model_names import find_model
from rltn_cli.engine.checkpoints.weights import load_model, save_model
from rltn_cli.model_config import PRESETS
from rltn_cli.models import cost
from rltn_cli.models.cost import NetworkCost, measure_cost, measure_line_cost
from rltn_cli.models.hed import HED, HEDConfig
from rltn_cli.models.rltn import RLTN


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that ships one model, named little."""
    monkeypatch.setattr(model_names, "_PACKAGE", tmp_path)
    return save_model(RLTN(PRESETS["tiny"]), tmp_path / "weights" / "little")


@pytest.fixture
def repository(hub: HubServer, tmp_path: Path) -> Repository:
    """org/tiny on the Hub."""
    torch.manual_seed(0)
    made = save_model(RLTN(PRESETS["tiny"]), tmp_path / "made")
    repository = hub.repositories["org/tiny"] = Repository()
    card = b"---\nlicense: apache-2.0\n---\n"
    repository.commit({path.name: path.read_bytes() for path in made.iterdir()} | {"README.md": card})
    return repository


def test_list_names_what_is_shipped(folder: Path, hub: HubServer, capsys: pytest.CaptureFixture[str]) -> None:
    size = (folder / "model.safetensors").stat().st_size
    assert run(["models", "list"]) == 0
    words = f"little paint {size / 1e6:.1f} MB licence not stated shipped".split()
    assert capsys.readouterr().out.split() == words
    assert run(["models", "list", "--json"]) == 0
    row = {"name": "little", "kind": "paint", "source": "shipped", "bytes": size, "license": None}
    assert json.loads(capsys.readouterr().out) == [{**row, "revision": None, "path": str(folder)}]


def test_list_names_what_is_cached(
    folder: Path, hub: HubServer, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["models", "download", "org/tiny"]) == 0
    captured = capsys.readouterr()
    commit = repository.branches["main"]
    assert Path(captured.out.strip()).name == commit
    assert f"'org/tiny@{commit}' names exactly this one" in captured.err
    assert run(["models", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == ["little", "org/tiny@main"]
    assert (rows[1]["license"], rows[1]["revision"], rows[1]["source"]) == ("apache-2.0", commit, "cache")
    assert run(["models", "info", "org/tiny", "--offline"]) == 0
    assert f"revision      {commit}" in capsys.readouterr().out
    assert run(["models", "verify", "org/tiny@main", "--offline"]) == 0
    assert f"complete and finite, as the Hub has it at {commit}" in capsys.readouterr().out


def test_a_network_that_draws_lines_is_shown_as_such(
    folder: Path, hub: HubServer, capsys: pytest.CaptureFixture[str]
) -> None:
    config = HEDConfig(widths=(2, 3, 4, 4, 4), merge=3)
    pen = save_line_model(HED(config), folder.parent / "pen")
    assert run(["models", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["name"], row["kind"]) for row in rows] == [("little", "paint"), ("pen", "lines")]
    assert run(["models", "info", "pen", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    budget = measure_line_cost(config, size=256)
    assert (facts["kind"], facts["parameters"]) == ("lines", budget.parameters)
    assert facts["gflop"] == round(budget.flop / 1e9, 2) > 0
    assert run(["models", "info", "pen"]) == 0
    assert "lines: draws the lines of colour pictures" in capsys.readouterr().out
    assert run(["models", "verify", "pen"]) == 0
    assert "complete and finite" in capsys.readouterr().out
    weights = load_file(pen / "model.safetensors")
    weights.pop("fuse.bias")
    save_file(weights, pen / "model.safetensors")
    assert run(["models", "verify", "pen"]) == 1
    assert "lacks fuse.bias" in capsys.readouterr().err


def test_a_network_that_draws_lines_comes_from_the_hub(
    folder: Path, hub: HubServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = save_line_model(HED(HEDConfig(widths=(2, 3, 4, 4, 4), merge=3)), tmp_path / "made")
    repository = hub.repositories["org/pen"] = Repository()
    repository.commit({path.name: path.read_bytes() for path in made.iterdir()})
    assert run(["models", "download", "org/pen"]) == 0
    assert load_line_model(find_model("org/pen", offline=True)).config.widths == (2, 3, 4, 4, 4)
    capsys.readouterr()
    assert run(["models", "list", "--json"]) == 0
    assert [row["kind"] for row in json.loads(capsys.readouterr().out)] == ["paint", "lines"]


def test_a_network_that_draws_lines_does_not_paint(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_line_model(HED(HEDConfig(widths=(2, 3, 4, 4, 4), merge=3)), folder.parent / "pen")
    picture = tmp_path / "a.png"
    cv2.imwrite(str(picture), np.eye(64, dtype=np.uint8) * 255)
    output = tmp_path / "b.png"
    assert run(["colorize", str(picture), "-r", str(picture), "-o", str(output), "-m", "pen"]) == 1
    error = capsys.readouterr().err
    assert "pen: this network draws lines and does not paint" in error
    assert error.count("\n") == 1
    assert not output.exists()


def test_info_tells_size_and_cost(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    budget = measure_cost(PRESETS["tiny"], size=256)
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
    folder: Path,
    card: str | None,
    licence: str | None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cost, "measure_cost", lambda *_, **__: NetworkCost(1, 1))
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
    assert facts["gflop"] <= 22  # at most 1.7 of them for matching regions
    assert facts["bytes"] <= 2 * facts["parameters"] + 100_000  # half precision


def test_verify_hashes_what_is_sound(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = (folder / "model.safetensors").read_bytes()
    assert run(["models", "verify", "little", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["sha256"] == {"model.safetensors": hashlib.sha256(data).hexdigest()}
    assert (facts["revision"], facts["weights"]) == (None, len(load_model(folder).state_dict()))
    (folder / "model.safetensors").write_bytes(data[:-2] + b"\xff\x7f")
    assert run(["models", "verify", "little"]) == 1
    assert "is not finite" in capsys.readouterr().err


def test_convert_gives_the_same_network(
    repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    single, back = tmp_path / "out" / "one.safetensors", tmp_path / "back"
    assert run(["models", "convert", "org/tiny", "-o", str(single), "--precision", "full"]) == 0
    assert run(["models", "convert", str(single), "-o", str(back)]) == 0
    assert capsys.readouterr().out == f"{single}\n{back}\n"
    assert single.stat().st_size > 1.5 * (back / "model.safetensors").stat().st_size
    original = repository.commits[repository.branches["main"]]
    assert (back / "model.safetensors").read_bytes() == original["model.safetensors"]
    assert run(["models", "convert", "org/tiny", "-o", str(back)]) == 1
    assert "exists: choose another name, or pass --overwrite" in capsys.readouterr().err
    assert run(["models", "convert", "org/tiny", "-o", str(back), "--overwrite"]) == 0
    assert (back / "README.md").read_bytes() == original["README.md"]


def test_convert_writes_no_pickle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "convert", "rltn-small", "-o", str(tmp_path / "model.pt")]) == 2
    assert "name a folder or a .safetensors file" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # the client's, of its HTTP library
def test_push_sends_the_layout_with_a_card(
    folder: Path, hub: HubServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["models", "push", "little", "me/little", "--license", "mit", "--message", "Hello", "--public"]
    assert run([*command, "--dry-run"]) == 0
    assert capsys.readouterr().out == "me/little: would contain README.md, config.json, model.safetensors\n"
    assert hub.repositories == {}
    assert run(command) == 1
    assert "set HF_TOKEN to a token with write access" in capsys.readouterr().err
    monkeypatch.setenv("HF_TOKEN", hub.token)
    assert run(command) == 0
    repository = hub.repositories["me/little"]
    commit = repository.branches["main"]
    assert capsys.readouterr().out == f"me/little@{commit}\n"
    assert not repository.private
    assert repository.messages[-1] == "Hello"
    files = repository.commits[commit]
    assert json.loads(files["config.json"]) == json.loads((folder / "config.json").read_text())
    assert files["model.safetensors"] == (folder / "model.safetensors").read_bytes()
    assert run(["models", "info", "me/little", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["license"], facts["revision"]) == ("mit", commit)
    assert f"{facts['parameters']:,} parameters" in files["README.md"].decode()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["little", "nowhere"], "name a repository as org/repo"),
        (["little", "me/little", "--license", "My Own"], "must be a name like apache-2.0"),
        (["little", "me/little", "--offline"], "push cannot work with --offline"),
    ],
)
def test_a_push_that_makes_no_sense_is_wrong_usage(
    folder: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["models", "push", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_export_refuses_before_it_works(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "export", "little", "--onnx", "network.pb"]) == 2
    (folder / "network.onnx").write_bytes(b"")
    assert run(["models", "export", "little", "--onnx", str(folder / "network.onnx")]) == 1
    assert "exists: choose another name, or pass --overwrite" in capsys.readouterr().err


def test_a_batch_notes_the_revision_of_a_hub_model(
    repository: Repository, pairs_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sketch, reference = pairs_folder / "line" / "lone.png", pairs_folder / "color" / "fox-0.png"
    command = ["batch", str(sketch), "-r", str(reference), "-o", str(tmp_path / "out"), "-m", "org/tiny"]
    assert run([*command, "--size", "64", "--quiet"]) == 0, capsys.readouterr().err
    lines = (tmp_path / "out" / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["model_revision"] for line in lines] == [repository.branches["main"]]
