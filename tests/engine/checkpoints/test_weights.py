"""Models on disk: strict, bounded, and clear about what is wrong."""

import dataclasses
import json
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from rltn_cli.engine.checkpoints import header
from rltn_cli.engine.checkpoints.weights import extend, load_model, save_model
from rltn_cli.errors import ModelError, OutputError
from rltn_cli.model_config import ARCHITECTURE, PRESETS
from rltn_cli.models.rltn import RLTN


@pytest.fixture(scope="module")
def model() -> RLTN:
    torch.manual_seed(0)
    return RLTN(PRESETS["tiny"])


@pytest.fixture
def folder(model: RLTN, tmp_path: Path) -> Path:
    return save_model(model, tmp_path / "tiny")


def test_half_precision_on_disk_becomes_fp32_in_memory(model: RLTN, folder: Path) -> None:
    stored = load_file(folder / "model.safetensors")
    assert {value.dtype for value in stored.values()} == {torch.float16}
    loaded = load_model(folder)
    assert not loaded.training
    assert loaded.config == model.config
    for name, value in loaded.state_dict().items():
        assert value.dtype == torch.float32
        assert value.is_contiguous()
        assert torch.equal(value, model.state_dict()[name].half().float())


def test_equal_models_are_equal_files(model: RLTN, folder: Path, tmp_path: Path) -> None:
    stored = (folder / "model.safetensors").read_bytes()
    assert int.from_bytes(stored[:8], "little") % 8 == 0
    for number in range(4):
        again = save_model(model, tmp_path / str(number))
        assert (again / "model.safetensors").read_bytes() == stored


def test_full_precision_comes_back_exactly(model: RLTN, tmp_path: Path) -> None:
    loaded = load_model(save_model(model, tmp_path, half=False))
    for name, value in loaded.state_dict().items():
        assert torch.equal(value, model.state_dict()[name])


def test_a_loaded_model_can_be_trained_on(folder: Path) -> None:
    assert all(value.requires_grad and value.is_leaf for value in load_model(folder).parameters())


def test_channels_last_weights_are_stored_contiguous(model: RLTN, tmp_path: Path) -> None:
    config = PRESETS["tiny"]
    other = RLTN(config).to(memory_format=torch.channels_last)
    other.load_state_dict(model.state_dict())
    loaded = load_model(save_model(other, tmp_path, half=False))
    for name, value in loaded.state_dict().items():
        assert torch.equal(value, model.state_dict()[name])


def test_loading_leaves_the_random_state_alone(folder: Path) -> None:
    before = torch.get_rng_state()
    load_model(folder)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_weights_file_is_enough_by_itself(folder: Path, tmp_path: Path) -> None:
    alone = (folder / "model.safetensors").rename(tmp_path / "alone.safetensors")
    assert load_model(alone).config == PRESETS["tiny"]


def test_a_configuration_beside_the_file_serves_a_file_without(folder: Path) -> None:
    path = folder / "model.safetensors"
    save_file(load_file(path), path)
    assert load_model(path).config == PRESETS["tiny"]


def test_saving_replaces_whole_files_and_leaves_nothing_behind(model: RLTN, folder: Path) -> None:
    save_model(model, folder)
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]


def test_saved_files_have_ordinary_permissions(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    assert (folder / "model.safetensors").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_weights_too_large_for_half_precision_are_refused(tmp_path: Path) -> None:
    model = RLTN(PRESETS["tiny"])
    with torch.no_grad():
        next(model.parameters()).fill_(1e6)
    with pytest.raises(ModelError, match="not finite"):
        save_model(model, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_is_an_output_error(model: RLTN, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="the folder cannot be made"):
        save_model(model, tmp_path / "file" / "model")


def rewrite(folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    """Change the stored tensors of a model."""
    path = folder / "model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path)


def name_of(folder: Path) -> str:
    """Return the name of one stored tensor."""
    return sorted(load_file(folder / "model.safetensors"))[0]


def test_a_missing_weight_is_named(folder: Path) -> None:
    name = name_of(folder)
    rewrite(folder, lambda tensors: tensors.pop(name))
    with pytest.raises(ModelError, match=f"lacks {name}"):
        load_model(folder)


def test_an_extra_weight_is_named(folder: Path) -> None:
    rewrite(folder, lambda tensors: tensors.update(intruder=torch.zeros(1)))
    with pytest.raises(ModelError, match="holds unknown intruder"):
        load_model(folder)


def test_a_misshaped_weight_is_named(folder: Path) -> None:
    name = name_of(folder)
    rewrite(folder, lambda tensors: tensors.update({name: torch.zeros(3, 5)}))
    with pytest.raises(ModelError, match=f"another shape {name}"):
        load_model(folder)


def test_a_weight_that_is_not_finite_is_named(folder: Path) -> None:
    name = name_of(folder)
    rewrite(folder, lambda tensors: tensors[name].fill_(float("nan")))
    with pytest.raises(ModelError, match=f"{name} is not finite"):
        load_model(folder)


def test_integers_are_no_weights(folder: Path) -> None:
    name = name_of(folder)
    rewrite(folder, lambda tensors: tensors.update({name: tensors[name].to(torch.int32)}))
    with pytest.raises(ModelError, match="stored as I32"):
        load_model(folder)


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors"])
def test_a_missing_file_is_named(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(ModelError, match=f"there is no {missing}"):
        load_model(folder)


def test_a_file_without_configuration_is_refused(folder: Path, tmp_path: Path) -> None:
    save_file(load_file(folder / "model.safetensors"), tmp_path / "bare.safetensors")
    with pytest.raises(ModelError, match="no configuration inside"):
        load_model(tmp_path / "bare.safetensors")


def test_a_missing_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such file"):
        load_model(tmp_path / "nothing.safetensors")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "must be a JSON object"),
        ("[" * 100_000, "not JSON"),
        ('{"widths": [1]}', "unknown key 'widths'"),
        ('{"temperature": "warm"}', "temperature cannot be 'warm'"),
        ('{"temperature": NaN}', "temperature must be from"),
        ('{"correspondence_width": 99999992}', "must be from 1 to 4096"),
        ('{"encoder_widths": [1, 2]}', "five whole numbers"),
        ('{"encoder_widths": [1, 2, 3, 4, 1000000]}', "five whole numbers"),
        ('{"architecture": 99, "novelty": 1}', "update rltn"),
    ],
)
def test_a_bad_configuration_is_refused(folder: Path, text: str, message: str) -> None:
    (folder / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=message) as caught:
        load_model(folder)
    assert str(caught.value).count("config.json") == 1
    assert "\n" not in str(caught.value)


def test_a_configuration_of_another_size_does_not_fit(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps({"correspondence_width": 64}), encoding="utf-8")
    with pytest.raises(ModelError, match="belongs to another model"):
        load_model(folder)


def container(entries: object, data: bytes = b"") -> bytes:
    """Return a safetensors file with this header."""
    text = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text + data


HUGE = {"a": {"dtype": "F16", "shape": [1 << 40], "data_offsets": [0, 2 << 40]}}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"1234",
        b"\xff" * 64,
        struct.pack("<Q", 1 << 60) + b"{}",
        container(b"{not json"),
        container([1, 2]),
        container(b'{"a":' * 50_000),
        container({"a": 1}),
        container({"a": {"dtype": "F16", "shape": [-1], "data_offsets": [0, 2]}}, b"12"),
        container({"a": {"dtype": "F16", "shape": [2], "data_offsets": [0, 2]}}, b"12"),
        container({"a": {"dtype": "F16", "shape": [1], "data_offsets": [0, True]}}, b"12"),
        container({"a": {"dtype": "F16", "shape": [1], "data_offsets": [0, 2]}}, b"1"),
        container({"a": {"dtype": "F16", "shape": [1], "data_offsets": [0, 2]}}, b"123"),
        container({"__metadata__": {"config": 1}}),
        container(HUGE, b"12"),
    ],
)
def test_broken_safetensors_are_refused(folder: Path, data: bytes) -> None:
    (folder / "model.safetensors").write_bytes(data)
    with pytest.raises(ModelError, match="not a whole safetensors file"):
        load_model(folder)


def test_a_truncated_file_is_refused(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError, match="not a whole safetensors file"):
        load_model(folder)


@pytest.mark.parametrize("old", [True, False])
def test_a_pickle_named_safetensors_is_refused_unread(folder: Path, old: bool) -> None:
    torch.save({"a": torch.zeros(1)}, folder / "model.safetensors", _use_new_zipfile_serialization=not old)
    with pytest.raises(ModelError, match="a pickle, not safetensors"):
        load_model(folder)


def test_sizes_are_bounded_before_anything_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header, "MAX_FILE_BYTES", 1000)
    with pytest.raises(ModelError, match="not a whole safetensors file"):
        load_model(folder)


def test_the_result_is_the_same_after_a_round_trip(model: RLTN, tmp_path: Path) -> None:
    loaded = load_model(save_model(model, tmp_path, half=False))
    sketch, reference = torch.rand(1, 1, 64, 64) * 2 - 1, torch.rand(1, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        assert torch.equal(loaded(sketch, [reference]).colors, model.eval()(sketch, [reference]).colors)


@pytest.mark.parametrize(
    ("added", "named"),
    [
        ({"region_pooling": True}, "region_pooling.mix.weight"),
        ({"context_layers": 2}, "content_encoder.context.1.qkv.weight"),
        ({"refinement": 8}, "style_mfam.refine.mix.weight"),
    ],
)
def test_weights_without_a_module_get_it_and_paint_as_before(added, named):
    wanted = dataclasses.replace(PRESETS["tiny"], **added)
    torch.manual_seed(0)
    plain = RLTN(dataclasses.replace(PRESETS["tiny"], architecture=1)).eval()
    extended = extend(plain, wanted)
    assert named in extended.state_dict()
    assert named not in plain.state_dict()
    assert extended.config == dataclasses.replace(PRESETS["tiny"], architecture=ARCHITECTURE, **added)
    assert extend(extended, wanted) is extended
    sketch, reference = torch.rand(1, 1, 64, 64) * 2 - 1, torch.rand(1, 3, 64, 64) * 2 - 1
    with torch.inference_mode():
        labels = torch.randint(0, 5, (1, 16, 16))
        assert torch.equal(extended(sketch, [reference], labels).colors, plain(sketch, [reference]).colors)


def test_given_modules_keep_their_sizes():
    model = RLTN(dataclasses.replace(PRESETS["tiny"], context_layers=1, refinement=8))
    assert extend(model, dataclasses.replace(PRESETS["tiny"], context_layers=4, refinement=96)) is model
