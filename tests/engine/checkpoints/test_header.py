"""Models in parts, and headers that lie."""

import json
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from rltn_cli.config_files import to_json
from rltn_cli.engine.checkpoints import header
from rltn_cli.engine.checkpoints.header import read_model_files
from rltn_cli.engine.checkpoints.weights import load_model, save_model
from rltn_cli.errors import ModelError
from rltn_cli.model_config import ARCHITECTURE, PRESETS
from rltn_cli.models.rltn import RLTN

FIRST, SECOND = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    return save_model(RLTN(PRESETS["tiny"]), tmp_path / "whole", half=False)


@pytest.fixture
def parts(whole: Path, tmp_path: Path) -> Path:
    """The same model in two parts."""
    folder = tmp_path / "parts"
    folder.mkdir()
    tensors = load_file(whole / "model.safetensors")
    names = sorted(tensors)
    places = {name: FIRST if number < 100 else SECOND for number, name in enumerate(names)}
    for part in (FIRST, SECOND):
        save_file({name: tensors[name] for name in names if places[name] == part}, folder / part)
    write_index(folder, places)
    (folder / "config.json").write_text(to_json(PRESETS["tiny"]), encoding="utf-8")
    return folder


def write_index(folder: Path, places: object) -> None:
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}), encoding="utf-8")


def read_index(folder: Path) -> dict[str, str]:
    index = json.loads((folder / "model.safetensors.index.json").read_text(encoding="utf-8"))
    return dict(index["weight_map"])


def test_parts_make_the_whole(whole: Path, parts: Path) -> None:
    files = read_model_files(parts)
    assert [part.name for part in files.parts] == [FIRST, SECOND]
    assert files.bytes == sum((parts / name).stat().st_size for name in (FIRST, SECOND))
    assert files.shapes == read_model_files(whole).shapes
    expected = load_model(whole).state_dict()
    for name, value in load_model(parts).state_dict().items():
        assert torch.equal(value, expected[name])


def test_one_file_wins_over_parts(whole: Path, parts: Path) -> None:
    (whole / "model.safetensors").rename(parts / "model.safetensors")
    files = read_model_files(parts)
    assert files.parts == (files.weights,) == (parts / "model.safetensors",)


@pytest.mark.parametrize(
    "name",
    [
        "../whole/model.safetensors",
        "/etc/passwd",
        "model.safetensors",
        "model-1-of-2.bin",
        "",
        3,
        None,
        [FIRST],
    ],
)
def test_parts_lie_beside_their_index(parts: Path, name: object) -> None:
    places: dict[str, object] = {**read_index(parts)}
    places[min(places)] = name
    write_index(parts, places)
    with pytest.raises(ModelError, match="its parts must be named like model-00001-of-00002"):
        load_model(parts)


@pytest.mark.parametrize("places", [None, [], {}, "x"])
def test_an_index_of_nothing_is_refused(parts: Path, places: object) -> None:
    write_index(parts, places)
    with pytest.raises(ModelError, match="names no weights"):
        load_model(parts)


def test_a_missing_part_is_named(parts: Path) -> None:
    (parts / SECOND).unlink()
    with pytest.raises(ModelError, match=f"its part {SECOND} is missing"):
        load_model(parts)


def test_an_index_that_disagrees_with_its_parts_is_refused(parts: Path) -> None:
    places = read_index(parts)
    moved = min(places)
    write_index(parts, {**places, moved: SECOND})
    with pytest.raises(ModelError, match=f"disagrees with {FIRST} about {moved}"):
        load_model(parts)


def test_too_many_parts_are_refused_unread(parts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header, "MAX_PARTS", 1)
    with pytest.raises(ModelError, match="its parts must be named"):
        load_model(parts)


def test_a_model_that_is_too_large_is_refused_unread(parts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header, "MAX_PARAMETERS", 1000)
    monkeypatch.setattr(
        "rltn_cli.engine.checkpoints.weights.load_file", lambda _: pytest.fail("read the weights")
    )
    with pytest.raises(ModelError, match="more than 1,000 weights"):
        load_model(parts)


@pytest.mark.parametrize("spans", [[(0, 4), (0, 4)], [(0, 4), (2, 6)], [(0, 4), (6, 10)], [(2, 6), (6, 10)]])
def test_weights_that_overlap_or_leave_holes_are_refused(whole: Path, spans: list[tuple[int, int]]) -> None:
    entries = {
        name: {"dtype": "F16", "shape": [2], "data_offsets": span}
        for name, span in zip("ab", spans, strict=True)
    }
    text = json.dumps(entries).encode()
    data = struct.pack("<Q", len(text)) + text + bytes(max(end for _, end in spans))
    (whole / "model.safetensors").write_bytes(data)
    with pytest.raises(ModelError, match="not a whole safetensors file"):
        load_model(whole)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.weight", "a.weight"),
        ("\x1b[2J", r"'\x1b[2J'"),
        ("\ud800", r"'\ud800'"),
        ("x" * 200, "x" * 100 + "..."),
    ],
)
def test_names_in_messages_are_harmless(name: str, expected: str) -> None:
    assert header.make_printable(name) == expected


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (0, "architecture must be 1 or more"),
        (
            ARCHITECTURE + 1,
            f"architecture {ARCHITECTURE + 1}, this rltn knows up to {ARCHITECTURE}; update rltn",
        ),
    ],
)
def test_only_known_architectures_are_read(whole: Path, version: int, message: str) -> None:
    config = json.loads((whole / "config.json").read_text(encoding="utf-8"))
    (whole / "config.json").write_text(json.dumps({**config, "architecture": version}), encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        load_model(whole)
